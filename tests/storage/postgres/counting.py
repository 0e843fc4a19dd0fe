"""A database that counts the rows its calls look at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from storage.postgres.asyncpg_driver import PostgresDatabase


class Counting(PostgresDatabase):
    """On one connection, whose plans are made while the tables are empty.

    `looked_at`: at how many rows the last call did, by table.
    """

    looked_at: Counter[str]

    async def open(self) -> None:
        self._connection: asyncpg.Connection[Any] = await asyncpg.connect(self._dsn, ssl=False)
        # Autovacuum passes over what it may not lock, and plans stay as they were made.
        self._holder: asyncpg.Connection[Any] = await asyncpg.connect(self._dsn, ssl=False)
        await self._holder.execute("BEGIN")
        tables = await self._holder.fetch("SELECT relid::regclass::text FROM pg_stat_user_tables")
        names = ", ".join(name for (name,) in tables)
        await self._holder.execute(f"LOCK TABLE {names} IN SHARE UPDATE EXCLUSIVE MODE")

    async def close(self) -> None:
        await self._holder.close()
        await self._connection.close()

    async def carry_out(
        self, calls: Sequence[Mapping[str, Any]], within: float, before: float | None = None
    ) -> Sequence[Any]:
        async with self._connection.transaction():
            so_far = await self._looked_at()
            text = await self._connection.fetchval(
                "SELECT reconvene.carry_out($1::jsonb, $2)::text", json.dumps(calls), before
            )
            self.looked_at = await self._looked_at() - so_far
        found: list[Any] = json.loads(text)
        return found

    async def _looked_at(self) -> Counter[str]:
        rows = await self._connection.fetch(
            "SELECT relname, coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables"
        )
        return Counter(dict(map(tuple, rows)))
