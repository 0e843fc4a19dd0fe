"""How long a client waits before it tries again. The page's `static/sdk/back-off.js` is the same."""

from __future__ import annotations

from collections.abc import Callable

BASE, CAP = 0.4, 8.0
"""Seconds."""


class BackOff:
    """Capped exponential back-off with full jitter, so that clients that lost their server do not all return at once.

    `random` returns numbers in [0, 1).
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def failed(self) -> float:
        """Count a failure, and return the seconds to wait."""
        most = min(CAP, BASE * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return self._random() * most

    def succeeded(self) -> None:
        self._failures = 0
