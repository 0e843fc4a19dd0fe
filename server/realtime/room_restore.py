"""Restores rooms after a restart: whoever was in a meeting when the last process ended keeps their place.

This records nothing. A resume is recorded when it happens (`StayResumed`). The stay of anyone who does not resume was
closed by the process that was stopped, or will be closed at the last heartbeat of the one that died.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from server.cluster.node import INTERVAL
from server.identity.ids import kind_of, new_id
from server.runtime import clock
from server.runtime.clock import JUMP
from signalling.protocol.rights import rights_of
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Restored
from signalling.rooms.member import Look
from storage.records import Restorable
from storage.store import Store

log = structlog.get_logger()


async def restore_rooms(
    store: Store, hub: Hub, now: float, look: Callable[[str], Look] = lambda _: Look()
) -> None:
    """Keep a place in `hub` for everyone who, by the store, was in a meeting a moment ago. `now` is the record clock's.
    `look`: how a user appears. Raises what the store raises."""
    found = await restorable_people(store, now, hub.grace, look)
    hub.restore(found, clock.monotonic())
    if found:
        log.info("rooms restored", rooms=len(hub.rooms), participants=len(found))


async def restorable_people(
    store: Store, now: float, grace: float, look: Callable[[str], Look]
) -> Sequence[Restored]:
    """Whoever was in a meeting within `grace` seconds. Raises what the store raises."""
    found = await store.restorable(now, grace, slack=INTERVAL)
    return [_restored(each, now, look) for each in found]


def _restored(found: Restorable, now: float, look: Callable[[str], Look]) -> Restored:
    meeting, person, stay = found.meeting, found.participant, found.stay
    # A person last seen in the future was seen before the clock was set back.
    set_back = max(0.0, found.seen_at - now)
    corrected = set_back if set_back > JUMP else 0.0
    return Restored(
        room=meeting.room,
        title=meeting.title,
        epoch=new_id("e"),
        participant_id=person.id,
        user_id=person.user_id,
        name=person.name,
        role=person.role,
        session_id=stay.session_id,
        instance=stay.instance,
        joined_at=stay.joined_at - corrected,
        kind=kind_of(person.user_id),
        look=look(person.user_id),
        may=rights_of(person.may),
        settings=meeting.settings,
        revision=meeting.revision,
        hand_at=person.hand_at,
        lasted=max(0.0, now - (found.began_at - corrected)),
    )
