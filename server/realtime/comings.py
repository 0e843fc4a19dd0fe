"""How often one person may come into one meeting: whoever joins and leaves, or resumes, without end is told to wait."""

from __future__ import annotations

from server.runtime.rates import Rate
from signalling.protocol.errors import ErrorCode, Refused

RATE = 1.0
AT_ONCE = 120
"""Joins and resumes of one person in one meeting, per second and at once: a browser may restore a hundred tabs."""


class Comings:
    """`limited` False: anybody may, as often as they like."""

    def __init__(self, *, limited: bool) -> None:
        self._rate = Rate(AT_ONCE, AT_ONCE / RATE) if limited else None

    def __len__(self) -> int:
        """How many people are remembered."""
        return len(self._rate or ())

    def count(self, room: str, user_id: str, now: float) -> None:
        """Raises `Refused` with the time after which to come again. `now` is of a clock that nobody sets."""
        if self._rate is None:
            return
        who = f"{room} {user_id}"
        wait = self._rate.wait(who, now)
        if wait:
            raise Refused(
                ErrorCode.RATE_LIMITED,
                "You come and go too often; wait a little.",
                retry_after=round(wait, 3),
            )
        self._rate.take(who, now)
