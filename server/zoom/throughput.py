"""How fast rows come, and how long the rest will take. Pure."""

from __future__ import annotations

from collections import deque

WINDOW = 20.0
"""Seconds that are looked back on: long enough for a wait or two, short enough to follow a change."""


class Pace:
    """Of one list. Rows kept before it was first looked at do not count: they came in another run."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def saw(self, rows: int, at: float) -> None:
        """So many rows were there at that time. Fewer than before: it was begun anew."""
        if self._seen and rows < self._seen[-1][1]:
            self._seen.clear()
        if len(self._seen) == 1 and rows == self._seen[0][1]:
            # It has not begun yet.
            self._seen.clear()
        if not self._seen or rows > self._seen[-1][1]:
            self._seen.append((at, rows))

    def rate(self, now: float) -> float | None:
        """Rows per second; None while there is nothing to tell it from."""
        while len(self._seen) > 2 and self._seen[1][0] < now - WINDOW:
            self._seen.popleft()
        if len(self._seen) < 2:
            return None
        (begun, before), (_, rows) = self._seen[0], self._seen[-1]
        return (rows - before) / max(now - begun, 0.001)

    def left(self, total: int | None, now: float) -> float | None:
        """Seconds until all of `total` are there; None when that cannot be told."""
        rate = self.rate(now)
        if total is None or not rate:
            return None
        return max(0.0, (total - self._seen[-1][1]) / rate)
