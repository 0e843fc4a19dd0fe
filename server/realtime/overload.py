"""Sheds load when this process is overloaded: refuses what can wait, so that running meetings are not disturbed.

The measure is the event loop's lag: how late it runs what is due. As the lag grows, more is refused: first HTTP, then
joins, then resumes. Signals, statuses and leaves are never refused for overload.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from enum import IntEnum

import structlog

from server.runtime.background import endless
from server.runtime.metrics import Metrics
from server.runtime.retry_after import back_after
from signalling.protocol.errors import ErrorCode, Refused

log = structlog.get_logger()

SAMPLE = 0.1
"""Seconds between two measurements."""

SUSTAINED = 3
"""Late measurements in a row that mean overload: a process that was stopped for a while is late only once."""

CALM = 10.0
"""Seconds without lag after which overload is over, so that lag that comes and goes is logged in only two lines."""


class Rank(IntEnum):
    """What is refused, in order: HTTP first."""

    HTTP = 1
    JOIN = 2
    RESUME = 3


TIMES = {Rank.HTTP: 1, Rank.JOIN: 2, Rank.RESUME: 4}
"""The lag from which each is refused, in multiples of the bound."""


class Overload:
    """`bound`: the lag in seconds from which HTTP is refused; 0 refuses nothing. Once started, measures as long as the
    event loop runs."""

    def __init__(self, bound: float, metrics: Metrics) -> None:
        self._bound = bound
        self._metrics = metrics
        self._lags: deque[float] = deque(maxlen=SUSTAINED)
        self._lag = 0.0
        self._level = 0
        self._refused: Counter[str] = Counter()
        self._began: float | None = None
        self._last = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = endless(self._keep_measuring())

    def measured(self, lag: float, now: float) -> None:
        """Note that the event loop was `lag` seconds late."""
        self._metrics.loop_lag.observe(lag)
        if not self._bound:
            return
        self._lags.append(lag)
        self._lag = min(self._lags) if len(self._lags) == SUSTAINED else 0.0
        self._level = max((rank for rank in Rank if self._lag >= self._bound * TIMES[rank]), default=0)
        if self._level:
            self._last = now
            if self._began is None:
                self._began = now
                log.warning("too much to do, who can wait is refused", lag=round(self._lag, 3))
        elif self._began is not None and now - self._last >= CALM:
            log.info(
                "no longer too much to do",
                seconds=round(self._last - self._began, 3),
                refused=dict(self._refused),
            )
            self._began = None
            self._refused.clear()

    def refusal(self, rank: Rank) -> Refused | None:
        """The refusal for a request of this rank now; None: accept the request."""
        if self._level < rank:
            return None
        what = rank.name.lower()
        self._refused[what] += 1
        self._metrics.overload_refused[what] += 1
        return Refused(
            ErrorCode.UNAVAILABLE, "The server has too much to do; try again.", back_after(self._lag)
        )

    async def _keep_measuring(self) -> None:
        while True:
            due = time.monotonic() + SAMPLE
            await asyncio.sleep(SAMPLE)
            now = time.monotonic()
            self.measured(max(0.0, now - due), now)
