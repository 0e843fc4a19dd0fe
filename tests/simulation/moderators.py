"""What those in charge of a meeting command, and how often, in some of the runs.

Each run has a mood: in one people are removed, in another they are let in. Chance is its own, so that a run without
moderators is what it was.
"""

from __future__ import annotations

import math
import random
from asyncio import sleep
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from signalling.client.actions import Send
from signalling.client.outbox import LASTING
from signalling.client.roster import FLAGS
from storage.moderation import Change
from tests.simulation.clock import EPOCH, lots
from tests.simulation.notes import ROOM, Order
from tests.simulation.page import Page
from tests.simulation.rulings import Rulings

if TYPE_CHECKING:
    from tests.simulation.person import Person
    from tests.simulation.world import World

RIGHTS = (*FLAGS, "hand")


class Moderators:
    """`orders`: all that were given, in order."""

    def __init__(self, world: World) -> None:
        self.chance: random.Random = lots("moderators", world.seed)
        self.orders: list[Order] = []
        self.world = world
        chance = self.chance
        self.acts = chance.random() < 0.5
        self._pace = chance.choice((0.3, 0.6, 1.5))
        self.begins_with = chance.choice(({}, {"lobby": "everyone"}))
        # As in `World`: what is rare in one run is common in another.
        weights = [weight * chance.choice((0, 0.3, 1, 3)) for weight in COMMANDS.values()]
        self._weights = [weight + 1e-6 for weight in weights]

    async def act(self) -> None:
        """Without end. Some meetings begin with somebody at the door."""
        chance, world = self.chance, self.world
        if self.acts and self.begins_with:
            host = world.people[0].user_id
            begins = Change(ROOM, host, "begins", EPOCH, "settings", settings=self.begins_with)
            world.store.journal.change(world.store.connection, begins)
        if self.acts:
            share = lots("refusals", world.seed).choice((0.0, 0.0, 0.1))
            world.store.journal.refuses = lambda key: lots(f"refusals of {key}", world.seed).random() < share
        while self.acts:
            await sleep(chance.expovariate(self._pace))
            page = self._page()
            if page is not None and chance.random() < 0.2:
                await self._at_the_door(page)
                continue
            for _ in range(chance.choice((1, 1, 1, 2, 3))):
                if page is not None and page.client.membership.me is not None:
                    (command,) = chance.choices(list(COMMANDS), self._weights)
                    command(self, page)
                if chance.random() < 0.5:
                    # Another one, at the same moment.
                    page = self._page()

    async def _at_the_door(self, page: Page) -> None:
        """A command that meets somebody on their way in: before, while or just after the store answers."""
        chance, whom = self.chance, self.someone(page)
        if whom is None or not whom.online:
            return
        store, asks = self.world.store, whom.open_tab(on_duplicate=chance.choice(("replace", "reject"))).page
        for _ in range(100):
            if not asks.is_live or asks.client.phase not in {"idle", "connecting"}:
                break
            await sleep(0.01)
        await sleep(self.world.network.delay + chance.random() * 2 * store.latency)
        if page.is_live and page.client.membership.me is not None:
            (command,) = chance.choices(list(COMMANDS), self._weights)
            command(self, page, whom)

    def _page(self) -> Page | None:
        """Of somebody in charge, as far as they know; now and then of anybody."""
        pages = [page for page in self.world.pages() if page.is_live and page.client.membership.me]
        charged = [page for page in pages if _role(page) != "participant"]
        pages = pages if self.chance.random() < 0.1 else charged
        return self.chance.choice(pages) if pages else None

    def give(self, page: Page, message: dict[str, Any], users: tuple[str, ...] = ()) -> None:
        kind = message["type"]
        if kind in LASTING:
            message = {**message, "key": f"{page.name}-{len(self.orders)}"}
        told = {name: value for name, value in message.items() if name not in {"type", "key"}}
        self.world.say(f"{page.name} commands {kind} {told} {', '.join(users)}")
        order = Order(page, message, users, self.world.loop.time())
        order.on_their_way = frozenset((p.user_id, flag) for p in self.world.pages() for flag in p.turns_on())
        actions = page.client.order(message, page.now())
        page.orders[page.client.membership.last_id] = order
        self.orders.append(order)
        if actions and self.chance.random() < 0.1:
            # A proxy or a hasty program sends it twice.
            (sent,) = actions
            assert isinstance(sent, Send)
            actions = [sent, sent]
            order.twice = True
        page.run(actions)

    def keeps_out(self, user: str, acknowledged_by: float, as_of: float = math.inf) -> bool:
        """Whether a removal that was acknowledged by then keeps the user out, by all that was recorded until now, or
        until `as_of`."""
        entries = [entry for entry in self.world.store.journal.entries if entry.at <= as_of]
        removal = Rulings(self.world.people[0].user_id).follow(entries).keeps_out(user)
        if removal is None:
            return False
        name = removal.change.by, removal.change.key
        return any(
            order.is_acknowledged and order.answered_at <= acknowledged_by
            for order in self.orders
            if (order.page.user_id, order.key) == name
        )

    def has_put_out(self, page: Page, at: float) -> bool:
        """Whether by then the admin or somebody in charge had commanded it."""
        return self.world.has_been_revoked(page, at) or any(
            order.kind == "remove" and page.user_id in order.users and order.sent_at <= at
            for order in self.orders
        )

    def knocking(self, knocks: Collection[str]) -> tuple[str, ...]:
        """The users behind these knocks."""
        users, name = [person.user_id for person in self.world.people], self.world.tokens.knock_id
        ids = {name(ROOM, user, sitting): user for user in users for sitting in range(4)}
        return tuple(ids.get(knock, "") for knock in knocks)

    def others(self, page: Page) -> list[Person]:
        """Who has ever been in, but for the page's own person."""
        people = [person for person in self.world.people if person.participant]
        return [person for person in people if person.user_id != page.user_id]

    def someone(self, page: Page) -> Person | None:
        others = self.others(page)
        return self.chance.choice(others) if others else None


