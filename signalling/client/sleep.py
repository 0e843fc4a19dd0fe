"""Whether the machine slept, told by its two clocks. Its twin: `static/sdk/sleep.js`; `tests/vectors/sleep`
holds them together.

Deadlines are by the monotonic clock, which nobody sets. On most systems it stands still while the machine sleeps, and
the wall clock does not: so the wall clock has run ahead when the machine wakes up. It also has when somebody sets it
forward, after which a look at the connection costs little. When it is set back, nothing has happened.
"""

from __future__ import annotations

import math

AHEAD = 2.0
"""Seconds by which the wall clock runs ahead between two looks when the machine slept in between."""

LOOK_EVERY = 5.0
"""Seconds between two looks, at most: the timers, too, stand still with the monotonic clock."""


class SleepWatch:
    def __init__(self) -> None:
        self._apart = math.inf

    def slept(self, monotonic: float, wall: float) -> bool:
        """Whether the machine slept since this was asked last (both in seconds)."""
        before, self._apart = self._apart, wall - monotonic
        return self._apart - before > AHEAD
