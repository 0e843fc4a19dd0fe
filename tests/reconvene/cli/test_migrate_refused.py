"""`reconvene migrate`, where it can do nothing: it says why, and what to do."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from reconvene.cli.migration import CannotMigrate
from storage.errors import BadStore, SchemaTooNew, StoreUnavailable
from storage.postgres import supabase_driver
from tests.databases import PostgresServer, PostgrestServer
from tests.reconvene.cli.migrating import (
    BACKENDS,
    files_in,
    numbers,
    of_supabase,
    refusal,
    run,
)


async def test_a_project_without_a_connection_string_says_how_else(project: PostgrestServer) -> None:
    error = await refusal(of_supabase(project))
    assert isinstance(error, BadStore)
    for way in ("reconvene migrate --sql", "supabase db push", "SUPABASE_DB_URL"):
        assert way in str(error)


async def test_a_connection_string_of_another_database_is_told(
    project: PostgrestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supabase_driver, "_RELOAD", 0.0)
    other = await project.postgres.make_database(f"other_{next(numbers)}")
    error = await refusal({**of_supabase(project), "SUPABASE_DB_URL": other})
    assert isinstance(error, BadStore)
    assert "SUPABASE_DB_URL" in str(error)
    assert "SUPABASE_URL" in str(error)


@pytest.mark.parametrize("options", [{}, {"check": True}, {"sql": True}], ids=["migrate", "check", "sql"])
async def test_a_wrong_key_is_refused(project: PostgrestServer, options: dict[str, bool]) -> None:
    key = project.key("service_role", "the secret of some other project")
    error = await refusal({**of_supabase(project), "SUPABASE_SERVICE_KEY": key}, **options)
    assert isinstance(error, BadStore)
    assert "SUPABASE_SERVICE_KEY" in str(error)


@pytest.mark.parametrize("options", [{}, {"check": True}, {"sql": True}], ids=["migrate", "check", "sql"])
async def test_a_store_that_cannot_be_reached_is_told(
    project: PostgrestServer, options: dict[str, bool]
) -> None:
    environ = of_supabase(project)
    await project.stop()
    assert isinstance(await refusal(environ, **options), StoreUnavailable)
    assert isinstance(
        await refusal({"RECONVENE_STORE": "postgresql://nobody:geheim@127.0.0.1:1/nowhere"}, **options),
        StoreUnavailable,
    )


@pytest.mark.parametrize("options", [{}, {"check": True}], ids=["migrate", "check"])
@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_newer_schema_is_left_alone(
    backend: str, options: dict[str, bool], postgres: PostgresServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        environ = await BACKENDS[backend](postgres, tmp_path, stack)
        await run(environ)
        if backend == "sqlite":
            with closing(sqlite3.connect(tmp_path / "store.db")) as file:
                file.execute("PRAGMA user_version = 99")
        else:
            url = environ.get("SUPABASE_DB_URL", environ["RECONVENE_STORE"])
            newer = "INSERT INTO reconvene.migrations (number, name) VALUES (99, 'from_the_future')"
            await postgres.execute(newer, database=url.rpartition("/")[2])
        with pytest.raises(SchemaTooNew, match="99"):
            await run(environ, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"check": True, "sql": True},
        {"check": True, "directory": Path("anywhere")},
        {"sql": True, "directory": Path("anywhere")},
        {"everything": True},
    ],
    ids=["check, sql", "check, export", "sql, export", "all"],
)
async def test_options_that_do_not_go_together_do_nothing(
    tmp_path: Path, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotMigrate):
        await run({"RECONVENE_STORE": "sqlite:///store.db"}, **options)
    assert files_in(tmp_path) == []


async def test_a_sqlite_file_is_not_migrated_by_hand(tmp_path: Path) -> None:
    with pytest.raises(CannotMigrate, match="reconvene migrate"):
        await run({"RECONVENE_STORE": f"sqlite:///{tmp_path}/store.db"}, sql=True)
