"""This server process as the store knows it: a node with a heartbeat.

Stays name their node. When a node dies, whoever lives closes its stays at its last heartbeat, so that attendance is
right to within one interval after a crash, without a write per participant.

With each heartbeat the record's clock is set by the store's. So nodes whose machines' clocks differ write the same time
of day, and judge each other's heartbeats by the clock that these were written by.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from server.identity.ids import new_id
from server.runtime import clock
from server.runtime.clock import JUMP, RecordClock
from server.runtime.metrics import Metrics
from storage.errors import StoreError
from storage.store import Store

log = structlog.get_logger()

INTERVAL = 5.0
CLOCK_OFF = 2.0
DEAD_AFTER = 4 * INTERVAL
"""Seconds without a heartbeat after which a node is taken for dead."""
LOOK_EVERY = 0.25
"""Seconds between two looks at this machine's clock: where it was set, the store's most likely was, too."""


class Node:
    """`errands` are run after each heartbeat, in order, by what the log calls them: what other processes have left in
    the store is looked for then. One that fails holds up no other, and is run again with the next heartbeat.
    `on_revived` is called when heartbeats are written again after so long that another process may have taken
    this one for dead and closed its stays; and after `on_clock_set`, which is told by how many seconds the record's
    clock was set: the stays are to be recorded anew, too."""

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        record_clock: RecordClock,
        *,
        interval: float = INTERVAL,
        dead_after: float = DEAD_AFTER,
    ) -> None:
        self.id = new_id("n")
        self.on_revived: Callable[[], None] = lambda: None
        self.on_clock_set: Callable[[float], None] = lambda seconds: None
        self.errands: dict[str, Callable[[], Awaitable[None]]] = {"close dead nodes": self._close_dead_nodes}
        self._store = store
        self._metrics = metrics
        self._clock = record_clock
        self._interval = interval
        self._dead_after = dead_after
        self._beaten_at = clock.monotonic()
        self._set_at = -math.inf
        self._apart = 0.0
        self._began_at = self._beaten_at
        self._differs = False
        self._is_failing = False
        self._failures: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Register, and close what nodes that died left open. Raises what the store raises."""
        # Nothing is on record yet that would have to be corrected.
        await self._set_clock()
        await self._beat()
        await self._close_dead_nodes()
        self._task = asyncio.create_task(self._keep_beating())

    async def stop(self, at: float) -> None:
        """Close this node's stays, which ended at `at` (of the monotonic clock)."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        try:
            closed = await self._store.stop_node(self.id, self._clock.at(at))
        except StoreError as error:
            log.warning("stays left open, the next start closes them at the last heartbeat", error=str(error))
        else:
            log.info("node stopped", node=self.id, stays_closed=closed)

    async def _set_clock(self) -> float:
        """By the store's. Answers by how many seconds that was set since the last time, 0.0 when it was not."""
        asked = clock.monotonic()
        self._apart = time.time() - asked
        told = await self._store.clock()
        by = self._clock.follow(told, asked, clock.monotonic())
        ahead = time.time() - self._clock.now()
        differs = abs(ahead) > CLOCK_OFF
        if differs and not self._differs:
            log.warning(
                "this machine's clock and the store's differ, set both by NTP", seconds=round(ahead, 3)
            )
        self._differs = differs
        return by

    async def _keep_beating(self) -> None:
        while True:
            await self._wait()
            try:
                await self._see_to_clock()
                await self._beat()
            except StoreError as error:
                self._failed(error)
            except Exception:
                log.exception("heartbeat failed")
            else:
                await self._run_errands()

    async def _run_errands(self) -> None:
        for errand, run in self.errands.items():
            try:
                await run()
            except StoreError as error:
                self._failures[errand] += 1
                # Once is the store that goes away at this moment, which the next heartbeat tells.
                if self._failures[errand] == 2:
                    log.warning("errand of the heartbeat fails", errand=errand, error=str(error))
            except Exception:
                log.exception("errand of the heartbeat failed", errand=errand)
            else:
                if self._failures.pop(errand, 0) > 1:
                    log.info("errand of the heartbeat succeeds again", errand=errand)

    async def _wait(self) -> None:
        """For the next heartbeat, or until this machine's clock is set."""
        until = clock.monotonic() + self._interval
        while (left := until - clock.monotonic()) > 0:
            await asyncio.sleep(min(left, LOOK_EVERY))
            if abs(time.time() - clock.monotonic() - self._apart) > JUMP:
                return

    async def _see_to_clock(self) -> None:
        by = await self._set_clock()
        if by:
            log.warning("the clock was set, stays that go on keep their length", seconds=round(by, 3))
            self._set_at = clock.monotonic()
            self.on_clock_set(by)
            self.on_revived()

    async def _beat(self) -> None:
        before, now = self._beaten_at, clock.monotonic()
        await self._store.heartbeat(self.id, self._clock.at(now))
        self._beaten_at = now
        self._succeeded(clock.monotonic() - before)

    async def _close_dead_nodes(self) -> None:
        now = self._beaten_at
        if now - self._set_at <= self._dead_after:
            # Others that live may not have written a heartbeat yet by the clock as it goes now.
            return
        at = self._clock.at(now)
        # Whose heartbeat lies ahead has died before the clock was set back, or has not yet noticed that it was.
        has_seen_all = now - self._began_at > self._dead_after
        ahead_of = at + self._dead_after if has_seen_all else None
        closed = await self._store.close_dead_nodes(at - self._dead_after, ahead_of)
        if closed:
            log.info("closed stays that a dead node left open", stays=closed)

    def _failed(self, error: StoreError) -> None:
        self._metrics.store_available = False
        if not self._is_failing:
            self._is_failing = True
            log.warning("heartbeat could not be written", error=str(error))

    def _succeeded(self, silent: float) -> None:
        """`silent`: seconds since the heartbeat before this one. It counts also when nothing failed: a machine that was
        suspended is as silent as one whose store was away."""
        self._metrics.store_available = True
        if self._is_failing:
            self._is_failing = False
            log.info("heartbeat is written again", silent=round(silent, 3))
        if silent > self._dead_after:
            log.warning("taken for dead perhaps, stays are recorded anew", silent=round(silent, 3))
            self.on_revived()
