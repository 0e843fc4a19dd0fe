"""Detects from the machine's two clocks that it slept. `static/sdk/sleep.js` is its twin;
`tests/vectors/sleep.json` tests both.

Deadlines use the monotonic clock, which nobody sets. On most systems it stops while the machine sleeps, and the wall
clock does not: after waking, the wall clock is ahead. Setting the wall clock forward looks like sleep too, but a check
of the connection costs little. Setting it back does not look like sleep.
"""

from __future__ import annotations

import math

AHEAD = 2.0
"""Seconds that the wall clock must gain between two checks to count as sleep."""

LOOK_EVERY = 5.0
"""Most seconds between two checks: timers stop with the monotonic clock too."""


class SleepWatch:
    def __init__(self) -> None:
        self._apart = math.inf

    def slept(self, monotonic: float, wall: float) -> bool:
        """Whether the machine slept since the last call. Both clocks are in seconds."""
        before, self._apart = self._apart, wall - monotonic
        return self._apart - before > AHEAD
