"""This server process as the store knows it: a node with a heartbeat.

Stays name their node. When a node dies, whoever lives closes its stays at its last heartbeat, so that attendance is
right to within one interval after a crash, without a write per participant.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from server.identity import new_id
from storage.store import Store, StoreError

log = structlog.get_logger()

INTERVAL = 5.0
DEAD_AFTER = 4 * INTERVAL
"""Seconds without a heartbeat after which a node is taken for dead."""


class Node:
    def __init__(self, store: Store) -> None:
        self.id = new_id("n")
        self._store = store
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Register, and close what nodes that died left open. Raises what the store raises."""
        await self._beat()
        self._task = asyncio.create_task(self._keep_beating())

    async def stop(self) -> None:
        """Close this node's stays with exact times."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        try:
            closed = await self._store.stop_node(self.id, time.time())
        except StoreError as error:
            log.warning("stays left open, the next start closes them at the last heartbeat", error=str(error))
        else:
            log.info("node stopped", node=self.id, stays_closed=closed)

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                await self._beat()
            except StoreError as error:
                log.warning("heartbeat could not be written", error=str(error))
            except Exception:
                log.exception("heartbeat failed")

    async def _beat(self) -> None:
        now = time.time()
        await self._store.heartbeat(self.id, now)
        closed = await self._store.close_dead_nodes(now - DEAD_AFTER)
        if closed:
            log.info("closed stays that a dead node left open", stays=closed)
