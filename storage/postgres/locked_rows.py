"""Calls that need a row which another transaction holds: one forgotten in a terminal, a backup, a migration.

    batch ── locked ──► each of its calls ──► apart, one after another ──► its own answer
                                                   └── locked, alone ──► its meeting waits: tried again and again

Batches do not wait for this, so calls that need other rows proceed at once. While a meeting waits, calls about it are
not put into batches.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from storage.errors import RowLocked, StoreUnavailable
from storage.postgres.driver import Call
from storage.postgres.retries import Retries

REMEMBERED = 1.0
"""Seconds after which calls about a meeting that was locked are put into batches again."""

LOCKED = "a row that the call needs is locked"

READING = frozenset({"meeting", "participant"})
"""Calls that wait for no lock."""


class LockedRows:
    """`within`: seconds for one attempt. `patience`: seconds for which a locked row is retried."""

    def __init__(self, retries: Retries, *, within: float, patience: float) -> None:
        self._retries = retries
        self._within = within
        self._patience = patience
        self._locked_until: dict[str, float] = {}
        # Each lock admits one call at a time, which leaves connections for batches and heartbeats.
        self._apart = asyncio.Lock()
        self._waiting = asyncio.Lock()

    def holds_up(self, call: Call) -> bool:
        """Whether the call is about a meeting that was locked a moment ago."""
        if not self._locked_until or call["call"] in READING:
            return False
        return self._locked_until.get(call["room"], 0.0) > time.monotonic()

    async def carry_out(self, call: Call, error: RowLocked | None, *, patient: bool = True) -> Any:
        """Carry out the call by itself, and return its value. `error`: that of the batch it was in.

        Raises `StoreUnavailable` when its row stays locked for `patience` seconds, `RowLocked` at once without
        `patient`, and any error of the call.
        """
        give_up = time.monotonic() + self._patience
        if error is not None:
            async with self._apart:
                if not self.holds_up(call):
                    try:
                        return await self._once(call, error)
                    except RowLocked as locked:
                        error = locked
        if not patient and (error is not None or self._waiting.locked()):
            raise error or RowLocked(LOCKED)
        while True:
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + give_up - time.monotonic()):
                    await self._waiting.acquire()
            except TimeoutError:
                raise error or RowLocked(LOCKED) from None
            try:
                return await self._once(call, error)
            except RowLocked as locked:
                error = locked
            finally:
                self._waiting.release()
            delay = random.uniform(0.05, 0.15)  # noqa: S311 - spreads callers
            if not patient or time.monotonic() + delay > give_up:
                raise error
            await asyncio.sleep(delay)

    async def _once(self, call: Call, error: RowLocked | None) -> Any:
        certain = error is None or error.certain
        again = call if certain else {**call, "again": True}
        try:
            (outcome,) = await self._retries.make([again], within=self._within, patient=False)
        except RowLocked as locked:
            now = time.monotonic()
            still = {room: until for room, until in self._locked_until.items() if until > now}
            self._locked_until = still | {call["room"]: now + REMEMBERED}
            raise RowLocked(str(locked), certain=certain and locked.certain) from locked
        except StoreUnavailable as unavailable:
            raise StoreUnavailable(
                str(unavailable), unavailable.retry_after, certain=certain and unavailable.certain
            ) from unavailable
        self._locked_until.pop(call["room"], None)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
