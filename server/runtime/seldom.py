"""Throttles log lines about frequent events: one per kind and interval, with the number of events since the last."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable


class Seldom:
    """`every`: least seconds between two lines about the same kind."""

    def __init__(self, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._told_at: dict[str, float] = {}
        self._untold: Counter[str] = Counter()

    def count(self, kind: str) -> int:
        """Count one event. Returns how many events to log now; 0: log nothing yet."""
        self._untold[kind] += 1
        now = self._clock()
        if now - self._told_at.get(kind, -math.inf) < self._every:
            return 0
        self._told_at[kind] = now
        return self._untold.pop(kind)
