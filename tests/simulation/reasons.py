"""Why commands were refused: each refusal must have a reason in what was commanded before, or at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from server.identity.ids import is_outside
from server.realtime.chat_writer import ANOTHERS
from signalling.client.outbox import MEANT_NOW
from signalling.rooms.commands import TURNED_OFF
from signalling.rooms.renaming import BURST
from tests.simulation.journal import Came
from tests.simulation.notes import Order
from tests.simulation.page import Page
from tests.simulation.rulings import Rulings

if TYPE_CHECKING:
    from tests.simulation.world import World

RANKS = {"participant": 0, "cohost": 1, "host": 2}
TO_LOWER_ROLES = {"remove", "readmit", "mute", "ask", "allow", "set_role"}
ANSWERS = {"", "ack", "forbidden", "changed", "unknown_participant"}

HEARD = 6.0
"""Seconds after which the room has what a store has that hangs."""


def check(world: World) -> None:
    past = _Past(world)
    allowed = ANSWERS | ({"unavailable"} if world.store.journal.refused else set())
    allowed |= {"meeting_ended", "unknown_meeting"} if world.ended_at is not None else set()
    for order in world.moderators.orders:
        what = f"{order.page.name}'s {order.kind} of {order.sent_at:.3f} was answered {order.answer}"
        if order.answer == "unavailable" and order.kind == "rename" and past.is_often(order):
            continue
        # Nobody answers it any more, or it is too late for it.
        unheard = {"interrupted", "unavailable", "busy"} if order.kind in MEANT_NOW else set()
        if order.answer not in allowed | unheard:
            world.complain(what)
        elif order.answer == "forbidden" and not past.may_be_forbidden(order):
            world.complain(f"{what}, by {past.roles(order.page.user_id, order)}")
        elif order.answer == "changed" and not past.may_be_outdated(order):
            world.complain(f"{what}, and nobody had changed anything")
    is_muted = any(order.kind in {"mute", "lower_hands"} for order in world.moderators.orders)
    excused = {TURNED_OFF} if is_muted else set()
    for page in world.pages():
        # Beside what it says it sends, a command that was sent twice may be answered so.
        refusals = [error["message"] for _, error in page.errors if error["code"] == "forbidden"]
        mine = {ANOTHERS} if page in world.chatters.meddlers else set()
        is_told = any(text not in excused | mine for text in refusals)
        is_twice = any(order.twice for order in page.orders.values())
        if is_told and not is_twice and not past.is_restricted(page):
            world.complain(f"{page.name} may send everything, and was told that something is forbidden")


class _Past:
    """What may have been so while a command was on its way: by the record, and by all commands that were not recorded
    yet, or never."""

    def __init__(self, world: World) -> None:
        self._orders = world.moderators.orders
        self._recorded = {(made.change.by, made.change.key): made.at for made in world.store.journal.made()}
        self._came = [entry for entry in world.store.journal.entries if isinstance(entry, Came)]
        self._states: list[tuple[float, dict[str, str], int]] = []
        rulings = Rulings(world.people[0].user_id)
        self._note(0.0, rulings)
        for entry in world.store.journal.entries:
            self._note(entry.at, rulings.follow([entry]))

    def _note(self, at: float, rulings: Rulings) -> None:
        self._states.append((at, dict(rulings.roles), rulings.revision))

    def may_be_forbidden(self, order: Order) -> bool:
        if order.kind == "rename":
            return is_outside(order.page.user_id)
        mine = {RANKS[role] for role in self.roles(order.page.user_id, order)}
        if min(mine) < (2 if order.kind == "set_role" else 1):
            return True
        theirs = [RANKS[role] for user in order.users for role in self.roles(user, order)]
        return order.kind in TO_LOWER_ROLES and max(theirs, default=-1) >= min(mine)

    def is_often(self, order: Order) -> bool:
        """Whether somebody has changed their name so often that they have to wait."""
        mine = [other for other in self._orders if other.kind == "rename" and other.users == order.users]
        return len([other for other in mine if other.sent_at <= order.answered_at]) > BURST

    def may_be_outdated(self, order: Order) -> bool:
        if "if" not in order.message:
            return False
        revisions = {revision for _, _, revision in self._during(order)}
        others = any(other.kind == "settings" for other in self._under_way(order) if other is not order)
        return others or revisions != {order.message["if"]}

    def is_restricted(self, page: Page) -> bool:
        """Whether somebody has commanded so, for this page's user or everyone, or the user's token says so."""
        restrictions = [
            order.message["may"] if order.kind == "allow" else order.message["settings"].get("may") or {}
            for order in self._orders
            if order.kind == "settings" or (order.kind == "allow" and page.user_id in order.users)
        ]
        given = [entry.may or {} for entry in self._came if entry.user_id == page.user_id]
        return any(False in may.values() for may in (*restrictions, *given))

    def roles(self, user: str, order: Order) -> set[str]:
        """Those that the user may have had."""
        roles = {roles.get(user, "participant") for _, roles, _ in self._during(order)}
        for other in self._under_way(order):
            if other.kind == "remove" and user in other.users:
                roles.add("participant")
            if other.kind == "set_role" and other.message["role"] == "host":
                roles.add("host" if user in other.users else "cohost")
            elif other.kind == "set_role" and user in other.users:
                roles.add(other.message["role"])
        return roles

    def _during(self, order: Order) -> Iterator[tuple[float, dict[str, str], int]]:
        """The states of the record while the command was on its way, and shortly before."""
        last = self._states[0]
        for state in self._states:
            if state[0] > order.answered_at:
                break
            if state[0] >= order.sent_at - HEARD:
                yield last
            last = state
        yield last

    def _under_way(self, order: Order) -> Iterator[Order]:
        for other in self._orders:
            if other.sent_at > order.answered_at or not other.key:
                continue
            if self._recorded.get((other.page.user_id, other.key), order.sent_at) >= order.sent_at - HEARD:
                yield other