def _role(page: Page) -> str:
    me = page.client.membership.me
    return str(me["role"]) if me else "participant"


Command = Callable[..., None]
"""What is commanded by a page, of somebody in particular or of anybody."""


def remove(by: Moderators, page: Page, whom: Person | None = None) -> None:
    if (whom := whom or by.someone(page)) is not None:
        back = by.chance.choice(("never", "knock", "freely"))
        message = {"type": "remove", "participant": whom.participant, "back": back}
        by.give(page, message, (whom.user_id,))


def readmit(by: Moderators, page: Page, whom: Person | None = None) -> None:
    """Somebody who was removed, if there is anybody; now and then whomever."""
    removed = {user for order in by.orders if order.kind == "remove" for user in order.users}
    people = [person for person in by.others(page) if person.user_id in removed]
    if by.chance.random() < 0.1:
        people = by.others(page)
    if people or whom:
        whom = whom or by.chance.choice(people)
        by.give(page, {"type": "readmit", "participant": whom.participant}, (whom.user_id,))


def mute(by: Moderators, page: Page, whom: Person | None = None) -> None:
    media = dict.fromkeys(by.chance.sample(FLAGS, 1 + by.chance.randrange(2)), False)
    if by.chance.random() < 0.3:
        by.give(page, {"type": "mute", "participants": "others", "media": media})
    elif (whom := whom or by.someone(page)) is not None:
        message = {"type": "mute", "participants": [whom.participant], "media": media}
        by.give(page, message, (whom.user_id,))


def allow(by: Moderators, page: Page, whom: Person | None = None) -> None:
    if (whom := whom or by.someone(page)) is not None:
        rights = by.chance.sample(RIGHTS, 1 + by.chance.randrange(2))
        may = {right: by.chance.choice((False, False, True, None)) for right in rights}
        by.give(page, {"type": "allow", "participants": [whom.participant], "may": may}, (whom.user_id,))


def ask(by: Moderators, page: Page, whom: Person | None = None) -> None:
    if (whom := whom or by.someone(page)) is not None:
        message = {"type": "ask", "participant": whom.participant, "media": {"audio": True}}
        by.give(page, message, (whom.user_id,))


def lower_hands(by: Moderators, page: Page, _: Person | None = None) -> None:
    roster = page.client.membership.roster
    hands = [one["id"] for one in roster.values() if one["hand"]] or list(roster)[:1]
    by.give(page, {"type": "lower_hands", "participants": hands})


def set_role(by: Moderators, page: Page, whom: Person | None = None) -> None:
    if (whom := whom or by.someone(page)) is not None:
        role = by.chance.choice(("cohost", "cohost", "participant"))
        message = {"type": "set_role", "participant": whom.participant, "role": role}
        by.give(page, message, (whom.user_id,))


def hand_over(by: Moderators, page: Page, whom: Person | None = None) -> None:
    if (whom := whom or by.someone(page)) is not None:
        message = {"type": "set_role", "participant": whom.participant, "role": "host"}
        by.give(page, message, (whom.user_id,))


def _set(by: Moderators, page: Page, settings: dict[str, Any]) -> None:
    message: dict[str, Any] = {"type": "settings", "settings": settings}
    if by.chance.random() < 0.1:
        message["if"] = page.client.membership.meeting.get("revision", 0)
    by.give(page, message)


def lock(by: Moderators, page: Page, _: Person | None = None) -> None:
    _set(by, page, {"locked": by.chance.random() < 0.5})


def set_lobby(by: Moderators, page: Page, _: Person | None = None) -> None:
    _set(by, page, {"lobby": by.chance.choice(("off", "everyone", "guests"))})


def restrict(by: Moderators, page: Page, _: Person | None = None) -> None:
    """What everybody may do."""
    right = by.chance.choice(RIGHTS)
    _set(by, page, {"may": {right: by.chance.choice((False, None))}})


def admit(by: Moderators, page: Page, _: Person | None = None) -> None:
    if knocks := list(page.client.membership.knocks):
        some = by.chance.choice((knocks, knocks[:1], knocks[-1:]))
        by.give(page, {"type": "admit", "knocks": some}, by.knocking(some))


def deny(by: Moderators, page: Page, _: Person | None = None) -> None:
    if knocks := list(page.client.membership.knocks):
        some = [by.chance.choice(knocks)]
        by.give(page, {"type": "deny", "knocks": some}, by.knocking(some))


COMMANDS: dict[Command, float] = {
    remove: 1.0,
    readmit: 1.5,
    mute: 1.0,
    allow: 1.0,
    ask: 0.4,
    lower_hands: 0.4,
    set_role: 1.0,
    hand_over: 0.15,
    lock: 0.7,
    set_lobby: 1.0,
    restrict: 0.8,
    admit: 6.0,
    deny: 1.0,
}
