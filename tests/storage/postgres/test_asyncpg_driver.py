"""PostgreSQL: settings and permissions that will not do, poolers, and databases of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from storage import open_store
from storage.errors import BadStore, SchemaTooNew, StoreError, StoreUnavailable
from storage.migrations import load_migrations, load_schema
from storage.store import Store
from tests.databases import Pgbouncer, PostgresServer
from tests.databases.daemon import free_port
from tests.storage.crowd import Crowd
from tests.storage.script import Script

_numbers = count()


@pytest.fixture
async def url(postgres: PostgresServer) -> str:
    """An empty database of the test's own."""
    return await postgres.make_database(f"own_{next(_numbers)}")


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = open_store(url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def stranger(postgres: PostgresServer) -> str:
    """A role that may connect, and nothing else."""
    if not await postgres.fetch("SELECT FROM pg_roles WHERE rolname = 'stranger'"):
        await postgres.make_role("stranger")
    return "stranger"


def database_of(url: str) -> str:
    return url.rpartition("/")[2]


async def refusal(url: str) -> StoreError:
    """What `open` says of the URL. It never repeats the password."""
    store = open_store(url)
    with pytest.raises(StoreError) as caught:
        await store.open()
    # A caller may close what it could not open.
    await store.close()
    text = str(caught.value)
    assert url.partition("@")[0].rpartition(":")[2] not in text
    return caught.value


# Settings


async def test_a_wrong_password_is_named(url: str, postgres: PostgresServer) -> None:
    error = await refusal(url.replace(postgres.password, "hunter2"))
    assert isinstance(error, BadStore)
    assert "correct the user and password in RECONVENE_STORE" in str(error)


async def test_an_unknown_user_is_named(postgres: PostgresServer) -> None:
    error = await refusal(postgres.url(user="nobody"))
    assert isinstance(error, BadStore)
    assert "user and password in RECONVENE_STORE" in str(error)


async def test_an_unknown_database_is_named(postgres: PostgresServer) -> None:
    error = await refusal(postgres.url("nowhere"))
    assert isinstance(error, BadStore)
    assert '"nowhere"' in str(error)
    assert "createdb" in str(error)
    assert "RECONVENE_STORE" in str(error)


@pytest.mark.parametrize("host", ["nowhere.invalid:5432", "127.0.0.1:{free}"])
async def test_a_server_that_is_not_there_is_named(host: str) -> None:
    place = host.format(free=free_port())
    error = await refusal(f"postgresql://reconvene:hunter2@{place}/meetings")
    assert type(error) is StoreUnavailable
    assert f"{place}/meetings" in str(error)
    assert "RECONVENE_STORE" in str(error)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://reconvene:hunter2@127.0.0.1:port/meetings", "port"),
        ("postgresql://reconvene:hunter2@127.0.0.1/meetings?pool_size=many", "pool_size"),
        ("postgresql://reconvene:hunter2@127.0.0.1/meetings?pool_size=1", "pool_size"),
        ("postgresql://reconvene:hunter2@127.0.0.1/meetings?statement_cache_size=-1", "statement_cache_size"),
        ("postgresql://reconvene:hunter2@127.0.0.1/meetings?sslmode=perhaps", "sslmode"),
        ("postgresql://reconvene:hunter2@[::1/meetings", "URL"),
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(BadStore, match=reason) as caught:
        await open_store(url).open()
    assert "RECONVENE_STORE" in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_both_schemes_are_postgresql(url: str) -> None:
    store = open_store(url.replace("postgresql://", "postgres://"))
    await store.open()
    await store.close()


# Permissions and tables


async def test_a_user_without_rights_is_told_what_it_needs(
    store: Store, url: str, postgres: PostgresServer, stranger: str
) -> None:
    error = await refusal(postgres.url(database_of(url), user=stranger))
    assert isinstance(error, BadStore)
    assert "RECONVENE_STORE" in str(error)
    assert "permission denied" in str(error)


async def test_a_user_who_may_not_make_tables_is_told_to_have_them_made(
    url: str, postgres: PostgresServer, stranger: str
) -> None:
    error = await refusal(postgres.url(database_of(url), user=stranger))
    assert isinstance(error, BadStore)
    assert "RECONVENE_STORE" in str(error)
    assert "reconvene migrate" in str(error)
    rows = await postgres.fetch(
        "SELECT FROM pg_namespace WHERE nspname = 'reconvene'", database=database_of(url)
    )
    assert rows == []


@pytest.mark.parametrize(
    "what", ["TABLE reconvene.nodes", "FUNCTION reconvene.carry_out", "SCHEMA reconvene"]
)
async def test_what_is_missing_is_told_when_the_store_is_opened_and_makes_one_that_is_open_unavailable(
    store: Store, url: str, postgres: PostgresServer, what: str
) -> None:
    await Script(store).join("ann")
    await postgres.execute(f"DROP {what} CASCADE", database=database_of(url))
    with pytest.raises(StoreUnavailable):
        await Script(store).join("bob")
    if "SCHEMA" in what:
        # As on the first day.
        again = open_store(url)
        await again.open()
        await again.close()
        return
    error = await refusal(url)
    assert isinstance(error, BadStore)
    assert "RECONVENE_STORE" in str(error)


async def test_a_database_of_a_newer_version_is_refused(
    store: Store, url: str, postgres: PostgresServer
) -> None:
    newest = len(load_migrations("postgres"))
    await postgres.fetch(
        "INSERT INTO reconvene.migrations (number, name) VALUES ($1, 'of_tomorrow')",
        newest + 1,
        database=database_of(url),
    )
    error = await refusal(url)
    assert isinstance(error, SchemaTooNew)
    assert f"version {newest + 1}" in str(error)
    assert "RECONVENE_STORE" in str(error)


# Migrating


async def test_a_migration_that_fails_leaves_nothing_of_any(url: str, postgres: PostgresServer) -> None:
    # The third of them makes a function of this name.
    await postgres.execute(
        "CREATE FUNCTION public.raise() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF EXISTS (SELECT FROM pg_proc WHERE proname = 'end_meeting') THEN RAISE 'planted'; END IF; END $$;"
        "CREATE EVENT TRIGGER planted ON ddl_command_end EXECUTE FUNCTION public.raise()",
        database=database_of(url),
    )
    await refusal(url)
    assert (await open_store(url).schema()).version == 0
    await postgres.execute("DROP EVENT TRIGGER planted", database=database_of(url))
    store = open_store(url)
    assert list(await store.migrate()) == list(load_schema().names)
    assert (await store.schema()).pending == ()


async def test_any_number_at_once_migrate_once(url: str) -> None:
    stores = [open_store(url) for _ in range(8)]
    applied = await asyncio.gather(*(store.migrate() for store in stores))
    assert sorted(map(len, applied)) == [0] * 7 + [len(load_schema().names)]


async def test_tables_of_others_are_in_nobodys_way(url: str, postgres: PostgresServer) -> None:
    for table in ("meetings", "participants", "nodes", "migrations"):
        await postgres.execute(f"CREATE TABLE public.{table} AS SELECT 1 AS x", database=database_of(url))
    store = open_store(url)
    await store.open()
    assert (await Script(store).join("ann")).created
    await store.close()
    assert len(await postgres.fetch("SELECT FROM public.meetings", database=database_of(url))) == 1


# Poolers


async def test_behind_a_transaction_pooler_nothing_is_lost_when_the_database_is_killed(
    url: str, postgres: PostgresServer
) -> None:
    async with Pgbouncer(postgres) as pooler:
        stores = [open_store(f"{pooler.through(url)}?statement_cache_size=0") for _ in range(2)]
        await asyncio.gather(*(store.open() for store in stores))
        async with Crowd(stores[0]) as crowd, Crowd(stores[1], room="ROOM-2") as other:
            await asyncio.gather(crowd.acknowledged(100), other.acknowledged(100))
            await postgres.kill()
            await postgres.start()
            await asyncio.gather(crowd.acknowledged(100), other.acknowledged(100))
        await crowd.check()
        await other.check()
        assert (await stores[0].meeting("ROOM-2")) == await stores[1].meeting("ROOM-2")
        for store in stores:
            await store.close()
