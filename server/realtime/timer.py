"""The timer of a gateway: ticks for as long as it runs, and tells when the process has been stopped for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from server.runtime import clock
from server.runtime.background import Background

log = structlog.get_logger()

TICK = 0.25
STANDSTILL = 2.0
"""Seconds between two ticks from which the process is taken to have been stopped, not busy."""


class Timer(Background):
    """`tick` gets the time, `stood_still` the seconds and the time, both of the monotonic clock."""

    def __init__(self, tick: Callable[[float], None], stood_still: Callable[[float, float], None]) -> None:
        super().__init__()
        self._tick = tick
        self._stood_still = stood_still

    async def _run(self) -> None:
        now, worked = clock.monotonic(), time.process_time()
        while True:
            await asyncio.sleep(TICK)
            try:
                before, now = now, clock.monotonic()
                worked_before, worked = worked, time.process_time()
                if now - before > STANDSTILL:
                    cpu = round(worked - worked_before, 3)
                    log.warning("the server stood still", seconds=round(now - before, 3), cpu=cpu)
                    self._stood_still(now - before, now)
                self._tick(now)
            except Exception:
                log.exception("tick failed")
