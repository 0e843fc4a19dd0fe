"""Where on the recorder's clock belongs what a track sends. Pure: times go in, times come out.

A track counts in its sender's time (RTP), from a beginning of its own; how that relates to our clock is seen only from
when its frames arrive. They may be late, never early, so the least delay seen is the best guess. A track whose sender
paused, or counts anew, is off by much, and stays so; one whose frames were held up here or in the network is late for
a moment, and right again when they have all come. `Placing` tells these apart by those that came next.
"""

from __future__ import annotations

from collections.abc import Iterable

LATER = 0.3
"""Seconds by which frames may arrive after their moment before that is taken to be another."""

LEAP = 1.0
"""Seconds between two frames that arrived together: the sender counts anew."""


class Placing:
    """Of one track. `earlier`: seconds by which frames may arrive before their moment, as it was guessed until then."""

    def __init__(self, earlier: float = 0.0) -> None:
        self._earlier = earlier
        self._base: float | None = None

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
        if self._base is None or not -self._earlier <= least - self._base <= LATER:
            self._base = least
        return self._base + sent
