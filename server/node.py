"""This server process as the store knows it: a node with a heartbeat.

Stays name their node. When a node dies, whoever lives closes its stays at its last heartbeat, so that attendance is
right to within one interval after a crash, without a write per participant.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from server.identity import new_id
from server.metrics import Metrics
from storage.store import Store, StoreError

log = structlog.get_logger()

INTERVAL = 5.0
CLOCK_OFF = 2.0
DEAD_AFTER = 4 * INTERVAL
"""Seconds without a heartbeat after which a node is taken for dead."""


class Node:
    """`on_revived` is called when heartbeats are written again after so long that another process may have taken
    this one for dead and closed its stays."""

    def __init__(
        self, store: Store, metrics: Metrics, *, interval: float = INTERVAL, dead_after: float = DEAD_AFTER
    ) -> None:
        self.id = new_id("n")
        self.on_revived: Callable[[], None] = lambda: None
        self._store = store
        self._metrics = metrics
        self._interval = interval
        self._dead_after = dead_after
        self._beaten_at = time.time()
        self._is_failing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Register, and close what nodes that died left open. Raises what the store raises."""
        await self._compare_clocks()
        await self._beat()
        self._task = asyncio.create_task(self._keep_beating())

    async def stop(self, at: float) -> None:
        """Close this node's stays, which ended at `at`."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        try:
            closed = await self._store.stop_node(self.id, at)
        except StoreError as error:
            log.warning("stays left open, the next start closes them at the last heartbeat", error=str(error))
        else:
            log.info("node stopped", node=self.id, stays_closed=closed)

    async def _compare_clocks(self) -> None:
        """Nodes judge each other's heartbeats by their own clocks: one that is off takes the living for dead."""
        ahead = time.time() - await self._store.clock()
        if abs(ahead) > CLOCK_OFF:
            log.warning(
                "this machine's clock and the store's differ, set both by NTP", seconds=round(ahead, 3)
            )

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self._beat()
            except StoreError as error:
                self._failed(error)
            except Exception:
                log.exception("heartbeat failed")

    async def _beat(self) -> None:
        before = self._beaten_at
        now = time.time()
        await self._store.heartbeat(self.id, now)
        self._beaten_at = now
        self._succeeded(time.time() - before)
        closed = await self._store.close_dead_nodes(now - self._dead_after)
        if closed:
            log.info("closed stays that a dead node left open", stays=closed)

    def _failed(self, error: StoreError) -> None:
        self._metrics.store_available = False
        if not self._is_failing:
            self._is_failing = True
            log.warning("heartbeat could not be written", error=str(error))

    def _succeeded(self, silent: float) -> None:
        """`silent`: seconds since the heartbeat before this one, by the clock that others judge by. It counts also
        when nothing failed: a machine that was suspended is as silent as one whose store was away."""
        self._metrics.store_available = True
        if self._is_failing:
            self._is_failing = False
            log.info("heartbeat is written again", silent=round(silent, 3))
        if silent > self._dead_after:
            log.warning("taken for dead perhaps, stays are recorded anew", silent=round(silent, 3))
            self.on_revived()
