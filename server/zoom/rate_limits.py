"""How many requests a second: Zoom limits each label of its endpoints, per account.

Daily limits are not counted here: Zoom says when they are reached.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

from aiolimiter import AsyncLimiter

Label = Literal["light", "medium", "heavy"]

RATES: Mapping[Label, float] = {"light": 30.0, "medium": 20.0, "heavy": 10.0}
"""Requests a second, in the smallest plan that has reports (Pro)."""

NOTICEABLE = 0.5
"""Seconds; longer waits are reported."""

OnWait = Callable[[float, str], None]


class Limits:
    """The limits of one account, for one event loop."""

    def __init__(self, rates: Mapping[Label, float] = RATES) -> None:
        self._rates = dict(rates)
        # One at a time and evenly: a bucket that holds a second's worth would admit twice that in its first second.
        self._limiters = {label: AsyncLimiter(1, 1 / rate) for label, rate in rates.items()}
        self._waiting = dict.fromkeys(rates, 0)

    async def take(self, label: Label, on_wait: OnWait) -> None:
        """Wait until a request with that label may be sent."""
        limiter, rate = self._limiters[label], self._rates[label]
        seconds = 0.0 if limiter.has_capacity() else (self._waiting[label] + 1) / rate
        if seconds > NOTICEABLE:
            on_wait(seconds, f"other requests come first: {rate:g} a second")
        self._waiting[label] += 1
        try:
            await limiter.acquire()
        finally:
            self._waiting[label] -= 1


_shared: dict[tuple[asyncio.AbstractEventLoop, str], Limits] = {}


def limits_of(account: str) -> Limits:
    """The limits that all clients of an account share in the running event loop."""
    for key in [key for key in _shared if key[0].is_closed()]:
        del _shared[key]
    return _shared.setdefault((asyncio.get_running_loop(), account), Limits())
