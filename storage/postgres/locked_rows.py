"""Calls that need a row which somebody else holds: a transaction forgotten in a terminal, a backup, a migration.

    batch ── locked ──► each of its calls ──► apart, one after another ──► its own answer
                                                   └── locked, alone ──► its meeting waits: tried again and again

Nothing of this happens where batches are carried out, so whoever needs other rows goes on at once. Calls about a
meeting that waits do not come into a batch at all, for as long as it does.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from storage.errors import StoreUnavailable
from storage.postgres.driver import Call, Locked
from storage.postgres.retries import Attempts

REMEMBERED = 1.0
"""Seconds after which a meeting that was locked is tried with others again."""

READING = frozenset({"meeting", "participant"})
"""These wait for nobody."""


class LockedRows:
    """`within`: seconds for one attempt. `patience`: those within which a locked row is tried again."""

    def __init__(self, attempts: Attempts, *, within: float, patience: float) -> None:
        self._attempts = attempts
        self._within = within
        self._patience = patience
        self._locked_until: dict[str, float] = {}
        # One call after another each, so that batches and heartbeats find connections.
        self._apart = asyncio.Lock()
        self._waiting = asyncio.Lock()

    def holds_up(self, call: Call) -> bool:
        """Whether the call most likely needs a row that was locked a moment ago."""
        if not self._locked_until or call["call"] in READING:
            return False
        return self._locked_until.get(call["room"], 0.0) > time.monotonic()

    async def carry_out(self, call: Call, error: Locked | None) -> Any:
        """What the call comes to, by itself. `error`: of the batch that it was in.

        Raises `StoreUnavailable` when its row is locked for longer than `patience` seconds; and what the call does.
        """
        give_up = time.monotonic() + self._patience
        if error is not None:
            async with self._apart:
                if not self.holds_up(call):
                    try:
                        return await self._once(call, error)
                    except Locked as locked:
                        error = locked
        while True:
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + give_up - time.monotonic()):
                    await self._waiting.acquire()
            except TimeoutError:
                raise error or Locked("a row that the call needs is locked") from None
            try:
                return await self._once(call, error)
            except Locked as locked:
                error = locked
            finally:
                self._waiting.release()
            delay = random.uniform(0.05, 0.15)  # noqa: S311 - spreads callers
            if time.monotonic() + delay > give_up:
                raise error
            await asyncio.sleep(delay)

    async def _once(self, call: Call, error: Locked | None) -> Any:
        certain = error is None or error.certain
        again = call if certain else {**call, "again": True}
        try:
            (outcome,) = await self._attempts.make([again], within=self._within, patient=False)
        except Locked as locked:
            now = time.monotonic()
            still = {room: until for room, until in self._locked_until.items() if until > now}
            self._locked_until = still | {call["room"]: now + REMEMBERED}
            raise Locked(str(locked), certain=certain and locked.certain) from locked
        except StoreUnavailable as unavailable:
            raise StoreUnavailable(
                str(unavailable), unavailable.retry_after, certain=certain and unavailable.certain
            ) from unavailable
        self._locked_until.pop(call["room"], None)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
