"""What one would write without batching: each join is a transaction of its own. The stores are compared with it.

Schema, statements, answers and durability are the stores' own. Trying again and time-outs are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import orjson

from storage import sqlite_statements as sql
from storage.functions import FunctionStore
from storage.postgres import POOL_SIZE, PostgresDatabase
from storage.sqlite import SqliteStore
from storage.store import Joined, JoinRequest, Meeting, MeetingEnded, Participant, Stay
from storage.supabase import SupabaseDatabase

Run = Callable[[str, dict[str, Any]], Awaitable[Iterable[Any]]]

STAY = [field.name for field in fields(Stay)]


class SqliteEach:
    """aiosqlite, in the form that is fastest: one connection, as several would only wait for each other's lock, by
    polling; and `execute_fetchall`, which goes to aiosqlite's thread once where `execute`, `fetchone` and `close` go
    three times."""

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
        assert self._connection is not None
        run = self._connection.execute_fetchall
        async with self._turn:
            await run("BEGIN IMMEDIATE")
            try:
                joined = await _join(run, request)
            except BaseException:
                await run("ROLLBACK")
                raise
            await run("COMMIT")
        return joined


async def _join(run: Run, request: JoinRequest) -> Joined:
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
    row = await _row(run, sql.CREATE_MEETING, values)
    created = row is not None
    meeting = Meeting(*(row or await _row(run, sql.MEETING, values) or ()))
    if meeting.ended_at is not None:
        raise MeetingEnded(request.room)
    values["role"] = "host" if request.user_id == meeting.host_user_id else "participant"
    if await _row(run, sql.ADD_PARTICIPANT, values) is None:
        (values["participant_id"],) = await _row(run, sql.RENAME_PARTICIPANT, values) or ()
    await run(sql.KNOW_NODE, values)
    row = await _row(run, sql.OPEN_STAY, values) or ()
    columns = dict(zip(STAY, row, strict=True))
    reconnects = tuple(orjson.loads(columns.pop("reconnects")))
    stay = Stay(**columns | {"estimated": bool(columns["estimated"])}, reconnects=reconnects)
    participant = Participant(*(await _row(run, sql.PARTICIPANT, values) or ()))
    rejoined = participant.id != request.participant_id
    return Joined(meeting, participant, stay, created, rejoined, continued=stay.connections > 1)


async def _row(run: Run, statement: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    return next(iter(await run(statement, values)), None)


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

    async def _write(self, call: str, **arguments: Any) -> Any:
        assert self._pool is not None
        text = await self._pool.fetchval(
            f"SELECT reconvene.{call}_meeting($1::jsonb)::text",
            orjson.dumps(arguments).decode(),
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

    async def _write(self, call: str, **arguments: Any) -> Any:
        async with self._turns:
            (answer,) = await self._project.carry_out([{"call": call, **arguments}], within=30)
        return answer["value"]
