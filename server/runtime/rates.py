"""Rate limits: a burst at once, then as fast as it refills (a leaky bucket, kept as GCRA: one number per key, the time
at which the whole burst is available again)."""

from __future__ import annotations

from collections import OrderedDict

MOST_KEYS = 20_000
"""Keys that are remembered. Beyond this, the least recently used are forgotten."""

_ROUNDING = 1e-6


class Rate:
    """`most` at once; the whole burst refills within `seconds`. `width` multiplies the limit for one key."""

    def __init__(self, most: int, seconds: float) -> None:
        self._every = seconds / most
        self._seconds = seconds
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: str, now: float, width: int = 1) -> float:
        """Seconds until one more may be taken; 0.0: now."""
        full_at = self._full_at.get(key, 0.0)
        wait = full_at + self._every / width - now - self._seconds
        return wait if wait > _ROUNDING else 0.0

    def take(self, key: str, now: float, width: int = 1, times: int = 1) -> None:
        """Count, even past the limit: the excess lengthens later waits."""
        full_at = max(self._full_at.get(key, now), now)
        self._full_at[key] = full_at + times * self._every / width
        self._full_at.move_to_end(key)
        self._forget(now)

    def give_back(self, key: str, width: int = 1, times: int = 1) -> None:
        """Return what was taken but not used."""
        if key in self._full_at:
            self._full_at[key] -= times * self._every / width

    def _forget(self, now: float) -> None:
        """Drop keys that have refilled. Each call to `take` adds at most one key, and this drops up to two."""
        for _ in range(2):
            key = next(iter(self._full_at))
            if len(self._full_at) <= MOST_KEYS and self._full_at[key] > now:
                return
            del self._full_at[key]
            if not self._full_at:
                return
