"""The time by which the stand-in's tokens grow old."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Seconds since the epoch: `base`'s, and as many more as it was advanced by."""

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self._ahead = 0.0

    def now(self) -> float:
        return self._base() + self._ahead

    def stand_still(self, at: float) -> None:
        """It is `at` from now on, until it is advanced."""
        self._base, self._ahead = (lambda: at), 0.0

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


def iso(moment: float) -> str:
    """To the second, as Zoom writes most times: `2026-10-06T15:00:00Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
