"""Writes the ends of stays to the store, and keeps at it while the store is away.

Ends are handed to the store at once and in order; a join of the same person waits for them (`settle`), so that a
leave can never close the stay of someone who has come back.
"""

from __future__ import annotations

import asyncio

import structlog

from server.metrics import Metrics
from signalling.effects import StayEnded
from storage.store import StayEnd, Store, StoreUnavailable

log = structlog.get_logger()

LIMIT = 50_000
"""Ends kept while the store is away. Past it the oldest news is that the disk is gone; stays are then closed by the
next start, at this node's last heartbeat."""

RETRY_FIRST, RETRY_MOST = 0.2, 5.0


class Recorder:
    def __init__(self, store: Store, node_id: str, metrics: Metrics) -> None:
        self._store = store
        self._node_id = node_id
        self._writing: dict[tuple[str, str], set[asyncio.Task[None]]] = {}
        self._count = 0
        metrics.unrecorded = lambda: self._count

    def record(self, end: StayEnded) -> None:
        if self._count >= LIMIT:
            log.error(
                "too many unwritten leaves, one is given up", meeting=end.room, participant=end.participant_id
            )
            return
        self._count += 1
        key = (end.room, end.user_id)
        task = asyncio.create_task(self._write(end))
        self._writing.setdefault(key, set()).add(task)
        task.add_done_callback(lambda done: self._written(key, done))

    async def settle(self, room: str, user_id: str, within: float) -> bool:
        """Wait until this person's ends are written; False when that took longer than `within` seconds."""
        tasks = self._writing.get((room, user_id))
        if not tasks:
            return True
        _, pending = await asyncio.wait(set(tasks), timeout=within)
        return not pending

    async def close(self, within: float) -> None:
        """Give what is unwritten a last chance of `within` seconds."""
        tasks = {task for group in self._writing.values() for task in group}
        if not tasks:
            return
        _, pending = await asyncio.wait(tasks, timeout=within)
        for task in pending:
            task.cancel()
        if pending:
            log.warning("leaves left unwritten, the next start closes these stays", count=len(pending))

    async def _write(self, end: StayEnded) -> None:
        delay = RETRY_FIRST
        while True:
            try:
                await self._store.leave(
                    StayEnd(end.participant_id, end.session_id, self._node_id, end.at, end.reason)
                )
                return
            except StoreUnavailable as error:
                log.warning(
                    "leave could not be written, trying again",
                    meeting=end.room,
                    participant=end.participant_id,
                    error=str(error),
                    delay=delay,
                )
                await asyncio.sleep(delay)
                delay = min(RETRY_MOST, delay * 2)

    def _written(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._count -= 1
        group = self._writing[key]
        group.discard(task)
        if not group:
            del self._writing[key]
        if not task.cancelled() and (error := task.exception()):
            log.error("leave could not be written", exc_info=error)
