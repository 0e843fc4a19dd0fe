"""What `reconvene migrate` does: bring the store's schema up to date, check that it is, or print or export the SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

from server.settings.config import Config
from storage.migrations import LOCK, Migration, SchemaFiles, load_schema
from storage.store import Store

Tell = Callable[[str], None]

_FIRST_STAMP = 20261121000000
"""`supabase db push` identifies a migration by the number at the start of its file name. It looks like a date and must
never change: this constant plus the migration's own number."""
_FUNCTIONS_STAMP = 20270000000000
"""The file of functions comes after the migrations. Its name has release and hash: new contents, new file."""


class CannotMigrate(Exception):  # noqa: N818
    """The request cannot be carried out; the text says why."""


async def run(
    environ: Mapping[str, str],
    tell: Tell,
    *,
    check: bool = False,
    sql: bool = False,
    everything: bool = False,
    directory: Path | None = None,
) -> bool:
    """Run the command with its options. False: `check` found something missing.

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
        tell(_sql(load_schema()))
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
    # Checked first: a store that cannot migrate itself may still be up to date.
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
    pending, files = (await store.schema()).known().pending, load_schema()
    return _sql(
        SchemaFiles(
            [migration for migration in files.migrations if migration.name in pending],
            [file for file in files.functions if file.name in pending],
            files.release,
        )
    )


def export(directory: Path, tell: Tell) -> None:
    """Write every migration into a folder for `supabase db push`. Existing files are left as they are.

    Raises `CannotMigrate`: for an existing file with different contents, before anything is written.
    """
    schema = load_schema()
    files = {directory / _file_name(migration): migration.sql for migration in schema.migrations}
    files[directory / _functions_file_name(schema)] = schema.functions_sql
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


def _functions_file_name(files: SchemaFiles) -> str:
    major, minor, patch = files.release
    contents = int(hashlib.sha256(files.functions_sql.encode()).hexdigest(), 16) % 100_000
    stamp = _FUNCTIONS_STAMP + (major * 10_000 + minor * 100 + patch) * 100_000 + contents
    return f"{stamp}_reconvene_functions.sql"


def _sql(files: SchemaFiles) -> str:
    parts = [f"-- {migration.name}\n\n{migration.sql.strip()}\n" for migration in files.migrations]
    if files.functions:
        parts.append(files.functions_sql)
    # One transaction, even with a tool that commits after each statement.
    return "\n".join(["BEGIN;\n", f"{LOCK}\n", *parts, "COMMIT;"]) if parts else "-- nothing is missing"
