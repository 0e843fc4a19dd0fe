"""Tells a room who its host is, once the record has another than the room: somebody has joined with the host link.

The store decides that within a join, and whoever was host may be in the room. What is commanded in the room is recorded
behind it, so what the record says counts if nothing was commanded while it was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from server.realtime.change_writer import ChangeWriter
from server.realtime.pending_joins import PendingJoins
from signalling.rooms.hub import Hub
from storage.errors import StoreUnavailable
from storage.store import Store

log = structlog.get_logger()

PATIENCE = 5.0
"""Seconds for changes to be recorded, before the next attempt to ask."""

RETRY = 1.0


class HostNews:
    """`tell(room, user_id)` tells the room."""

    def __init__(self, hub: Hub, store: Store, pending: PendingJoins, changes: ChangeWriter) -> None:
        self.tell: Callable[[str, str], None] = lambda room, user_id: None
        self._hub = hub
        self._store = store
        self._pending = pending
        self._changes = changes
        self._asking: dict[str, asyncio.Task[None]] = {}

    def heard(self, room: str, host: str, *, by_link: bool) -> None:
        """The record's answer; nothing was commanded in the room while it was asked. `by_link`: they may have become
        host just now."""
        found = self._hub.rooms.get(room, ())
        is_known = all((member.user_id == host) is (member.role == "host") for member in found)
        if by_link or not is_known:
            # Others may have an answer of before on its way.
            self._pending.host_changed(room, host)
        if is_known:
            return
        log.info("the host is another", meeting=room)
        self.tell(room, host)

    def ask(self, room: str, user_id: str) -> None:
        """A join may have made the user host, and its answer was lost."""
        self._pending.host_changed(room, user_id)
        if room not in self._asking:
            task = self._asking[room] = asyncio.create_task(self._ask(room))
            task.add_done_callback(lambda _: self._asking.pop(room, None))

    async def _ask(self, room: str) -> None:
        while room in self._hub.rooms:
            if not await self._changes.settle(room, PATIENCE):
                continue
            with self._pending.watch(room) as watch:
                watch.stale = self._changes.is_behind(room)
                try:
                    meeting = await self._store.meeting(room)
                except StoreUnavailable:
                    await asyncio.sleep(RETRY)
                    continue
            if meeting is None:
                return
            if not watch.stale:
                self.heard(room, meeting.host_user_id, by_link=True)
                return
