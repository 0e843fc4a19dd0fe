"""Deletes the meetings of ended echoes, also if the store was unavailable or a server was killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from server.call_test.lifetime import LIFE
from server.realtime.gateway import Gateway
from server.reports.deletion import delete_meeting
from signalling.protocol import identifiers
from storage.errors import StoreError, UnknownMeeting
from storage.store import Store

log = structlog.get_logger()

SWEEPS_EVERY = 3600.0
TRIES_EVERY = 30.0
LOOKED_AT = 200
"""Number of latest meetings that are searched for those of a killed process."""


class Leftovers:
    """`running` returns the meetings of this process's running echoes. `now`: the record's clock."""

    def __init__(
        self, store: Store, gateway: Gateway, running: Callable[[], set[str]], now: Callable[[], float]
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._running = running
        self._now = now
        self._undeleted: set[str] = set()

    async def delete(self, room: str) -> None:
        """Delete the meeting now, or when the store is available again."""
        try:
            await delete_meeting(self._store, self._gateway, room, self._now())
        except StoreError as error:
            self._gateway.end_meeting(room)
            if not isinstance(error, UnknownMeeting):
                log.warning("echo's meeting could not be deleted", meeting=room, error=str(error))
                self._undeleted.add(room)
                return
        self._undeleted.discard(room)

    async def sweep(self, *, offered: bool) -> None:
        """Delete leftovers at intervals; if echoes are not `offered`, only until none are left."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            try:
                for room in list(self._undeleted):
                    await self.delete(room)
                if loop.time() >= due:
                    doubtful = await self._sweep()
                    if not (offered or doubtful or self._undeleted):
                        return
                    due = loop.time() + (LIFE if doubtful else SWEEPS_EVERY)
            except StoreError as error:
                log.warning("left-over echo meetings could not be looked for", error=str(error))
            except Exception:
                log.exception("sweeping up after echoes failed")
            await asyncio.sleep(TRIES_EVERY)

    async def _sweep(self) -> bool:
        """Delete echo meetings older than `LIFE`. Returns whether others may be running in other processes."""
        latest = [each.meeting for each in await self._store.hosted_meetings(None, LOOKED_AT)]
        ours = self._running()
        found = [each for each in latest if identifiers.is_echo(each.room) and each.room not in ours]
        before = self._now() - LIFE
        left = {each.room for each in found if each.created_at < before}
        for room in left:
            await self.delete(room)
        if left:
            log.info("left-over echo meetings deleted", meetings=len(left - self._undeleted))
        return len(found) > len(left)
