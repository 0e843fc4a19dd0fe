"""Ends a meeting in the store, with who did it."""

from __future__ import annotations

import contextlib

import structlog

from storage.errors import MeetingEnded
from storage.moderation import Change
from storage.records import Meeting
from storage.store import Store

log = structlog.get_logger()


async def end_meeting(store: Store, room: str, by: str, at: float, action: str = "end") -> Meeting:
    """`by`: a user; "": the admin key, or the server itself. Raises `UnknownMeeting`, `StoreUnavailable`."""
    with contextlib.suppress(MeetingEnded):
        # Only the first end is written to the audit: the same user's next one has the same key, which no client can
        # give, as it has a space.
        await store.change(Change(room=room, by=by, key=f"the {action}", at=at, action=action))
    ended = await store.end_meeting(room, at)
    log.info("meeting ended", meeting=room, action=action)
    return ended
