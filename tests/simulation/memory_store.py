"""The real SQLite calls on a database in memory, without threads: slow, away, or silent about what it did.

It outlives the servers. Calls overtake one another, as they may with a pool of connections.
"""

from __future__ import annotations

import asyncio
import functools
import random
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, cast

from storage import sqlite_calls
from storage.migrations import load_migrations
from storage.sqlite import run_batch
from storage.sqlite_file import migrate
from storage.store import (
    Attendance,
    Joined,
    JoinRequest,
    Meeting,
    Restorable,
    StayAbandon,
    StayEnd,
    StayResume,
    StoreUnavailable,
)

T = TypeVar("T")


@functools.cache
def _empty() -> bytes:
    """A database that is up to date and holds nothing."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, load_migrations("sqlite"))
    return connection.serialize()


class MemoryStore:
    """`latency`: seconds a call takes, half of them before it is done. `away`, `hangs` and `forgets` are its faults."""

    def __init__(self, chance: random.Random) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        self.connection.deserialize(_empty())
        self.connection.execute("PRAGMA foreign_keys = ON")
        self._chance = chance
        self.latency = chance.choice((0.001, 0.01, 0.05, 0.3))
        self.away = False
        """Every call fails."""
        self.forgets = False
        """Every call is done, and fails."""
        self.hangs = False
        """Calls wait, five seconds at most, as for another process' lock."""

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def ping(self) -> None:
        await self._call(sqlite_calls.ping)

    async def create_meeting(self, room: str, user_id: str, title: str, at: float) -> tuple[Meeting, bool]:
        return await self._call(
            partial(sqlite_calls.create_meeting, room=room, user_id=user_id, title=title, at=at)
        )

    async def meeting(self, room: str) -> Meeting | None:
        return await self._call(partial(sqlite_calls.meeting, room=room))

    async def join(self, request: JoinRequest) -> Joined:
        return await self._call(partial(sqlite_calls.join, request=request))

    async def leave(self, end: StayEnd) -> None:
        await self._call(partial(sqlite_calls.leave, end=end))

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        await self._call(partial(sqlite_calls.abandon_stay, abandon=abandon))

    async def resume_stay(self, resume: StayResume) -> None:
        await self._call(partial(sqlite_calls.resume_stay, resume=resume))

    async def restorable(self, now: float, grace: float, slack: float) -> Sequence[Restorable]:
        return await self._call(partial(sqlite_calls.restorable, now=now, grace=grace, slack=slack))

    async def end_meeting(self, room: str, at: float) -> Meeting:
        return await self._call(partial(sqlite_calls.end_meeting, room=room, at=at))

    async def attendance(self, room: str) -> Attendance:
        return await self._call(partial(sqlite_calls.attendance, room=room))

    async def heartbeat(self, node_id: str, at: float) -> None:
        await self._call(partial(sqlite_calls.heartbeat, node_id=node_id, at=at))

    async def close_dead_nodes(self, dead_before: float) -> int:
        return await self._call(partial(sqlite_calls.close_dead_nodes, dead_before=dead_before))

    async def stop_node(self, node_id: str, at: float) -> int:
        return await self._call(partial(sqlite_calls.stop_node, node_id=node_id, at=at))

    async def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        await self._pass_time()
        if self.away:
            raise StoreUnavailable("the store is away")
        (outcome,) = run_batch(self.connection, "BEGIN IMMEDIATE", [work])
        await self._pass_time()
        if self.forgets or self.away:
            raise StoreUnavailable("the store went away before it answered")
        if isinstance(outcome, Exception):
            raise outcome
        return cast(T, outcome)

    async def _pass_time(self) -> None:
        await asyncio.sleep(self._chance.random() * self.latency)
        waited = 0.0
        # Slept through in steps: an event would wake up callers that were killed meanwhile.
        while self.hangs:
            if waited >= 5.0:
                raise StoreUnavailable("the store is busy")
            await asyncio.sleep(0.1)
            waited += 0.1
