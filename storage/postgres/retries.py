"""Retries calls to a database until they are carried out, or patience runs out."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from storage.errors import BadStore, RowLocked, StoreUnavailable
from storage.postgres import rows
from storage.postgres.driver import Call, CallFailed, Database, Unheard

DUPLICATE = "23505"
LATE = {"refused": "late"}


class Retries:
    """`patience`: seconds for which a failed call is retried."""

    def __init__(self, database: Database, patience: float) -> None:
        self._database = database
        self._patience = patience
        # The seconds by which the database's clock is ahead of our monotonic one. Each measurement is too small by the
        # time its answer took.
        self._ahead: deque[float] = deque(maxlen=5)

    async def make(
        self, calls: Sequence[Call], *, within: float, patient: bool = True, fenced: bool = True
    ) -> list[Any]:
        """The outcome of each call, a value or an exception. The calls share a transaction.

        `within`: seconds for one attempt. `fenced`: no call may be carried out after that time, when later calls may
        already have been. Raises `StoreUnavailable`; `RowLocked` at once without `patient`.
        """
        give_up = time.monotonic() + self._patience
        certain, tries = True, 0
        while True:
            tries += 1
            until = time.monotonic() + within
            try:
                found = await self._database.carry_out(calls, within, self._there(until) if fenced else None)
                if found[0] != LATE:
                    return [rows.outcome(answer) for answer in found]
                await self.compare_clocks(within)
                raise StoreUnavailable("the call came too late to the database", certain=True)
            except StoreUnavailable as error:
                if isinstance(error, RowLocked) and not patient:
                    raise RowLocked(str(error), certain=certain) from error
                if isinstance(error, Unheard) and fenced:
                    # The call may be under way. It must not overtake later calls.
                    await asyncio.sleep(until - time.monotonic())
                certain = certain and error.certain
                delay = min(1.0, 0.05 * 2**tries) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers
                if time.monotonic() + delay > give_up:
                    raise StoreUnavailable(str(error), error.retry_after, certain=certain) from error
                calls = [{**call, "again": True} for call in calls]
            except BadStore as error:
                # The settings were right when the store was opened. Whoever changed something can change it back.
                raise StoreUnavailable(str(error)) from error
            except Exception as error:
                # Another process created the row meanwhile. The next attempt finds it.
                if not (isinstance(error, CallFailed) and error.sqlstate == DUPLICATE and tries < 3):
                    return (
                        [error]
                        if len(calls) == 1
                        else await self.one_by_one(calls, within=within, certain=certain)
                    )
                delay = 0.0
            await asyncio.sleep(delay)

    async def one_by_one(self, calls: Sequence[Call], *, within: float, certain: bool = True) -> list[Any]:
        """Each call in a transaction of its own, so that a failing call does not undo the others.

        `certain`: nothing of the calls was kept so far.
        """
        outcomes: list[Any] = []
        for call in calls:
            try:
                outcomes += await self.make([call], within=within, patient=False)
            except RowLocked as error:
                outcomes.append(error)
            except StoreUnavailable as error:
                unavailable = StoreUnavailable(
                    str(error), error.retry_after, certain=certain and error.certain
                )
                return outcomes + [unavailable] * (len(calls) - len(outcomes))
        return outcomes

    async def compare_clocks(self, within: float) -> None:
        (answer,) = await self._database.carry_out([{"call": "clock"}], within)
        self.see_clock(answer["value"])

    def see_clock(self, told: float) -> None:
        """`told`: the time that the database's clock showed a moment ago."""
        self._ahead.append(told - time.monotonic())

    def _there(self, moment: float) -> float | None:
        """A moment of our monotonic clock, converted to the database's clock."""
        return moment + max(self._ahead) if self._ahead else None
