"""Calls to a database, until they are carried out or patience is at an end."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from storage.errors import BadStore, StoreUnavailable
from storage.postgres import rows
from storage.postgres.driver import Call, CallFailed, Database, Locked, Unheard

DUPLICATE = "23505"
LATE = {"refused": "late"}


class Attempts:
    """`patience`: seconds within which a call that failed is tried again."""

    def __init__(self, database: Database, patience: float) -> None:
        self._database = database
        self._patience = patience
        # How many seconds the database's clock is ahead of our monotonic one: measurements, each too small by the time
        # its answer took.
        self._ahead: deque[float] = deque(maxlen=5)

    async def make(
        self, calls: Sequence[Call], *, within: float, patient: bool = True, fenced: bool = True
    ) -> list[Any]:
        """What each call came to, a value or an exception. They share a transaction.

        `within`: seconds for one attempt. `fenced`: none may be carried out after that, behind what was asked for
        next. Raises `StoreUnavailable`; `Locked` at once without `patient`.
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
                if isinstance(error, Locked) and not patient:
                    raise Locked(str(error), certain=certain) from error
                if isinstance(error, Unheard) and fenced:
                    # It may be under way. What is asked for next must not be overtaken by it.
                    await asyncio.sleep(until - time.monotonic())
                certain = certain and error.certain
                delay = min(1.0, 0.05 * 2**tries) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers
                if time.monotonic() + delay > give_up:
                    raise StoreUnavailable(str(error), error.retry_after, certain=certain) from error
                calls = [{**call, "again": True} for call in calls]
            except BadStore as error:
                # It was right when the store was opened. Whoever changed that can change it back.
                raise StoreUnavailable(str(error)) from error
            except Exception as error:
                # The row that was in the way is there by now, and is found.
                if not (isinstance(error, CallFailed) and error.sqlstate == DUPLICATE and tries < 3):
                    return (
                        [error]
                        if len(calls) == 1
                        else await self.one_by_one(calls, within=within, certain=certain)
                    )
                delay = 0.0
            await asyncio.sleep(delay)

    async def one_by_one(self, calls: Sequence[Call], *, within: float, certain: bool = True) -> list[Any]:
        """So that a call that cannot be carried out takes no other with it.

        `certain`: nothing of them was kept so far.
        """
        outcomes: list[Any] = []
        for call in calls:
            try:
                outcomes += await self.make([call], within=within, patient=False)
            except Locked as error:
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
        """The database's clock showed that a moment ago."""
        self._ahead.append(told - time.monotonic())

    def _there(self, moment: float) -> float | None:
        """A moment of our monotonic clock, by the database's."""
        return moment + max(self._ahead) if self._ahead else None
