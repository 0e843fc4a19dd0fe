"""A Supabase project: what its keys may do, what is said of one that will not do, and an API that is restarted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from storage import open_store
from storage.errors import BadStore, SchemaTooNew, StoreError, StoreUnavailable
from storage.migrations import load_migrations
from storage.postgres.function_store import FunctionStore
from storage.store import Store
from tests.databases import PostgrestServer
from tests.storage.backends import TABLES, Servers, apply_migrations, supabase_place
from tests.storage.crowd import Crowd, works_again
from tests.storage.place import Place
from tests.storage.script import Script

ALL_TABLES = (*TABLES, "migrations", "function_files")
STRANGERS = ("anon", "authenticated")


@pytest.fixture
async def project(servers: Servers) -> PostgrestServer:
    return await servers.supabase()


@pytest.fixture
async def place(servers: Servers, project: PostgrestServer, tmp_path: Path) -> Place:
    return await supabase_place(servers, tmp_path)


async def refusal(url: str, key: str) -> StoreError:
    """What `open` says of the settings. It never repeats the key."""
    store = open_store("supabase", supabase_url=url, supabase_key=key)
    with pytest.raises(StoreError) as caught:
        await store.open()
    await store.close()
    assert key not in str(caught.value)
    return caught.value


# Who may do what


@pytest.fixture
async def client(project: PostgrestServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{project.url}/rest/v1") as client:
        yield client


def headers(key: str, **others: str) -> dict[str, str]:
    return {"apikey": key, "Authorization": f"Bearer {key}", **others}


async def test_the_tables_cannot_be_read_through_the_api(
    project: PostgrestServer, store: Store, client: httpx.AsyncClient
) -> None:
    await Script(store).join("ann")
    for key in (project.anon_key, project.service_key):
        for table in ALL_TABLES:
            plain = await client.get(f"/{table}", headers=headers(key))
            in_schema = await client.get(f"/{table}", headers=headers(key, **{"Accept-Profile": "reconvene"}))
            assert (plain.status_code, in_schema.status_code) == (404, 406), table


async def test_only_the_service_role_may_call_and_nothing_but_the_one_function(
    project: PostgrestServer, place: Place, client: httpx.AsyncClient
) -> None:
    async def call(key: str, function: str = "reconvene", **profile: str) -> int:
        answer = await client.post(
            f"/rpc/{function}", json={"calls": [{"call": "version"}]}, headers=headers(key, **profile)
        )
        return answer.status_code

    assert await call(project.service_key) == 200
    assert await call(project.anon_key) in (401, 403)
    within = {"Content-Profile": "reconvene"}
    for key in (project.anon_key, project.service_key):
        assert await call(key, "carry_out") == 404
        assert await call(key, "carry_out", **within) == 406


async def test_the_database_grants_strangers_nothing_whatever_the_projects_default_privileges(
    project: PostgrestServer, place: Place
) -> None:
    """So that nothing comes to light when somebody exposes the schema."""
    granted = await project.postgres.fetch(
        """
        SELECT role, 'schema' AS kind, nspname::text AS name
        FROM unnest($1::text[]) AS role, pg_namespace
        WHERE nspname = 'reconvene' AND has_schema_privilege(role, oid, 'USAGE, CREATE')
        UNION ALL
        SELECT role, 'table', relname
        FROM unnest($1::text[]) AS role, pg_class
        WHERE relnamespace = 'reconvene'::regnamespace AND relkind IN ('r', 'v', 'm')
            AND has_table_privilege(role, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        UNION ALL
        SELECT role, 'function', proname
        FROM unnest($1::text[]) AS role, pg_proc
        WHERE (pronamespace = 'reconvene'::regnamespace OR proname = 'reconvene')
            AND has_function_privilege(role, oid, 'EXECUTE')
        """,
        STRANGERS,
        database=project.database,
    )
    assert [tuple(row) for row in granted] == []


async def test_every_table_has_row_level_security_and_no_function_runs_as_its_owner(
    project: PostgrestServer, place: Place
) -> None:
    tables = await project.postgres.fetch(
        "SELECT relname, relrowsecurity FROM pg_class"
        " WHERE relnamespace = 'reconvene'::regnamespace AND relkind = 'r'",
        database=project.database,
    )
    assert {row["relname"]: row["relrowsecurity"] for row in tables} == dict.fromkeys(ALL_TABLES, True)
    risen = await project.postgres.fetch(
        "SELECT proname FROM pg_proc"
        " WHERE prosecdef AND (pronamespace = 'reconvene'::regnamespace OR proname = 'reconvene')",
        database=project.database,
    )
    assert risen == []


# Settings


async def test_a_key_of_another_project_is_named(project: PostgrestServer) -> None:
    error = await refusal(
        project.url, project.key("service_role", "another project's secret, as long as any")
    )
    assert isinstance(error, BadStore)
    assert "SUPABASE_SERVICE_KEY" in str(error)


async def test_the_anonymous_key_is_named(project: PostgrestServer, place: Place) -> None:
    error = await refusal(project.url, project.anon_key)
    assert isinstance(error, BadStore)
    assert "SUPABASE_SERVICE_KEY" in str(error)


async def test_a_project_without_migrations_is_told_how_to_get_them(servers: Servers) -> None:
    postgres = await servers.postgres()
    url = await postgres.make_database("unmigrated", owner="unmigrated")
    async with PostgrestServer(postgres, url) as project:
        error = await refusal(project.url, project.service_key)
        assert isinstance(error, BadStore)
        assert "SQL editor" in str(error)
        assert "supabase db push" in str(error)
        # And who follows the advice is in.
        await apply_migrations(url)
        await project.has("reconvene")
        store = open_store("supabase", supabase_url=project.url, supabase_key=project.service_key)
        await store.open()
        assert (await store.schema()).pending == ()
        await store.close()


async def test_migrations_that_are_missing_or_of_tomorrow_are_told(
    project: PostgrestServer, place: Place
) -> None:
    last = load_migrations("postgres")[-1]
    renumber = "UPDATE reconvene.migrations SET number = number + $1 WHERE name = $2"
    await project.postgres.fetch(renumber, 1, last.name, database=project.database)
    try:
        tomorrow = await refusal(project.url, project.service_key)
    finally:
        await project.postgres.fetch(renumber, -1, last.name, database=project.database)
    assert isinstance(tomorrow, SchemaTooNew)

    await project.postgres.fetch(
        "DELETE FROM reconvene.migrations WHERE name = $1", last.name, database=project.database
    )
    try:
        missing = await refusal(project.url, project.service_key)
    finally:
        await project.postgres.fetch(
            "INSERT INTO reconvene.migrations (number, name) VALUES ($1, $2)",
            last.number,
            last.name,
            database=project.database,
        )
    assert isinstance(missing, BadStore)
    assert "SQL editor" in str(missing)


async def test_a_table_that_is_missing_is_told_when_the_store_is_opened(
    project: PostgrestServer, store: Store
) -> None:
    rename = "ALTER TABLE reconvene.{} RENAME TO {}"
    await project.postgres.execute(rename.format("nodes", "knots"), database=project.database)
    try:
        with pytest.raises(StoreUnavailable):
            await Script(store).join("ann")
        error = await refusal(project.url, project.service_key)
    finally:
        await project.postgres.execute(rename.format("knots", "nodes"), database=project.database)
    assert isinstance(error, BadStore)
    assert "SUPABASE" in str(error)
    await Script(store).join("ann")


# Restarts


async def test_nothing_acknowledged_is_lost_when_the_api_is_restarted_in_mid_load(
    project: PostgrestServer, store: Store
) -> None:
    async with Crowd(store) as crowd:
        for end in (project.kill, project.stop, project.kill):
            await crowd.acknowledged(100)
            await end()
            await project.start()
        await crowd.acknowledged(100)
    await crowd.check()


async def test_behind_a_gateway_whose_project_is_down_the_store_is_unavailable_until_it_is_back(
    project: PostgrestServer, place: Place
) -> None:
    store = FunctionStore(place.database(), patience=0.3)
    await store.open()
    await project.stop()
    try:
        with pytest.raises(StoreUnavailable):
            await Script(store).join("ann")
        assert isinstance(await refusal(project.url, project.service_key), StoreUnavailable)
    finally:
        await project.start()
    await works_again(store)
    await Script(store).join("ann")
    await store.close()
