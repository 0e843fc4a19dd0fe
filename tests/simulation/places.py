"""Where everyone is in the end: each in one place, and everybody sees the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from signalling.protocol.identifiers import page_of
from tests.simulation.notes import ROOM

if TYPE_CHECKING:
    from tests.simulation.world import World


def check(world: World) -> None:
    server = world.server
    assert server is not None
    room = server.hub.rooms.get(ROOM)
    if world.has_ended and room is not None:
        world.complain("the meeting has ended, and there are still people in it")
    members = {member.user_id: member for member in room} if room else {}
    roster = [msgspec.to_builtins(member.view()) for member in room] if room else []
    for person in world.people:
        live = [page for page in person.pages if page.is_live and not page.is_knocking]
        member = members.pop(person.user_id, None)
        if len(live) > 1:
            world.complain(
                f"{person.name} has {len(live)} live pages: {', '.join(page.name for page in live)}"
            )
        if member is None:
            for page in live:
                world.complain(f"{page.name} is in the meeting, the server does not know of it")
            continue
        if not live:
            world.complain(f"{person.name} has no page in the meeting, and is a ghost in it")
            continue
        role = "host" if person.is_host else "participant"
        if member.role != role and not world.moderators.acts:
            world.complain(f"{person.name} is {member.role}, not {role}")
        for page in live:
            if [_told(one) for one in page.client.membership.roster.values()] != roster:
                world.complain(
                    f"{page.name} sees another list than the server: {page.client.membership.roster}, {roster}"
                )
            if page.client.membership.meeting.get("host") is not person.is_host and not world.moderators.acts:
                world.complain(
                    f"{page.name} is told that host is {page.client.membership.meeting.get('host')}"
                )
            if page_of(member.instance) != page.place.page:
                world.complain(f"{page.name} is in, the place is that of {page_of(member.instance)}")
            if (shown := msgspec.structs.asdict(member.media())) != page.media:
                world.complain(f"{page.name} wants to send {page.media}, others see {shown}")
            if page.hand is not None and member.hand is not page.hand:
                world.complain(f"{page.name}'s hand is {page.hand}, others see {member.hand}")
    for user_id in members:
        world.complain(f"{user_id} is in the meeting and is nobody we know")


def _told(participant: dict[str, Any]) -> dict[str, Any]:
    """Rights that are the meeting's again are told as none, and since when a hand is down not at all."""
    return {name: value for name, value in participant.items() if name not in ("may", "hand_at") or value}
