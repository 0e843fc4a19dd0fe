"""`reconvene migrate`: what it does to a store, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from reconvene.cli import migration
from reconvene.cli.migration import CannotMigrate
from storage.migrations import LOCK, Release, SchemaFiles, load_migrations, load_schema
from storage.postgres import function_store
from tests.databases import PostgresServer, PostgrestServer
from tests.databases.postgres import postgres_programs
from tests.reconvene.cli.migrating import (
    BACKENDS,
    connection_string,
    files_in,
    names,
    newest_of,
    numbers,
    of_supabase,
    refusal,
    run,
)
from tests.reconvene.cli.test_command import reconvene


@pytest.mark.parametrize("backend", BACKENDS)
async def test_it_applies_what_is_missing_and_says_so_once(
    backend: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    wanted = names("sqlite" if backend == "sqlite" else "postgres")
    newest = newest_of("sqlite" if backend == "sqlite" else "postgres")
    async with AsyncExitStack() as stack:
        environ = await BACKENDS[backend](postgres, tmp_path, stack)
        missing = [*(f"missing {name}" for name in wanted), f"version 0 of {newest}: run reconvene migrate"]
        assert await run(environ, check=True) == (False, missing)
        assert await run(environ, check=True) == (False, missing), "looking changed something"
        applied = [*(f"applied {name}" for name in wanted), f"up to date, version {newest}"]
        assert await run(environ) == (True, applied)
        assert await run(environ) == (True, [f"up to date, version {newest}"])
        assert await run(environ, check=True) == (True, [f"up to date, version {newest}"])


async def test_the_command_ends_with_0_1_or_2(tmp_path: Path) -> None:
    newest = len(names("sqlite"))
    code, printed = await reconvene(tmp_path, "migrate", "--check")
    assert (code, printed.splitlines()[-1]) == (1, f"version 0 of {newest}: run reconvene migrate")
    assert not (tmp_path / "reconvene.db").exists()
    code, printed = await reconvene(tmp_path, "migrate")
    assert (code, printed.splitlines()[-1]) == (0, f"up to date, version {newest}")
    code, printed = await reconvene(tmp_path, "migrate", "--check")
    assert (code, printed) == (0, f"up to date, version {newest}\n")
    code, printed = await reconvene(tmp_path, "migrate", "--check", "--store", f"sqlite:///{tmp_path}")
    assert code == 2
    assert printed.startswith("reconvene: ")
    assert "RECONVENE_STORE" in printed


async def test_help_tells_the_options_and_the_exit_codes(tmp_path: Path) -> None:
    code, printed = await reconvene(tmp_path, "migrate", "--help")
    assert code == 0
    for word in ("--check", "--sql", "--all", "--export", "--store", "SUPABASE_DB_URL", "Exit codes"):
        assert word in printed


# By hand: the SQL editor, `supabase db push`


async def test_the_sql_brings_a_project_up_to_date(project: PostgrestServer) -> None:
    environ = of_supabase(project)
    _, (sql,) = await run(environ, sql=True)
    await project.postgres.execute(sql, database=project.database)
    await project.has("reconvene")
    newest = newest_of("postgres")
    # There is nothing to do, so that nothing says how it would be done.
    assert await run(environ) == (True, [f"up to date, version {newest}"])
    assert await run(environ, sql=True) == (True, ["-- nothing is missing"])


async def test_the_sql_is_what_is_missing_and_no_more(postgres: PostgresServer) -> None:
    database = f"half_{next(numbers)}"
    environ = {"RECONVENE_STORE": await postgres.make_database(database)}
    first = load_migrations("postgres")[0]
    await postgres.execute(f"SET ROLE {PostgresServer.OWNER}; {first.sql}", database=database)
    _, missing = await run(environ, check=True)
    assert missing[:-1] == [f"missing {name}" for name in names("postgres")[1:]]
    _, (sql,) = await run(environ, sql=True)
    assert first.sql not in sql
    await postgres.execute(f"SET ROLE {PostgresServer.OWNER}; {sql}", database=database)
    assert (await run(environ, check=True))[0]


async def test_the_sql_brings_a_project_of_an_older_release_up_to_date(project: PostgrestServer) -> None:
    """Of one whose API does not know yet what a function file is."""
    older = "".join(each.sql for each in load_migrations("postgres")[:13])
    as_owner = f"SET ROLE {PostgresServer.OWNER}; {older}"
    await project.postgres.execute(as_owner, database=project.database)
    await project.has("reconvene")
    environ = of_supabase(project)
    _, missing = await run(environ, check=True)
    assert missing[:-1] == [f"missing {name}" for name in names("postgres")[13:]]
    _, (sql,) = await run(environ, sql=True)
    await project.postgres.execute(f"SET ROLE {PostgresServer.OWNER}; {sql}", database=project.database)
    assert (await run(environ, check=True))[0]


async def test_all_of_the_sql_is_printed_without_a_store() -> None:
    _, (sql,) = await run({"RECONVENE_STORE": "supabase"}, sql=True, everything=True)
    files = load_schema()
    for text in [*(file.sql for file in files.migrations), *(file.sql for file in files.functions)]:
        assert text.strip() in sql


async def test_the_sql_is_all_or_nothing_also_where_each_statement_counts(postgres: PostgresServer) -> None:
    """As for psql, which goes on after an error."""
    _, (sql,) = await run({}, sql=True, everything=True)
    url = await postgres.make_database(f"whole_{next(numbers)}")

    async def psql(text: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(str(postgres_programs() / "psql"), "--no-psqlrc", "--quiet", url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.communicate(text.encode())

    await psql(sql.replace("COMMIT;", "SELECT no_such_column;\nCOMMIT;"))
    assert not (await run({"RECONVENE_STORE": url}, check=True))[0]
    await psql(sql)
    assert (await run({"RECONVENE_STORE": url}, check=True))[0]


async def test_exported_files_bring_a_database_up_to_date(postgres: PostgresServer, tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    _, told = await run({}, directory=folder)
    files = files_in(folder)
    assert told == [f"wrote {file}" for file in files]
    *numbered, functions = [file.name for file in files]
    assert numbered == [
        f"202611210000{migration.number:02}_reconvene_{migration.name[5:]}.sql"
        for migration in load_migrations("postgres")
    ]
    assert re.fullmatch(r"2027\d{10}_reconvene_functions.sql", functions)
    database = f"pushed_{next(numbers)}"
    environ = {"RECONVENE_STORE": await postgres.make_database(database)}
    for file in files:
        await postgres.execute(f"SET ROLE {PostgresServer.OWNER}; {file.read_text()}", database=database)
    assert (await run(environ, check=True))[0]


async def test_exporting_again_changes_nothing_and_spares_what_differs(tmp_path: Path) -> None:
    await run({}, directory=tmp_path)
    files = files_in(tmp_path)
    _, told = await run({}, directory=tmp_path)
    assert told == [f"unchanged {file}" for file in files]
    first, *_, last = files
    first.unlink()
    last.write_text("-- somebody's own")
    with pytest.raises(CannotMigrate, match=last.name):
        await run({}, directory=tmp_path)
    assert last.read_text() == "-- somebody's own"
    assert not first.exists()
    with pytest.raises(CannotMigrate, match="cannot write"):
        await run({}, directory=last)


def with_a_function_changed(files: SchemaFiles, release: Release | None = None) -> SchemaFiles:
    """As a release has it whose comments are others."""
    first, *others = files.functions
    changed = replace(first, sql=f"-- Changed.\n{first.sql}")
    return replace(files, functions=[changed, *others], release=release or files.release)


async def test_functions_that_changed_are_exported_once_more_and_sort_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run({}, directory=tmp_path)
    files, ours = files_in(tmp_path), load_schema()
    major, minor, _ = ours.release
    changed = with_a_function_changed(ours, (major, minor + 1, 0))
    monkeypatch.setattr(migration, "load_schema", lambda: changed)
    _, told = await run({}, directory=tmp_path)
    *before, newest = files_in(tmp_path)
    assert before == files
    assert [line for line in told if line.startswith("wrote")] == [f"wrote {newest}"]
    assert newest.read_text() == changed.functions_sql


async def test_sql_of_an_older_release_leaves_functions_alone(postgres: PostgresServer) -> None:
    database = f"newer_{next(numbers)}"
    environ = {"RECONVENE_STORE": await postgres.make_database(database)}
    await run(environ)
    older = with_a_function_changed(load_schema(), (0, 5, 0)).functions_sql
    with pytest.raises(asyncpg.RaiseError, match="newer release"):
        await postgres.execute(f"SET ROLE {PostgresServer.OWNER}; {older}", database=database)
    assert (await run(environ, check=True))[0]


async def test_sql_that_is_run_by_hand_waits_for_a_server_that_migrates(postgres: PostgresServer) -> None:
    """So that neither writes a function while the other does."""
    database = f"busy_{next(numbers)}"
    await postgres.make_database(database)
    _, (sql,) = await run({}, sql=True, everything=True)
    migrating, by_hand = await postgres.connect(database), await postgres.connect(database)
    try:
        async with migrating.transaction():
            await migrating.execute(LOCK)
            for text in (sql, load_schema().functions_sql):
                with pytest.raises(asyncpg.LockNotAvailableError):
                    await by_hand.execute(f"SET LOCAL lock_timeout = '1ms'; {text}")
                await by_hand.execute("ROLLBACK")
    finally:
        await migrating.close()
        await by_hand.close()


async def test_only_functions_that_changed_are_written_again(
    project: PostgrestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = of_supabase(project)
    await run({**environ, "SUPABASE_DB_URL": connection_string(project)})
    ours = load_schema()
    changed = with_a_function_changed(ours)
    for module in (migration, function_store):
        monkeypatch.setattr(module, "load_schema", lambda: changed)
    version, first = newest_of("postgres"), ours.functions[0].name
    behind = [f"missing {first}", f"version {version} of {version}: run reconvene migrate"]
    assert await run(environ, check=True) == (False, behind)
    _, (sql,) = await run(environ, sql=True)
    assert changed.functions[0].sql in sql
    assert changed.functions[1].sql not in sql
    await refusal(environ)
    applied = [f"applied {first}", f"up to date, version {version}"]
    assert await run({**environ, "SUPABASE_DB_URL": connection_string(project)}) == (True, applied)
    assert await run(environ, check=True) == (True, [f"up to date, version {version}"])


# What cannot be done
