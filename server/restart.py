"""From one process to the next: whoever was in a meeting when the last one ended keeps the place.

Nothing is written for them. Who resumes is recorded then (`StayResumed`); the stay of who does not is closed already,
by the process that was stopped, or will be at the last heartbeat of the one that died.
"""

from __future__ import annotations

import time

import structlog

from server.identity import kind_of, new_id
from server.node import INTERVAL
from server.recorder import Recorder
from signalling.arrivals import Restored
from signalling.hub import Hub
from storage.store import Restorable, Store

log = structlog.get_logger()


async def restore_rooms(store: Store, hub: Hub, now: float) -> None:
    """Keep a place in `hub` for everyone whom the store saw in a meeting a moment ago. Raises what the store raises."""
    found = await store.restorable(now, hub.grace, slack=INTERVAL)
    hub.restore([_restored(each) for each in found], now)
    if found:
        log.info("rooms restored", rooms=len(hub.rooms), participants=len(found))


def record_anew(hub: Hub, recorder: Recorder) -> None:
    """Record that everyone's stay goes on here, because another process may have closed them."""
    for stay in hub.present_stays(time.time()):
        recorder.record(stay)


def _restored(found: Restorable) -> Restored:
    meeting, person, stay = found.meeting, found.participant, found.stay
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
        joined_at=stay.joined_at,
        kind=kind_of(person.user_id),
    )
