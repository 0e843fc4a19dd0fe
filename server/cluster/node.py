"""This server process as the store knows it: a node with a heartbeat.

Each stay names its node. When a node dies, another node closes its stays at its last heartbeat. So attendance is right
to within one interval after a crash, without a write per participant.

With each heartbeat the record's clock is adjusted to the store's. So nodes whose machines' clocks differ record the
same time of day, and judge each other's heartbeats by the clock that wrote them.
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
from server.runtime.background import endless
from server.runtime.clock import JUMP, RecordClock
from server.runtime.metrics import Metrics
from storage.errors import StoreError
from storage.store import Store

log = structlog.get_logger()

INTERVAL = 5.0
CLOCK_OFF = 2.0
DEAD_AFTER = 4 * INTERVAL
"""Seconds without a heartbeat after which a node counts as dead."""
LOOK_EVERY = 0.25
"""Seconds between two checks of this machine's clock: if it was set, the store's probably was, too."""


class Node:
    """`errands`, by the name for the log, run in order after each heartbeat: they look for what other processes have
    left in the store. An errand that fails does not stop the others, and runs again with the next heartbeat.
    `on_revived` means that the stays must be recorded again. It is called when heartbeats succeed after so long a gap
    that another process may have taken this one for dead and closed its stays, and after `on_clock_set`, which gets
    the seconds by which the record's clock was set. `engine_seen_at`: when this node has heard of the engine last, if
    it is one of several."""

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
        self.engine_seen_at: Callable[[], float | None] = lambda: None
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
        """Register, and close the stays of dead nodes. Raises what the store raises."""
        # The result is ignored: this node has nothing on record yet that would need correction.
        await self._set_clock()
        await self._beat()
        await self._close_dead_nodes()
        self._task = endless(self._keep_beating())

    async def stop(self, at: float) -> None:
        """Close this node's stays, which ended at `at` (the monotonic clock)."""
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
        """Adjust to the store's clock. Returns by how many seconds that was set since the last call; 0.0: not set."""
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
        # Others may be added meanwhile.
        for errand, run in list(self.errands.items()):
            try:
                await run()
            except StoreError as error:
                self._failures[errand] += 1
                # A single failure may be the store going away just now, which the next heartbeat reports.
                if self._failures[errand] == 2:
                    log.warning("errand of the heartbeat fails", errand=errand, error=str(error))
            except Exception:
                log.exception("errand of the heartbeat failed", errand=errand)
            else:
                if self._failures.pop(errand, 0) > 1:
                    log.info("errand of the heartbeat succeeds again", errand=errand)

    async def _wait(self) -> None:
        """Wait until the next heartbeat is due, or this machine's clock is set."""
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
        seen_at = self.engine_seen_at()
        await self._store.heartbeat(
            self.id, self._clock.at(now), None if seen_at is None else self._clock.at(seen_at)
        )
        self._beaten_at = now
        self._succeeded(clock.monotonic() - before)

    async def _close_dead_nodes(self) -> None:
        now = self._beaten_at
        if now - self._set_at <= self._dead_after:
            # The clock was set: nodes that are alive may not have written a heartbeat by it yet.
            return
        at = self._clock.at(now)
        # A heartbeat in the future: the node died before the clock was set back, or has not noticed that yet.
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
        """`silent`: seconds since the last heartbeat. Checked even if nothing failed: a suspended machine writes no
        heartbeats either."""
        self._metrics.store_available = True
        if self._is_failing:
            self._is_failing = False
            log.info("heartbeat is written again", silent=round(silent, 3))
        if silent > self._dead_after:
            log.warning("taken for dead perhaps, stays are recorded anew", silent=round(silent, 3))
            self.on_revived()
