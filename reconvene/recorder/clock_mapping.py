"""Where on the recorder's clock belongs what a track sends. Pure: times go in, times come out.

A track counts in its sender's time (RTP), from a beginning of its own; how that relates to our clock is seen only from
when its frames arrive. They may be late, never early, so the least delay seen is the best guess. A track whose sender
paused, or counts anew, is off by much, and stays so; one whose frames were held up here or in the network is late for
a moment, and right again when they have all come. `ClockMapping` tells these apart by those that came next.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

DRIFT = 0.05
STEADY = 30.0
"""Seconds by which the least delay has become another, and for which it has: clocks do not go equally fast, and a sound
card's may be off by a second in three hours. A step that is hardly heard, before sound and picture are out of step."""

LEAP = 1.0
"""Seconds between two frames that arrived together: the sender counts anew."""


class ClockMapping:
    """Of one track. `earlier` and `later`: seconds by which frames may arrive before and after their moment, as it was
    guessed until then, before that is taken to be another."""

    def __init__(self, *, earlier: float, later: float) -> None:
        self._earlier = earlier
        self._later = later
        self._base: float | None = None
        self._since = 0.0
        self._least = inf
        """The least delay since then."""

    def place(self, sent: float, arrival: float, ahead: Iterable[tuple[float, float]] = ()) -> float:
        """When this was sent, in seconds of the recorder's clock, as `arrival` is; `sent` is the sender's.

        `ahead`: (sent, arrival) of what came soon after.
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
