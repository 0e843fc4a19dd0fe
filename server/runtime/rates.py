"""How often something may happen: so many at once, and then as fast as they come back (a leaky bucket, kept as GCRA:
one number per key, the moment from which all may be had again)."""

from __future__ import annotations

from collections import OrderedDict

MOST_KEYS = 20_000
"""Keys that are remembered. Past that, those are forgotten that were used longest ago."""

_ROUNDING = 1e-6


class Rate:
    """`most` at once; all of them come back within `seconds`. `width` multiplies that for one key."""

    def __init__(self, most: int, seconds: float) -> None:
        self._every = seconds / most
        self._seconds = seconds
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: str, now: float, width: int = 1) -> float:
        """Seconds until one more may be taken: 0.0, now."""
        full_at = self._full_at.get(key, 0.0)
        wait = full_at + self._every / width - now - self._seconds
        return wait if wait > _ROUNDING else 0.0

    def take(self, key: str, now: float, width: int = 1) -> None:
        """Count one, even past the limit: what could not be refused beforehand is waited for afterwards."""
        full_at = max(self._full_at.get(key, now), now)
        self._full_at[key] = full_at + self._every / width
        self._full_at.move_to_end(key)
        self._forget(now)

    def give_back(self, key: str, width: int = 1) -> None:
        """One that was taken for nothing."""
        if key in self._full_at:
            self._full_at[key] -= self._every / width

    def _forget(self, now: float) -> None:
        """What is full again is not worth remembering. Each call takes in one key at most, and drops two."""
        for _ in range(2):
            key = next(iter(self._full_at))
            if len(self._full_at) <= MOST_KEYS and self._full_at[key] > now:
                return
            del self._full_at[key]
            if not self._full_at:
                return
