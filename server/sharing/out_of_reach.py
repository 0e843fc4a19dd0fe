"""A node that does not reach the engine: nobody could come back to it, so nobody is away meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable

from server.realtime.timer import STANDSTILL
from server.sharing.membership import Membership


class OutOfReach:
    """`excuse` is told afterwards for how many seconds absences do not count, and when that ended."""

    def __init__(self, membership: Membership, excuse: Callable[[float, float], None]) -> None:
        self._membership = membership
        self._excuse = excuse
        self._since: float | None = None
        self._looked_at = self._went_on_at = -math.inf

    def lasts(self, now: float) -> bool:
        """Whether it is so, asked with every tick."""
        stood = now - self._looked_at
        self._looked_at = now
        if stood > STANDSTILL:
            # The process did nothing, for which the timer excuses everybody.
            self._went_on_at = now
            if self._since is not None:
                self._since += stood
        if not self._membership.is_well:
            if self._since is None:
                # The engine was away before a beat has failed.
                self._since = max(self._membership.seen_at or now, self._went_on_at)
            return True
        if self._since is not None:
            self._excuse(now - self._since, now)
            self._since = None
        return False
