"""Opens a SQLite file: makes its directory, sets it up, migrates it, and explains what failed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from storage.errors import BadStore, SchemaTooNew, StoreUnavailable
from storage.migrations import Migration, load_migrations
from storage.store import Schema

APPLICATION_ID = 0x5265636F
"""Stored in the file's header ("Reco"), so that another program's database is not taken for ours."""

OLDEST_SQLITE = (3, 37, 0)
"""The first version with `STRICT` tables; `RETURNING` and `UPDATE … FROM` are older."""

# Trying again would not help with these. Extended result codes carry the primary one in their lowest byte.
_HOPELESS = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


def connect(path: Path, busy_timeout: float) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """A connection to write with and one to read with; the schema is up to date.

    Creates the file (mode 0600) and its directory (0700); existing ones keep their modes. `busy_timeout`: seconds to
    wait for another process' lock. Raises `BadStore`, `SchemaTooNew`, `StoreUnavailable`. The connections may be used
    by any one thread at a time.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise BadStore(f"SQLite stores need SQLite {oldest}; this Python has {sqlite3.sqlite_version}")
    with _explained(path), contextlib.ExitStack() as undo:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nobody else may read the store. SQLite gives the files beside the database the same mode, and explains other
        # errors better than this call.
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        writer = _connect(path, busy_timeout)
        undo.callback(writer.close)
        # A page of an import touches more of the file than the default cache of 2 MB holds.
        writer.execute("PRAGMA cache_size = -8000")
        _prepare(writer, path, busy_timeout)
        reader = _connect(path, busy_timeout)
        undo.callback(reader.close)
        reader.execute("PRAGMA query_only = ON")
        undo.pop_all()
    return writer, reader


def look_at_schema(path: Path, busy_timeout: float) -> Schema:
    """How far the file is migrated; creates and changes nothing. Raises `BadStore`, `StoreUnavailable`."""
    migrations = load_migrations("sqlite")
    version = 0
    with _explained(path):
        if path.exists():
            with contextlib.closing(_connect(path, busy_timeout)) as connection:
                _check_owner(connection, path)
                version = _pragma(connection, "user_version")
    return Schema(version, len(migrations), tuple(migration.name for migration in migrations[version:]))


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Apply the migrations the database does not have yet, each in a transaction of its own."""
    version = _pragma(connection, "user_version")
    if version > len(migrations):
        raise SchemaTooNew(version, len(migrations))
    for migration in migrations[version:]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Checked again under the lock: another process may have been faster.
            if _pragma(connection, "user_version") < migration.number:
                for statement in _statements(migration.sql):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {migration.number}")
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


def _connect(path: Path, busy_timeout: float) -> sqlite3.Connection:
    # Opened on a temporary thread, then used by one thread only until it is closed.
    connection = sqlite3.connect(
        path, timeout=busy_timeout, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, busy_timeout: float) -> None:
    deadline = time.monotonic() + busy_timeout
    # SQLite does not wait where waiting could deadlock, as when several processes switch a new file to WAL at once.
    while True:
        try:
            _check_owner(connection, path)
            mode = _pragma(connection, "journal_mode = WAL")
            if mode != "wal":
                raise BadStore(
                    f"{path}: the file system has no write-ahead logging for SQLite (journal mode {mode!r}); "
                    "name a file on a local disk in RECONVENE_STORE"
                )
            if _pragma(connection, "application_id") != APPLICATION_ID:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrate(connection, load_migrations("sqlite"))
            # SQLite opens a read-only file without an error, and refuses the first write.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    # In this order: a process that sets up the file writes its id before its tables.
    has_tables = connection.execute("SELECT EXISTS (SELECT 1 FROM sqlite_schema)").fetchone()[0]
    if has_tables and _pragma(connection, "application_id") != APPLICATION_ID:
        raise BadStore(
            f"{path} is another program's SQLite database; name a new file or one of Reconvene's in RECONVENE_STORE"
        )


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadStore(
            f"cannot create the directory {path.parent}: {error.strerror or error}; "
            "name a file in a writable directory in RECONVENE_STORE"
        ) from error
    except sqlite3.Error as error:
        if _primary_code(error) not in _HOPELESS:
            raise StoreUnavailable(f"cannot open {path}: {error}") from error
        if path.is_dir():
            what = "is a directory"
        elif _primary_code(error) == sqlite3.SQLITE_NOTADB:
            what = "is not a SQLite database"
        else:
            what = f"cannot be opened or written: {error}"
        raise BadStore(f"{path} {what}; name a file in a writable directory in RECONVENE_STORE") from error


def _primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _pragma(connection: sqlite3.Connection, pragma: str) -> Any:
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]


def _statements(script: str) -> Iterator[str]:
    """The statements of a script. (`executescript` would commit the surrounding transaction.)"""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
