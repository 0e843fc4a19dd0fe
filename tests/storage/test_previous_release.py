"""The release before this one and this one on the same database: during an upgrade, and after a step back."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from storage import open_store
from storage.migrations import Applied, FunctionFile, SchemaFiles, load_migrations, load_schema
from storage.postgres.asyncpg_driver import PostgresDatabase
from storage.sqlite.database_file import APPLICATION_ID, migrate
from tests.databases import PostgresServer
from tests.storage.agreement import opened
from tests.storage.backends import Servers
from tests.storage.previous_release import VERSION, migrations, previous_release, schema, unpack
from tests.storage.script import Script

_numbers = count(1)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("release"))


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return await new_database(servers)


async def new_database(servers: Servers) -> str:
    return await (await servers.postgres()).make_database(f"release_{next(_numbers)}")


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_what_was_released_is_as_it_was(release: Path, backend: str) -> None:
    released = migrations(release, backend)
    assert load_migrations(backend)[: len(released)] == list(released)


async def test_the_previous_release_goes_on_where_this_one_has_migrated(release: Path, url: str) -> None:
    async with previous_release(release, url) as previous:
        assert await previous.answer() == "open"
        assert await previous.ask("asyncio.sleep(0, version('reconvene'))") == repr(VERSION)
        assert await previous.ask("join('ann', 1000.0)") == "('p_ann', True, False)"
        ours = open_store(url)
        assert (await ours.schema()).pending
        await ours.open()
        try:
            assert await previous.ask("came_back('ann', 1010.0)") == "None"
            assert await previous.ask("leave('ann', 1020.0)") == "None"
            assert await previous.ask("join('bob', 1030.0)") == "('p_bob', False, False)"
            assert await previous.ask("store.heartbeat('n_old', 1040.0)") in ("None", "True")
            (ann, bob) = [("ann", 1000.0, 1020.0, "left", 2), ("bob", 1030.0, None, None, 1)]
            assert await previous.ask("stays()") == repr([ann, bob])
            # Each sees what the other one does.
            await Script(ours, "OLD").join("cem", 1050.0)
            cem = ("Cem", 1050.0, None, None, 1)
            assert await previous.ask("stays()") == repr([ann, bob, cem])
            assert [person.name for person, _ in (await ours.attendance("OLD")).participants] == [
                *("ann", "bob", "Cem")
            ]
            assert await previous.ask("store.close_dead_nodes(1041.0)") == "1"
            assert await previous.ask("store.end_meeting('OLD', 1060.0)") != ""
            assert await previous.ask("stays()") == repr(
                [ann, ("bob", 1030.0, 1040.0, "lost", 1), (*cem[:2], 1060.0, "ended", 1)]
            )
        finally:
            await ours.close()


async def test_a_restart_of_the_previous_release_changes_nothing(release: Path, url: str) -> None:
    ours = open_store(url)
    await ours.open()
    await Script(ours).join("ann")
    async with previous_release(release, url) as previous:
        assert await previous.answer() == "SchemaTooNew"
    assert (await ours.schema()).pending == ()
    assert (await Script(ours).join("ann", 1010.0)).continued
    await ours.close()


async def test_the_previous_release_turns_away_whom_this_one_does(release: Path, servers: Servers) -> None:
    url = await new_database(servers)
    async with previous_release(release, url) as previous:
        assert await previous.answer() == "open"
        async with opened([open_store(url)]) as (ours,):
            script = Script(ours, "OLD")
            await script.join("ann", 1000.0)
            await script.change(1001.0, remove={"bob": "never"}, admit=["cem"])
            assert await previous.ask("join('cem', 1010.0)") == "('p_cem', False, False)"
            assert await previous.ask("join('bob', 1010.0)") == "NotLetIn"


RIGHTS = (
    "GRANT USAGE ON SCHEMA reconvene TO server; "
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reconvene TO server"
)
"""As docs/operations.md has it."""


@pytest.fixture
async def plain_postgres() -> AsyncIterator[PostgresServer]:
    """Its own cluster: another test may make Supabase's roles in the shared one, and then no other role has rights."""
    async with PostgresServer() as server:
        yield server


