"""How many rows the calls for imports look at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from storage.import_store import StoreWithImports
from storage.postgres.asyncpg_driver import PostgresDatabase
from storage.postgres.function_store import FunctionStore
from tests.storage.backends import Servers, postgres_place
from tests.storage.import_script import APPROVED, TWO, ImportScript, heard, registrant, row


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


@pytest.fixture
async def counting(servers: Servers, tmp_path: Path) -> AsyncIterator[tuple[Counting, StoreWithImports]]:
    database = Counting((await postgres_place(servers, tmp_path)).url)
    store = FunctionStore(database)
    await store.open()
    yield database, store
    await store.close()


async def test_no_call_looks_at_many_more_rows_than_it_is_about(
    counting: tuple[Counting, StoreWithImports],
) -> None:
    database, store = counting
    large, small = ImportScript(store, "ZOOM-1"), ImportScript(store, "ZOOM-2")
    walk = await large.begin()
    names = await large.begin(APPROVED)
    # The plans are made with the first of these.
    for page in range(15):
        who = range(page * 100, page * 100 + 100)
        walk = await large.save(walk, *(row(f"s{n}", f"a{n}", f"b{n}") for n in who), cursor="more")
        names = await large.save(names, *(registrant(f"r{n}", f"b{n}", f"c{n}") for n in who), cursor="more")
    for script in (large, small):
        # Rows of another walk, of people known and of one who turns out to be two of them.
        again = await script.save(await script.begin(TWO), row("t1", "a1"), row("t2", "a2", "b3"))
        assert_few(database.looked_at)
        await script.finish(again)
        assert_few(database.looked_at)
        await script.hear(heard("l1", "a4", joined=1000.0, part="instance/live"))
        assert_few(database.looked_at)
    await large.finish(walk)
    await large.finish(names)

    await small.attendance()
    assert_few(database.looked_at)
    await store.import_totals(small.room)
    assert_few(database.looked_at)
    await store.registrations(small.room)
    assert_few(database.looked_at)
    # What is large is gone through a few times.
    assert len((await large.attendance()).participants) > 1000
    assert database.looked_at["import_stays"] <= 5 * 1500


def assert_few(looked_at: Mapping[str, int]) -> None:
    assert {name: count for name, count in looked_at.items() if count > 60} == {}
