"""Limits how often one person may join or resume in one meeting. Past the limit they are told to wait."""

from __future__ import annotations

from server.runtime.rates import Rate
from signalling.protocol.errors import ErrorCode, Refused

RATE = 1.0
AT_ONCE = 120
"""Joins and resumes of one person in one meeting, per second and at once: a browser may restore a hundred tabs."""


class Comings:
    """`limited` False: no limit."""

    def __init__(self, *, limited: bool) -> None:
        self._rate = Rate(AT_ONCE, AT_ONCE / RATE) if limited else None

    def __len__(self) -> int:
        """How many people are remembered."""
        return len(self._rate or ())

    def count(self, room: str, user_id: str, now: float) -> None:
        """Raises `Refused` with the seconds to wait. `now` is the monotonic clock's."""
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
