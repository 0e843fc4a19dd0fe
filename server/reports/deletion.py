"""Deletes a meeting, with all that is known of its participants."""

from __future__ import annotations

import structlog

from server.realtime.gateway import Gateway
from storage.store import Store

log = structlog.get_logger()


async def delete_meeting(
    store: Store, gateway: Gateway, room: str, at: float, made_at: float | None = None
) -> None:
    """End it for all who are in it, and remove it. With `made_at` only the one made then. Both times are the record's
    clock's (seconds since the epoch).

    Raises `UnknownMeeting`, and `StoreUnavailable`: then it may be half done, and asking again does the rest.
    """
    # Ended first: from then on nobody can join.
    await store.end_meeting(room, at)
    gateway.end_meeting(room)
    # Later writes of the attendance writer find nothing to change.
    await store.delete_meeting(room, made_at)
    log.info("meeting deleted", meeting=room)
