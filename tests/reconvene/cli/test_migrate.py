"""`reconvene migrate`: what it does to a store, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from reconvene.cli import migration
from reconvene.cli.migration import CannotMigrate
from storage.errors import BadStore, SchemaTooNew, StoreError, StoreUnavailable
from storage.migrations import Release, SchemaFiles, load_migrations, load_schema
from storage.postgres import function_store, supabase_driver
from tests.databases import PostgresServer, PostgrestServer
from tests.databases.postgres import postgres_programs
from tests.reconvene.cli.test_command import reconvene

Environ = Mapping[str, str]

_numbers = count(1)


def names(backend: str) -> list[str]:
    """Of all files, in their order."""
    migrations = [migration.name for migration in load_migrations("sqlite")]
    return migrations if backend == "sqlite" else list(load_schema().names)


def newest_of(backend: str) -> int:
    return len(load_migrations(backend))


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def run(environ: Environ, **options: object) -> tuple[bool, list[str]]:
    """What the command comes to, and the lines it prints."""
    told: list[str] = []
    done = await migration.run(environ, told.append, **options)  # type: ignore[arg-type]
    return done, told


@pytest.fixture(scope="module")
async def postgres() -> AsyncIterator[PostgresServer]:
    async with PostgresServer() as postgres:
        yield postgres


@pytest.fixture
async def project(postgres: PostgresServer) -> AsyncIterator[PostgrestServer]:
    """A Supabase project in which nothing was done yet."""
    url = await postgres.make_database(f"project_{next(_numbers)}")
    async with PostgrestServer(postgres, url) as project:
        yield project


def of_supabase(project: PostgrestServer) -> Environ:
    return {
        "RECONVENE_STORE": "supabase",
        "SUPABASE_URL": project.url,
        "SUPABASE_SERVICE_KEY": project.service_key,
    }


def connection_string(project: PostgrestServer) -> str:
    return project.postgres.url(project.database, user=PostgresServer.OWNER)


async def sqlite_store(_postgres: PostgresServer, folder: Path, _stack: AsyncExitStack) -> Environ:
    return {"RECONVENE_STORE": f"sqlite:///{folder}/store.db"}


async def postgres_store(postgres: PostgresServer, _folder: Path, _stack: AsyncExitStack) -> Environ:
    return {"RECONVENE_STORE": await postgres.make_database(f"store_{next(_numbers)}")}


async def supabase_store(postgres: PostgresServer, _folder: Path, stack: AsyncExitStack) -> Environ:
    url = await postgres.make_database(f"store_{next(_numbers)}")
    project = await stack.enter_async_context(PostgrestServer(postgres, url))
    return {**of_supabase(project), "SUPABASE_DB_URL": connection_string(project)}


BACKENDS: Mapping[str, Callable[[PostgresServer, Path, AsyncExitStack], Awaitable[Environ]]] = {
    "sqlite": sqlite_store,
    "postgres": postgres_store,
    "supabase": supabase_store,
}


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
    database = f"half_{next(_numbers)}"
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
    url = await postgres.make_database(f"whole_{next(_numbers)}")

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
    database = f"pushed_{next(_numbers)}"
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


async def refusal(environ: Environ, **options: object) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await run(environ, **options)
    for secret in ("SUPABASE_SERVICE_KEY", "SUPABASE_DB_URL"):
        assert environ.get(secret, "-" * 9) not in str(caught.value)
    assert "geheim" not in str(caught.value)
    return caught.value


async def test_a_project_without_a_connection_string_says_how_else(project: PostgrestServer) -> None:
    error = await refusal(of_supabase(project))
    assert isinstance(error, BadStore)
    for way in ("reconvene migrate --sql", "supabase db push", "SUPABASE_DB_URL"):
        assert way in str(error)


async def test_a_connection_string_of_another_database_is_told(
    project: PostgrestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supabase_driver, "_RELOAD", 0.0)
    other = await project.postgres.make_database(f"other_{next(_numbers)}")
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
