"""The backends of the contract suite: where each finds an empty database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg

from storage.migrations import load_schema
from tests.databases import PostgresServer, PostgrestServer
from tests.storage.place import Place

TABLES = (
    "meetings",
    "participants",
    "participant_sessions",
    "nodes",
    "imports",
    "import_parts",
    "import_walks",
    "import_keys",
    "import_stays",
    "import_registrants",
    "revocations",
    "admissions",
    "removals",
    "invites",
    "invite_uses",
    "changes",
    "audit",
    "messages",
)
"""All but those of what was migrated."""

EMPTIED = "DELETE FROM {table}"
AS_NEW = "TRUNCATE {table} CASCADE"
"""Makes each table and index anew, at thirty times the cost for few rows."""


class Servers:
    """Database servers, started when they are first asked for and kept; `close` ends them."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._postgres: PostgresServer | None = None
        self._supabase: PostgrestServer | None = None
        self._contract = ""
        self._emptying: dict[str, asyncpg.Connection[Any]] = {}

    async def postgres(self) -> PostgresServer:
        if self._postgres is None:
            self._postgres = await self._stack.enter_async_context(PostgresServer(deadlock_timeout="50ms"))
        return self._postgres

    async def supabase(self) -> PostgrestServer:
        """A project to which the migrations were applied, on the cluster of `postgres`."""
        if self._supabase is None:
            postgres = await self.postgres()
            url = await postgres.make_database("project", owner="project")
            self._supabase = await self._stack.enter_async_context(PostgrestServer(postgres, url))
            await apply_migrations(url)
            await self._supabase.has("reconvene")
        return self._supabase

    async def contract(self) -> str:
        """The URL of a database kept for the contract suite."""
        if not self._contract:
            self._contract = await (await self.postgres()).make_database("contract")
        return self._contract

    async def empty(self, database: str, how: str = EMPTIED) -> None:
        """Take all rows out of the store's tables, where there are any tables yet."""
        connection = self._emptying.get(database)
        # A test before this one may have restarted the database.
        if connection is None or connection.is_closed():
            self._emptying[database] = connection = await (await self.postgres()).connect(database)
            # Nothing refers to what is not there any more: no key is looked at, no trigger runs.
            await connection.execute("SET session_replication_role = replica")
        tables = [f"reconvene.{table}" for table in TABLES]
        # Whoever still writes, for a test that is over, is waited for.
        steps = (
            f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE",
            *(how.format(table=each) for each in tables),
        )
        await connection.execute(
            f"DO $$ BEGIN IF to_regnamespace('reconvene') IS NOT NULL THEN {'; '.join(steps)}; END IF; END $$"
        )

    async def close(self) -> None:
        for connection in self._emptying.values():
            connection.terminate()
        await self._stack.aclose()


async def apply_migrations(url: str) -> None:
    """As the SQL editor of a Supabase project does: each file as it is, all statements at once."""
    connection = await asyncpg.connect(url, ssl=False)
    try:
        files = load_schema()
        for sql in (*(migration.sql for migration in files.migrations), files.functions_sql):
            await connection.execute(sql)
    finally:
        await connection.close()


async def sqlite_place(_servers: Servers, folder: Path) -> Place:
    return Place(f"sqlite:///{folder}/store.db")


async def postgres_place(servers: Servers, _folder: Path) -> Place:
    url = await servers.contract()
    await servers.empty("contract")
    return Place(url)


async def supabase_place(servers: Servers, _folder: Path) -> Place:
    project = await servers.supabase()
    # A test before this one may have restarted the database.
    await project.ready()
    await servers.empty(project.database)
    return Place("supabase", project.url, project.service_key)


BACKENDS: Mapping[str, Callable[[Servers, Path], Awaitable[Place]]] = {
    "sqlite": sqlite_place,
    "postgres": postgres_place,
    "supabase": supabase_place,
}
"""What the contract suite runs against: each makes an empty database, or empties the one it has."""
