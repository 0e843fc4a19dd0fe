"""What must be true whenever a page hears something of those in charge, of rights, and of those who wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from signalling.client.actions import Emit
from signalling.client.rights import may
from signalling.client.roster import FLAGS
from tests.simulation.notes import ROOM
from tests.simulation.page import Page

if TYPE_CHECKING:
    from tests.simulation.world import World


def listen(world: World, page: Page, emitted: Emit) -> None:
    world.chatters.listen(page, emitted)
    if not world.moderators.acts:
        return
    name, detail = emitted.name, emitted.detail
    roster = page.client.membership.roster
    if name == "joined" or (name == "resumed" and "snapshot" in detail):
        _nobody_sends_what_they_may_not(world, page, roster.values())
        _nobody_is_there_who_was_removed(world, page, roster)
    elif name == "event" and (who := detail.get("participant", {}).get("id")) in roster:
        _nobody_sends_what_they_may_not(world, page, [roster[who]])
    elif name == "waiting":
        _order_is_kept(world, page)


def _nobody_sends_what_they_may_not(world: World, page: Page, people: Iterable[dict[str, Any]]) -> None:
    meeting = page.client.membership.meeting
    for person in people:
        for flag in FLAGS:
            if person["media"][flag] and not may(person, meeting, flag):
                world.complain(
                    f"{page.name} was told that {world.name_of(person['id'])} sends {flag}, who may not"
                )
        if person["hand"] and not may(person, meeting, "hand"):
            world.complain(
                f"{page.name} was told that {world.name_of(person['id'])} raises a hand, who may not"
            )


def _nobody_is_there_who_was_removed(world: World, page: Page, roster: Iterable[str]) -> None:
    """When the page asked."""
    asked = page.asked_at
    for participant in roster:
        person = world.person_of(participant)
        if person is not None and world.moderators.keeps_out(person.user_id, asked):
            world.complain(f"{page.name} was shown {person.name}, who was removed before {asked:.3f}")


def _order_is_kept(world: World, page: Page) -> None:
    """Who was told to wait before another one had asked is before them, whatever broke since."""
    server = world.server
    room = server.hub.rooms.get(ROOM) if server is not None else None
    if room is None or world.clock_set:
        return
    people = {person.user_id: person for person in world.people}
    waiting = [
        people[user_id]
        for user_id, knock in room.knocks.items()
        if knock.connection is not None and user_id in people
    ]
    for position, person in enumerate(waiting):
        for later in waiting[position + 1 :]:
            since, first = later.waiting_since, person.first_asked
            if since is not None and since < first:
                world.complain(
                    f"{later.name} waits since {since:.3f} behind {person.name}, who asked at {first:.3f}"
                )
