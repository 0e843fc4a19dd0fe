"""A budget that refills with time (a token bucket), with a rate and a burst."""

from __future__ import annotations


class Budget:
    """Refills by `rate` a second, up to `most`. It starts full."""

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, rate: float, most: float, now: float) -> None:
        self._rate = rate
        self._most = most
        self._left = most
        self._at = now

    def adopt(self, left: float) -> None:
        """This was left, at the moment it was made for."""
        self._left = min(self._most, left)

    def spend(self, amount: float, now: float) -> float:
        """Spend `amount` and return zero, or spend nothing and return the seconds until there is enough."""
        left = self.left(now)
        if amount <= left:
            self._left = left - amount
            return 0.0
        return (amount - left) / self._rate

    def left(self, now: float) -> float:
        """What may be spent now."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        return self._left
