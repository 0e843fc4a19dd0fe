"""What `reconvene migrate` does: bring the schema of the store up to date, tell whether it is, or hand over the SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from server.settings.config import Config
from storage.migrations import Migration, load_migrations
from storage.store import Store

Tell = Callable[[str], None]

_FIRST_STAMP = 20261121000000
"""`supabase db push` knows a migration by the number its file name begins with, which looks like a date and must never
change: this plus the migration's own number."""


class CannotMigrate(Exception):  # noqa: N818
    """What was asked for cannot be done; the text says why."""


async def run(
    environ: Mapping[str, str],
    tell: Tell,
    *,
    check: bool = False,
    sql: bool = False,
    everything: bool = False,
    directory: Path | None = None,
) -> bool:
    """The command with its options. False: `check` found something missing.

    Raises `CannotMigrate`, `ConfigError`, `StoreError`.
    """
    if sum([check, sql, directory is not None]) > 1 or (everything and not sql):
        raise CannotMigrate(
            "only one of --check, --sql and --export can be done at a time, and --all goes with --sql"
        )
    if directory is not None:
        export(directory, tell)
        return True
    if everything:
        tell(_sql(load_migrations("postgres")))
        return True
    config = Config.from_env(environ)
    if sql and config.store.startswith("sqlite:"):
        raise CannotMigrate(
            "--sql is for PostgreSQL and Supabase; reconvene migrate brings a SQLite file up to date"
        )
    store = config.make_store()
    if sql:
        tell(await pending_sql(store))
    elif check:
        return await is_up_to_date(store, tell)
    else:
        await migrate(store, tell)
    return True


async def migrate(store: Store, tell: Tell) -> None:
    """Apply what is missing. Raises `StoreError`."""
    # Asked first: a store that cannot migrate itself may be up to date all the same.
    schema = (await store.schema()).known()
    if schema.pending:
        for name in await store.migrate():
            tell(f"applied {name}")
    tell(f"up to date, version {schema.newest}")


async def is_up_to_date(store: Store, tell: Tell) -> bool:
    """Whether the schema is up to date; changes nothing. Raises `StoreError`."""
    schema = (await store.schema()).known()
    for name in schema.pending:
        tell(f"missing {name}")
    tell(
        f"version {schema.version} of {schema.newest}: run reconvene migrate"
        if schema.pending
        else f"up to date, version {schema.version}"
    )
    return not schema.pending


async def pending_sql(store: Store) -> str:
    """What a PostgreSQL or Supabase store is missing, as SQL. Raises `StoreError`."""
    schema = (await store.schema()).known()
    return _sql([migration for migration in load_migrations("postgres") if migration.name in schema.pending])


def export(directory: Path, tell: Tell) -> None:
    """Write every migration into a folder for `supabase db push`. Files that are there already are left as they are.

    Raises `CannotMigrate`; when one of them has other contents, before anything is written.
    """
    files = {directory / _file_name(migration): migration.sql for migration in load_migrations("postgres")}
    try:
        there = {file for file in files if file.exists()}
        for file in there:
            if file.read_text(encoding="utf-8") != files[file]:
                raise CannotMigrate(f"{file} is there with other contents; nothing was written")
        directory.mkdir(parents=True, exist_ok=True)
        for file, sql in files.items():
            if file not in there:
                file.write_text(sql, encoding="utf-8")
            tell(f"{'unchanged' if file in there else 'wrote'} {file}")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotMigrate(f"cannot write to {directory}: {error}") from error


def _file_name(migration: Migration) -> str:
    return f"{_FIRST_STAMP + migration.number}_reconvene_{migration.name[5:]}.sql"


def _sql(migrations: Iterable[Migration]) -> str:
    parts = [f"-- {migration.name}\n\n{migration.sql.strip()}\n" for migration in migrations]
    # All or nothing, also for a tool that commits after each statement.
    return "\n".join(["BEGIN;\n", *parts, "COMMIT;"]) if parts else "-- nothing is missing"
