"""What time it is: two clocks, each for what it is good at.

`monotonic` is for how long something takes: grace, heartbeats, who is away. Nobody can set it, and it goes on while the
machine is suspended. `RecordClock` is for the record: a time of day, which all nodes of a store share. It goes by the
monotonic clock and follows the store's (this machine's, where the store is a file) when it is told to: so a clock that
somebody sets changes nothing in the middle of a computation.
"""

from __future__ import annotations

import sys
import time

JUMP = 1.0
"""Seconds at once that no clock is corrected by in good order: somebody, or the machine's NTP service, has set it."""


def _counting_suspend() -> int | None:
    # time.monotonic() stands still while a Linux machine is suspended (clock_gettime(2)), and on macOS, too, where
    # CLOCK_MONOTONIC goes on.
    if sys.platform == "darwin":
        return time.CLOCK_MONOTONIC
    return getattr(time, "CLOCK_BOOTTIME", None)


_WHICH = _counting_suspend()


def monotonic() -> float:
    """Seconds since some moment in the past, those in which the machine was suspended among them."""
    return time.monotonic() if _WHICH is None else time.clock_gettime(_WHICH)


class RecordClock:
    """Seconds since the epoch. `set_by`: by how many it was set since it began, all in all."""

    def __init__(self) -> None:
        self.set_by = 0.0
        self._ahead = time.time() - monotonic()

    def now(self) -> float:
        return self.at(monotonic())

    def at(self, moment: float) -> float:
        """A moment of the monotonic clock."""
        return moment + self._ahead

    def follow(self, told: float, asked: float, heard: float) -> float:
        """The store's clock showed `told` some time between two moments of the monotonic clock.

        Answers by how many seconds that clock was set since the last time, 0.0 when it was not.
        """
        off = told - self.at((asked + heard) / 2)
        if abs(off) <= (heard - asked) / 2:
            # No more than the answer took on its way.
            return 0.0
        self._ahead += off
        if abs(off) <= JUMP + (heard - asked) / 2:
            return 0.0
        self.set_by += off
        return off