async def test_a_server_that_may_not_migrate_goes_on_while_another_user_does(
    release: Path, plain_postgres: PostgresServer
) -> None:
    postgres, database = plain_postgres, "goes_on"
    url = await postgres.make_database(database)
    await PostgresDatabase(url).migrate(schema(release))
    await postgres.make_role("server")
    # A plan for any values names all tables; one for the values of a call leaves out those it does not come to.
    await postgres.execute(
        f"{RIGHTS}; ALTER ROLE server SET plan_cache_mode = force_generic_plan", database=database
    )
    restricted = postgres.url(database, user="server")
    async with previous_release(release, restricted) as previous:
        assert await previous.answer() == "open"
        assert await previous.ask("join('ann', 1000.0)") == "('p_ann', True, False)"
        await open_store(url).migrate()
        assert await previous.ask("came_back('ann', 1010.0)") == "None"
        # Nor do its calls need what is new.
        await postgres.execute(
            "REVOKE ALL ON reconvene.revocations, reconvene.function_files FROM server", database=database
        )
        assert await previous.ask("join('bob', 1030.0)") == "('p_bob', False, False)"


async def test_a_server_that_may_not_migrate_may_use_new_tables(
    release: Path, plain_postgres: PostgresServer
) -> None:
    postgres, database = plain_postgres, "new_tables"
    url = await postgres.make_database(database)
    await PostgresDatabase(url).migrate(schema(release))
    await postgres.make_role('"Server 2"')
    await postgres.execute(RIGHTS.replace("TO server", 'TO "Server 2"'), database=database)
    await open_store(url).migrate()
    ours = open_store(postgres.url(database, user="Server%202"))
    await ours.open()
    await ours.revoke("u_ann", 1000.0, forget=0.0, at=900.0)
    assert await ours.revocations() == {"u_ann": 1000.0}
    await ours.close()


async def test_the_previous_release_goes_on_with_new_tables_and_its_own_functions(
    release: Path, servers: Servers
) -> None:
    """Between two files of `supabase db push`, each of which is a transaction."""
    url = await new_database(servers)
    async with previous_release(release, url) as previous:
        assert await previous.answer() == "open"
        await PostgresDatabase(url).migrate(SchemaFiles(load_migrations("postgres")))
        assert await previous.ask("join('ann', 1000.0)") == "('p_ann', True, False)"
        assert await previous.ask("came_back('ann', 1010.0)") == "None"
        assert await previous.ask("leave('ann', 1020.0)") == "None"
        assert await previous.ask("join('bob', 1030.0)") == "('p_bob', False, False)"
        assert await previous.ask("store.heartbeat('n_old', 1040.0)") in ("None", "True")
        assert await previous.ask("store.close_dead_nodes(1041.0)") == "1"
        assert "'OLD'" in await previous.ask("store.hosted_meetings('ann', 10)")
        assert "'OLD'" in await previous.ask("store.hosted_meetings(None, 10)")


# Functions


def with_word(files: SchemaFiles, word: str, release: tuple[int, ...]) -> SchemaFiles:
    """As a release has it in which the clock answers with a word."""
    functions = [
        FunctionFile(file.name, file.sql.replace("extract(epoch FROM clock_timestamp()))\n", f"'{word}')\n"))
        for file in files.functions
    ]
    assert functions != files.functions
    return replace(files, functions=functions, release=release)


async def test_functions_are_those_of_the_newest_release_whoever_starts_last(servers: Servers) -> None:
    url = await new_database(servers)
    database = PostgresDatabase(url)
    files = load_schema()
    older, same, newer, newest = (
        with_word(files, word, release)
        for word, release in [
            ("older", (0, 9, 9)),
            ("same", (0, 10, 0)),
            ("newer", (0, 10, 0)),
            ("newest", (1, 0, 0)),
        ]
    )
    await database.open()

    async def starts(release: SchemaFiles) -> tuple[bool, str]:
        applied = await database.migrate(release)
        (answer,) = await database.carry_out([{"call": "clock"}], 5.0)
        return bool(applied), answer["value"]

    try:
        assert await starts(same) == (True, "same")
        assert await starts(same) == (False, "same")
        assert await starts(older) == (False, "same")
        # While a release is made, its number stays.
        assert await starts(newer) == (True, "newer")
        assert await starts(newest) == (True, "newest")
        assert await starts(newer) == (False, "newest")
        assert (await database.applied()).release == (1, 0, 0)
    finally:
        await database.close()


