"""Databases to be migrated, and the command as a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest

from reconvene.cli import migration
from storage.errors import StoreError
from storage.migrations import load_migrations, load_schema
from tests.databases import PostgresServer, PostgrestServer

Environ = Mapping[str, str]

numbers = count(1)


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
    return {"RECONVENE_STORE": await postgres.make_database(f"store_{next(numbers)}")}


async def supabase_store(postgres: PostgresServer, _folder: Path, stack: AsyncExitStack) -> Environ:
    url = await postgres.make_database(f"store_{next(numbers)}")
    project = await stack.enter_async_context(PostgrestServer(postgres, url))
    return {**of_supabase(project), "SUPABASE_DB_URL": connection_string(project)}


BACKENDS: Mapping[str, Callable[[PostgresServer, Path, AsyncExitStack], Awaitable[Environ]]] = {
    "sqlite": sqlite_store,
    "postgres": postgres_store,
    "supabase": supabase_store,
}


async def refusal(environ: Environ, **options: object) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await run(environ, **options)
    for secret in ("SUPABASE_SERVICE_KEY", "SUPABASE_DB_URL"):
        assert environ.get(secret, "-" * 9) not in str(caught.value)
    assert "geheim" not in str(caught.value)
    return caught.value
