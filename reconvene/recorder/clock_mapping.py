"""Maps the times of a track to the recorder's clock. Pure: times go in, times come out.

A track counts in its sender's time (RTP), from an arbitrary start; only the arrival of its frames relates that to our
clock. Frames may be late, never early, so the least delay seen is the best estimate. If the sender paused or restarted
its clock, the offset changes by much and for good; if frames were held up here or in the network, they are late for a
moment only. `ClockMapping` tells the two apart by the frames that follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

DRIFT = 0.05
STEADY = 30.0
"""The least delay is adjusted when it has changed by DRIFT seconds over STEADY seconds: clocks differ in speed, a sound
card's by up to a second in three hours. The step is hardly heard, and keeps sound and picture in sync."""

LEAP = 1.0
"""A larger step, in seconds, between frames that arrived together means that the sender restarted its clock."""


class ClockMapping:
    """The mapping of one track. `earlier` and `later`: seconds that frames may arrive before and after the estimate;
    beyond these the estimate is replaced."""

    def __init__(self, *, earlier: float, later: float) -> None:
        self._earlier = earlier
        self._later = later
        self._base: float | None = None
        self._since = 0.0
        self._least = inf
        """The least delay since `_since`."""

    def place(self, sent: float, arrival: float, ahead: Iterable[tuple[float, float]] = ()) -> float:
        """When a frame was sent, by the recorder's clock, like `arrival`; `sent` is the sender's time. In seconds.

        `ahead`: (sent, arrival) of the frames that came soon after.
        """
        least = arrival - sent
        before = sent
        for next_sent, next_arrival in ahead:
            if not 0 <= next_sent - before <= LEAP:
                break
            before = next_sent
            least = min(least, next_arrival - next_sent)
        if self._base is None or not -self._earlier <= least - self._base <= self._later:
            self._base, self._since, self._least = least, sent, least
        self._least = min(self._least, least)
        if sent - self._since >= STEADY:
            if abs(self._least - self._base) >= DRIFT:
                self._base = self._least
            self._since, self._least = sent, inf
        return self._base + sent
