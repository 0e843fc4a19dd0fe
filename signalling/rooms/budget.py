"""A budget that fills with time (a token bucket): so much a second, and some of it at once."""

from __future__ import annotations


class Budget:
    """`rate` a second, of which `most` may be spent at once. It begins full."""

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, rate: float, most: float, now: float) -> None:
        self._rate = rate
        self._most = most
        self._left = most
        self._at = now

    def spend(self, amount: float, now: float) -> float:
        """Zero: it is spent. Otherwise nothing is, and there will be enough after so many seconds."""
        left = self.left(now)
        if amount <= left:
            self._left = left - amount
            return 0.0
        return (amount - left) / self._rate

    def left(self, now: float) -> float:
        """What may be spent at once."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        return self._left
