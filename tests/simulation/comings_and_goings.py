"""What must be true of who came and went: each had a reason, and goodbyes were kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signalling.rooms.absences import GOODBYE, RELOAD_MOST
from tests.simulation.alone import HELD_UP
from tests.simulation.notes import Interval, Said
from tests.simulation.page import Page
from tests.simulation.truth import Event, Holders

if TYPE_CHECKING:
    from tests.simulation.world import World

TOLERANCE = 0.3
"""Seconds by which a tick or a slow network may blur a moment."""

SLOW = 0.5
"""Seconds within which two messages by different links may overtake one another."""


def check(world: World, holders: Holders) -> None:
    arrived: set[str] = set()
    for event in world.truth.all():
        kind = event.message["type"]
        if kind not in {"participant_joined", "participant_rejoined", "participant_left"}:
            continue
        who = event.message["participant"]["id"]
        before = holders.at(who, event.at)
        if kind == "participant_left":
            if before is not None:
                _left(world, before, event.at, event.message["reason"])
                _goodbye_was_kept(world, holders, before, event)
            continue
        page = holders.page_of(event)
        if kind == "participant_joined" and who in arrived:
            world.complain(f"{page.name} was announced as new, and its person was there before")
        arrived.add(who)
        if before is not None and not world.was_unrecorded(before, event.at):
            _took_over(world, before, page, event.at)


def _left(world: World, page: Page, at: float, reason: str) -> None:
    if reason == "lost" and only_blinked(world, page, at):
        world.complain(f"{page.name} only blinked and was said to be lost at {at:.3f}")
    if reason == "left":
        # Only who wanted to has left: since the page was last there it was closed, reloaded, or left.
        last = max((i for i in page.surely if i.since < at - TOLERANCE), default=None)
        acted = [time for time in page.acted_at if time <= at and (last is None or time >= last.since)]
        is_lost = world.is_lost(page.in_at if last is None else last.since, at)
        if not (acted or is_lost or _was_told_late(world, page, at, last)):
            world.complain(f"{page.name} has not left, and was said to have at {at:.3f}")
        elif last is not None and last.until > at + TOLERANCE:
            world.complain(f"{page.name} was there and said to have left at {at:.3f}")


def _was_told_late(world: World, page: Page, at: float, last: Interval | None) -> bool:
    """A limit, in docs/reconnect.md: a goodbye came only to a server that has begun since it was said, and that knows
    of nothing that the page has asked for since."""
    for said in page.goodbyes:
        began = world.servers[said.server - 1].started_at
        if said.at < began < said.arrived < at and (last is None or last.until < began):
            return True
    return False


def _goodbye_was_kept(world: World, holders: Holders, page: Page, event: Event) -> None:
    """Who said goodbye has left, when they said they would be back at the latest, and not before."""
    server = max((s for s in world.servers if s.started_at <= event.at), key=lambda s: s.started_at)
    who = event.message["participant"]["id"]

    def is_known(said: Said) -> bool:
        """A server that has just begun knows those whom it has seated, and whom the record had seated last."""
        if not world.keeps_rooms and said.server != server.number:
            return False
        since = (
            0.0 if world.keeps_rooms or server.restored_as.get(who) == said.instance else server.started_at
        )
        return said.instance == holders.instance_at(who, said.arrived, since)

    heard = [
        said
        for said in page.goodbyes
        if said.arrived < event.at and is_known(said) and not page.came_back_after(said.at)
    ]
    if not heard:
        return
    # Whoever says so again says nothing new.
    first = min(heard, key=lambda said: said.arrived)
    surely = min((said.arrived for said in heard if not world.may_forget(said)), default=None)
    stays = min(world.grace, min(max(first.back_in, GOODBYE), RELOAD_MOST))
    reason, after = event.message["reason"], event.at - first.arrived
    if reason == "removed" and world.moderators.has_put_out(page, event.at):
        return
    if surely is not None:
        found = surely + world.owner_found_in(surely)
        if reason == "lost" and event.at >= found and not world.is_held_up(surely, event.at):
            world.complain(f"{page.name} said goodbye at {surely:.3f} and was said to be lost")
        if event.at > found + stays + TOLERANCE + world.stood_still(surely, event.at):
            world.complain(f"{page.name} said goodbye at {surely:.3f} and left only at {event.at:.3f}")
    # Trouble before it may have counted a part of the absence twice or never.
    if world.is_held_up(first.arrived - HELD_UP, event.at):
        return
    was_there = max((i.until for i in page.surely), default=min(page.seated_at, event.at))
    if after < stays - TOLERANCE and event.at - was_there < world.grace - TOLERANCE:
        world.complain(
            f"{page.name} said at {first.arrived:.3f} to be back in {stays} s, and left at {event.at:.3f}"
        )


def _took_over(world: World, before: Page, page: Page, at: float) -> None:
    """A page that was in comes back by resuming, and never takes the place from one that came after it."""
    blinked = only_blinked(world, before, at)
    if page is before:
        if blinked:
            world.complain(f"{page.name} only blinked and was said to have joined again at {at:.3f}")
    elif blinked and page.in_at < before.seated_at:
        world.complain(f"{page.name} took the place back from the newer {before.name} at {at:.3f}")
    elif world.is_unordered(page.asked(at).since, at):
        return
    elif before.seated_at > at - SLOW and page.asked(at).until + SLOW < before.asked_first(before.seated_at):
        world.complain(f"{page.name} asked before {before.name} did and took the place from it at {at:.3f}")


def only_blinked(world: World, page: Page, at: float) -> bool:
    """Whether the page was surely in less than grace before, and was not closed, reloaded or left since."""
    grace = world.grace - world.seen_before - TOLERANCE
    for i in page.surely:
        if i.since < at - TOLERANCE and i.until > at - grace:
            starts = [server.started_at for server in world.servers if i.until <= server.started_at <= at]
            if len(starts) > 1:
                # A limit, in docs/reconnect.md: a second restart knows of nobody who missed the first.
                return False
            if world.is_cut_off(i.until, at) or world.may_go_back:
                return False
            if world.application.is_there and world.is_held_up(i.until, at):
                # A newer token was, and the page could not come back without.
                return False
            return not any(i.until - TOLERANCE <= time <= at for time in page.acted_at)
    return False
