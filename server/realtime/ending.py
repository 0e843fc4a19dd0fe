"""Ends a meeting in the store, with who did it."""

from __future__ import annotations

import structlog

from storage.records import Meeting
from storage.store import Store

log = structlog.get_logger()


async def end_meeting(store: Store, room: str, by: str, at: float, action: str = "end") -> Meeting:
    """`by`: a user; "": the admin key, or the server itself. Raises `UnknownMeeting`, `StoreUnavailable`."""
    ended = await store.end_meeting(room, at, by, action)
    log.info("meeting ended", meeting=room, action=action)
    return ended
