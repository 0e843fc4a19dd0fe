"""Someone else's transactions, which others have to wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests.databases import PostgresServer


@asynccontextmanager
async def holding(
    postgres: PostgresServer, database: str, sql: str
) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A transaction of someone else that has done this, and ends with the block."""
    connection = await postgres.connect(database)
    try:
        async with connection.transaction():
            # Not the one that PostgreSQL ends to resolve a deadlock.
            await connection.execute("SET LOCAL deadlock_timeout = '60s'")
            await connection.execute(sql)
            yield connection
    finally:
        await connection.close()


async def waiting(postgres: PostgresServer, holder: asyncpg.Connection[Any] | int) -> int:
    """A process that waits for what the holder (a connection, or a process) has locked, once there is one."""
    pid = holder if isinstance(holder, int) else holder.get_server_pid()
    connection = await postgres.connect()
    try:
        while True:
            rows = await connection.fetch(
                "SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))", pid
            )
            if rows:
                return int(rows[0]["pid"])
            await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def committed(postgres: PostgresServer, database: str, query: str) -> None:
    """Return once the query finds something."""
    while True:
        if await postgres.fetch(query, database=database):
            return
        await asyncio.sleep(0.01)
