"""The meetings that ended echoes leave: deleted, also after the store was away or a server was killed."""

from __future__ import annotations

import asyncio
import time
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
"""Meetings, the latest, among which those are looked for that a process left behind which was killed."""


class Leftovers:
    """`running` answers the meetings of the echoes of this process."""

    def __init__(self, store: Store, gateway: Gateway, running: Callable[[], set[str]]) -> None:
        self._store = store
        self._gateway = gateway
        self._running = running
        self._undeleted: set[str] = set()

    async def delete(self, room: str) -> None:
        """Now, or when the store is back."""
        try:
            await delete_meeting(self._store, self._gateway, room)
        except StoreError as error:
            self._gateway.end_meeting(room)
            if not isinstance(error, UnknownMeeting):
                log.warning("echo's meeting could not be deleted", meeting=room, error=str(error))
                self._undeleted.add(room)
                return
        self._undeleted.discard(room)

    async def sweep(self, *, offered: bool) -> None:
        """Again and again; where echoes are not `offered`, until nothing is left."""
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
        """Delete what is no running echo's. Answers whether some may be: another process', which has the same store."""
        latest = [each.meeting for each in await self._store.hosted_meetings(None, LOOKED_AT)]
        ours = self._running()
        found = [each for each in latest if identifiers.is_echo(each.room) and each.room not in ours]
        before = time.time() - LIFE
        left = {each.room for each in found if each.created_at < before}
        for room in left:
            await self.delete(room)
        if left:
            log.info("left-over echo meetings deleted", meetings=len(left - self._undeleted))
        return len(found) > len(left)