def test_what_is_pending() -> None:
    one, two = FunctionFile("functions/one", "1"), FunctionFile("functions/two", "2")
    files = SchemaFiles(load_migrations("postgres"), [one, two], (0, 6, 0))
    newest = len(files.migrations)
    hashes = {one.name: one.hash, two.name: two.hash}
    assert files.pending(Applied()) == files
    assert files.pending(Applied(newest, hashes, (0, 6, 0))).names == ()
    assert files.pending(Applied(newest, hashes, (0, 5, 9))).names == ()
    assert files.pending(Applied(newest, {one.name: one.hash}, (0, 6, 0))).names == (two.name,)
    assert files.pending(Applied(newest - 1, {**hashes, one.name: "other"}, (0, 5, 9))).names == (
        *(files.migrations[-1].name, one.name),
    )
    assert files.pending(Applied(newest, {}, (0, 10, 0))).names == ()


# One schema, however it came about

RELEASES = {"sqlite": (1, 2, 3, 4, 6, 8), "postgres": (5, 12, 13, 16, 17)}
"""How many migrations the releases had; PostgreSQL came with 0.3."""

CATALOG = {
    "functions": "SELECT n.nspname, pg_get_functiondef(p.oid), p.proacl::text "
    "FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace",
    "tables": "SELECT c.relname, relkind::text, relrowsecurity, reloptions::text, relacl::text, attname, "
    "format_type(atttypid, atttypmod), attcollation::regcollation::text, attnotnull, pg_get_expr(adbin, adrelid) "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
    "JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped "
    "LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = attnum",
    "indexes": "SELECT schemaname, indexdef FROM pg_indexes i JOIN pg_namespace n ON nspname = schemaname",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(c.oid) "
    "FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace",
    "triggers": "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid "
    "JOIN pg_namespace n ON n.oid = relnamespace WHERE NOT tgisinternal",
    "schema": "SELECT nspname, nspacl::text FROM pg_namespace n",
}


async def catalog(servers: Servers, url: str) -> dict[str, list[tuple[object, ...]]]:
    postgres = await servers.postgres()
    ours = "n.nspname IN ('reconvene', 'public')"
    found = {}
    for kind, query in CATALOG.items():
        where = f"{query} {'AND' if 'WHERE' in query else 'WHERE'} {ours}"
        rows = await postgres.fetch(where, database=url.rpartition("/")[2])
        found[kind] = sorted((tuple(row) for row in rows), key=repr)
        assert found[kind]
    return found


async def test_a_database_of_every_release_becomes_what_a_new_one_is(release: Path, servers: Servers) -> None:
    await servers.supabase()  # With its roles, so that grants are compared.
    fresh, upgraded = await new_database(servers), await new_database(servers)
    await open_store(fresh).migrate()
    released = migrations(release, "postgres")
    for version in RELEASES["postgres"]:
        await PostgresDatabase(upgraded).migrate(SchemaFiles(released[:version]))
    await open_store(upgraded).migrate()
    assert await catalog(servers, upgraded) == await catalog(servers, fresh)


async def test_each_function_stands_once_and_is_right(servers: Servers) -> None:
    files = load_schema()
    told = [
        name
        for file in files.functions
        for name in re.findall(r"^CREATE OR REPLACE FUNCTION reconvene\.(\w+)", file.sql, re.MULTILINE)
    ]
    url = await new_database(servers)
    await open_store(url).migrate()
    postgres, database = await servers.postgres(), url.rpartition("/")[2]
    made = await postgres.fetch(
        "SELECT proname, pg_get_functiondef(oid) AS text FROM pg_proc WHERE pronamespace = 'reconvene'::regnamespace",
        database=database,
    )
    assert sorted(told) == sorted(row["proname"] for row in made)
    # With the bodies checked, which is left out where one may call another that is not there yet.
    for row in made:
        await postgres.execute(row["text"], database=database)


async def test_a_file_of_every_release_becomes_what_a_new_one_is(release: Path, tmp_path: Path) -> None:
    def schema(file: Path) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(
                "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
            ).fetchall()

    fresh, upgraded = tmp_path / "fresh.db", tmp_path / "upgraded.db"
    await open_store(f"sqlite:///{fresh}").migrate()
    released = list(migrations(release, "sqlite"))
    with closing(sqlite3.connect(upgraded, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for version in RELEASES["sqlite"]:
            migrate(connection, released[:version])
    await open_store(f"sqlite:///{upgraded}").migrate()
    assert schema(upgraded) == schema(fresh)
