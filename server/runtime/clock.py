"""Two clocks: one for durations, one for times of day in the record.

`monotonic` measures durations: grace, heartbeats, absences. Nobody can set it, and it keeps running while the machine
is suspended. `RecordClock` gives the time of day for the record, which all nodes of a store share. It runs by the
monotonic clock and is adjusted to the store's clock (this machine's, if the store is a file) only in `follow`: setting
a clock changes nothing in the middle of a computation.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import NamedTuple

JUMP = 1.0
"""Seconds. A larger step is no normal correction: somebody, or the machine's NTP service, has set the clock."""


def _counting_suspend() -> int | None:
    # time.monotonic() stops while the machine is suspended: on Linux (clock_gettime(2)), and on macOS, where
    # CLOCK_MONOTONIC does not.
    if sys.platform == "darwin":
        return time.CLOCK_MONOTONIC
    return getattr(time, "CLOCK_BOOTTIME", None)


STEPS = 8
"""So many are remembered."""

_WHICH = _counting_suspend()


def monotonic() -> float:
    """Seconds since some moment in the past, including those in which the machine was suspended."""
    return time.monotonic() if _WHICH is None else time.clock_gettime(_WHICH)


class _Step(NamedTuple):
    """What the clock showed `before` it was set, and by how many seconds it was."""

    before: float
    by: float


class RecordClock:
    """Seconds since the epoch."""

    def __init__(self) -> None:
        self._ahead = time.time() - monotonic()
        self._is_adjusted = False
        # The steps by which it was set since, oldest first.
        self._steps: deque[_Step] = deque(maxlen=STEPS)

    def now(self) -> float:
        return self.at(monotonic())

    def at(self, moment: float) -> float:
        """Converts a time of the monotonic clock to this clock."""
        return moment + self._ahead

    def as_set_now(self, at: float) -> float:
        """`at`, a time that this clock has shown, maybe before it was set, by the clock as it is set now.

        Of the seconds that it shows twice when it is set back, it is the second time.
        """
        until, since = self.now(), list[float]()
        for step in reversed(self._steps):
            if step.before + step.by <= at <= until:
                break
            since.append(step.by)
            until = step.before
        return at + sum(since)

    def follow(self, told: float, asked: float, heard: float) -> float:
        """Adjust to the store's clock, which showed `told` between `asked` and `heard` of the monotonic clock.

        Returns by how many seconds the store's clock was set since the last call; 0.0 if it was not.
        """
        off = told - self.at((asked + heard) / 2)
        was_adjusted, self._is_adjusted = self._is_adjusted, True
        if abs(off) <= (heard - asked) / 2:
            # The difference is within the answer's travel time.
            return 0.0
        before = self.now()
        self._ahead += off
        if abs(off) <= JUMP + (heard - asked) / 2:
            return 0.0
        if was_adjusted:
            self._steps.append(_Step(before, off))
        return off
