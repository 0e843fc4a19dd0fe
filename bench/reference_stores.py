"""What one would write without batching: each join is a transaction of its own. The stores are compared with it.

Schema, statements, answers and durability are the stores' own. Trying again and time-outs are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import orjson

from storage.errors import MeetingEnded
from storage.postgres.asyncpg_driver import POOL_SIZE, PostgresDatabase
from storage.postgres.driver import Call
from storage.postgres.function_store import FunctionStore
from storage.postgres.supabase_driver import SupabaseDatabase
from storage.records import Joined, JoinRequest, Stay
from storage.sqlite import meeting_statements as sql
from storage.sqlite import rows
from storage.sqlite.store import SqliteStore

Row = Iterable[Any]
Query = Callable[[str, Mapping[str, Any]], Awaitable[Row | None]]
NOTHING: Mapping[str, Any] = {}

STAY = [field.name for field in fields(Stay)]


class SqliteEach:
    """aiosqlite, as it is documented: `async with connection.execute(…) as cursor`, then `fetchone`. One connection, as
    several would only wait for each other's lock, by polling."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = asyncio.Lock()
        self._connection: aiosqlite.Connection | None = None

    async def open(self) -> None:
        store = SqliteStore(self._path)
        await store.open()
        await store.close()
        connection = await aiosqlite.connect(self._path, isolation_level=None, cached_statements=256)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            await connection.execute_fetchall(f"PRAGMA {pragma}")
        self._connection = connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def join(self, request: JoinRequest) -> Joined:
        async with self._turn:
            await self.row("BEGIN IMMEDIATE")
            try:
                joined = await _join(self.row, request)
            except BaseException:
                await self.row("ROLLBACK")
                raise
            await self.row("COMMIT")
        return joined

    async def row(self, statement: str, values: Mapping[str, Any] = NOTHING) -> Row | None:
        """Execute it; answers the first row."""
        assert self._connection is not None
        async with self._connection.execute(statement, values) as cursor:
            return await cursor.fetchone()


class SqliteEachTuned(SqliteEach):
    """`execute_fetchall` goes to aiosqlite's thread once where `execute`, `fetchone` and `close` go three times."""

    async def row(self, statement: str, values: Mapping[str, Any] = NOTHING) -> Row | None:
        assert self._connection is not None
        rows = await self._connection.execute_fetchall(statement, values)
        return next(iter(rows), None)


async def _join(row_of: Query, request: JoinRequest) -> Joined:
    values: dict[str, Any] = {
        "room": request.room,
        "user_id": request.user_id,
        "title": request.title,
        "name": request.name,
        "first_name": request.first_name,
        "participant_id": request.participant_id,
        "session_id": request.session_id,
        "previous_session": request.previous_session,
        "grace": request.grace,
        "node_id": request.node_id,
        "instance": request.instance,
        "at": request.at,
        "returned_at": round(request.at, 3),
    }
    row, created = await row_of(sql.MEETING, values), False
    if row is None:
        row, created = await row_of(sql.CREATE_MEETING, values), True
        await row_of(sql.KNOW_NODE, values)
    meeting = rows.meeting(tuple(row or ()))
    if meeting.ended_at is not None:
        raise MeetingEnded(request.room)
    values["sitting"] = meeting.sitting
    values["role"] = "host" if request.user_id == meeting.host_user_id else "participant"
    participant = rows.participant(tuple(await row_of(sql.ADD_PARTICIPANT, values) or ()))
    rejoined = participant.id != request.participant_id
    values["participant_id"] = participant.id
    row = await row_of(sql.OPEN_STAY, values) or ()
    columns = dict(zip(STAY, row, strict=True))
    reconnects = tuple(orjson.loads(columns.pop("reconnects")))
    stay = Stay(**columns | {"estimated": bool(columns["estimated"])}, reconnects=reconnects)
    if rejoined:
        participant = rows.participant(tuple(await row_of(sql.PARTICIPANT, values) or ()))
    return Joined(meeting, participant, stay, created, rejoined, continued=stay.connections > 1)


class PostgresEach(FunctionStore):
    """One call of the function that joins, as a statement of its own, on a pool of the same size."""

    def __init__(self, url: str) -> None:
        super().__init__(PostgresDatabase(url))
        self._url = url
        self._pool: asyncpg.Pool[Any] | None = None

    async def open(self) -> None:
        await self.migrate()
        self._pool = await asyncpg.create_pool(self._url, min_size=POOL_SIZE, max_size=POOL_SIZE, ssl=False)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def _together(self, _: Any, call: Call, *, patient: bool = True) -> Any:
        assert self._pool is not None
        text = await self._pool.fetchval(
            "SELECT reconvene.join_meeting($1::jsonb)::text", orjson.dumps(call).decode()
        )
        return orjson.loads(text)["value"]


class SupabaseEach(FunctionStore):
    """One rpc for each join, by supabase-py."""

    def __init__(self, url: str, key: str, requests: int = SupabaseDatabase.concurrency) -> None:
        self._project = SupabaseDatabase(url, key)
        # httpx is slow where calls queue for a connection: they queue here.
        self._turns = asyncio.Semaphore(requests)
        super().__init__(self._project)

    async def open(self) -> None:
        await self._project.open()

    async def close(self) -> None:
        await self._project.close()

    async def _together(self, _: Any, call: Call, *, patient: bool = True) -> Any:
        async with self._turns:
            (answer,) = await self._project.carry_out([call], within=30)
        return answer["value"]
