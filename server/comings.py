"""How often one person may come into one meeting: whoever joins and leaves, or resumes, without end is told to wait."""

from __future__ import annotations

from signalling.budget import Budget
from signalling.errors import ErrorCode, Refused

RATE = 1.0
AT_ONCE = 120
"""Joins and resumes of one person in one meeting, per second and at once: a browser may restore a hundred tabs."""

FEW = 1000


class Comings:
    """`limited` False: anybody may, as often as they like."""

    def __init__(self, *, limited: bool) -> None:
        self._limited = limited
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._tidy_at = FEW

    def __len__(self) -> int:
        return len(self._budgets)

    def count(self, room: str, user_id: str, now: float) -> None:
        """Raises `Refused` with the time after which to come again. `now` is of a clock that nobody sets."""
        if not self._limited:
            return
        budget = self._budgets.get((room, user_id))
        if budget is None:
            self._tidy(now)
            budget = self._budgets[room, user_id] = Budget(RATE, AT_ONCE, now)
        wait = budget.spend(1, now)
        if wait:
            raise Refused(
                ErrorCode.RATE_LIMITED,
                "You come and go too often; wait a little.",
                retry_after=round(wait, 3),
            )

    def _tidy(self, now: float) -> None:
        """Forget those who have not come for a while, whenever there are twice as many as were left the last time."""
        if len(self._budgets) < self._tidy_at:
            return
        self._budgets = {who: budget for who, budget in self._budgets.items() if budget.left(now) < AT_ONCE}
        self._tidy_at = max(FEW, 2 * len(self._budgets))
