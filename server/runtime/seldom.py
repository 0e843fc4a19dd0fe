"""Log lines about what may happen often: one for each kind now and then, with how often it happened since the last."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable


class Seldom:
    """`every`: seconds between two lines about the same kind, at least."""

    def __init__(self, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._told_at: dict[str, float] = {}
        self._untold: Counter[str] = Counter()

    def count(self, kind: str) -> int:
        """It happened once more. Answers of how many times to tell now; 0: not yet."""
        self._untold[kind] += 1
        now = self._clock()
        if now - self._told_at.get(kind, -math.inf) < self._every:
            return 0
        self._told_at[kind] = now
        return self._untold.pop(kind)
