"""How fast rows come, and how long the rest will take. Pure."""

from __future__ import annotations

from collections import deque

WINDOW = 20.0
"""Seconds of the past that count: long enough for a wait or two, short enough to follow a change."""


class Pace:
    """The pace of one list. Rows kept before the first look do not count: they came in another run."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def saw(self, rows: int, at: float) -> None:
        """Note how many rows there were at a time. Fewer than before: the list was begun again."""
        if self._seen and rows < self._seen[-1][1]:
            self._seen.clear()
        if len(self._seen) == 1 and rows == self._seen[0][1]:
            # The list has not begun yet.
            self._seen.clear()
        if not self._seen or rows > self._seen[-1][1]:
            self._seen.append((at, rows))

    def rate(self, now: float) -> float | None:
        """Rows per second; None while too little is known."""
        while len(self._seen) > 2 and self._seen[1][0] < now - WINDOW:
            self._seen.popleft()
        if len(self._seen) < 2:
            return None
        (begun, before), (_, rows) = self._seen[0], self._seen[-1]
        return (rows - before) / max(now - begun, 0.001)

    def left(self, total: int | None, now: float) -> float | None:
        """Seconds until all of `total` are there; None when that is unknown."""
        rate = self.rate(now)
        if total is None or not rate:
            return None
        return max(0.0, (total - self._seen[-1][1]) / rate)
