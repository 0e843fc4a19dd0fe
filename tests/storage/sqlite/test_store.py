"""What is SQLite's own: settings, migrations, files that cannot be opened, errors."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from storage.errors import BadStore, SchemaTooNew, StoreUnavailable, UnknownMeeting
from storage.migrations import Migration, load_migrations
from storage.records import Joined
from storage.sqlite import joins
from storage.sqlite.database_file import APPLICATION_ID, connect, migrate
from storage.sqlite.store import SqliteStore
from storage.sqlite.transactions import Work, run_batch
from tests.storage.script import Script, request

TABLES = (
    {"meetings", "participants", "participant_sessions", "nodes", "revocations"}
    | {f"import{table}" for table in ("s", "_parts", "_walks", "_keys", "_stays", "_registrants")}
    | {"admissions", "removals", "invites", "invite_uses", "changes", "audit", "messages"}
)


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(path, busy_timeout=0.05)
    await opened.open()
    yield opened
    await opened.close()


def test_both_connections_are_durable_checked_and_in_wal_mode(path: Path) -> None:
    writer, reader = connect(path, 1.5)
    with closing(writer), closing(reader):
        for connection in (writer, reader):
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
            assert connection.execute("PRAGMA busy_timeout").fetchone() == (1500,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM meetings")


def test_what_is_made_is_for_its_owner_only_and_what_is_there_keeps_its_mode(tmp_path: Path) -> None:
    def modes(directory: Path) -> dict[str, int]:
        return {path.name: path.stat().st_mode & 0o777 for path in (directory, *directory.iterdir())}

    everybody = os.umask(0)
    try:
        for connection in (pair := connect(tmp_path / "data" / "store.db", 1.0)):
            connection.execute("SELECT * FROM meetings")
        private = dict.fromkeys(("store.db", "store.db-wal", "store.db-shm"), 0o600)
        assert modes(tmp_path / "data") == {"data": 0o700} | private
    finally:
        os.umask(everybody)
        for connection in pair:
            connection.close()
    (tmp_path / "data").chmod(0o750)
    (tmp_path / "data" / "store.db").chmod(0o640)
    for connection in connect(tmp_path / "data" / "store.db", 1.0):
        connection.close()
    assert modes(tmp_path / "data") == {"data": 0o750, "store.db": 0o640}


def test_opening_makes_the_directories_and_the_whole_schema(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "store.db"
    for _ in range(2):
        writer, reader = connect(path, 1.0)
        with closing(writer), closing(reader):
            assert writer.execute("PRAGMA user_version").fetchone() == (len(load_migrations("sqlite")),)
            assert writer.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
            tables = {
                name for (name,) in writer.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            }
    assert tables == TABLES


def test_a_migration_that_fails_leaves_nothing_of_itself() -> None:
    good = Migration(1, "good", "CREATE TABLE a (x);\nCREATE TABLE b (x);\n")
    bad = Migration(2, "bad", "CREATE TABLE c (x);\nCREATE TABLE a (x);\n")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(connection, [good, bad])
        assert not connection.in_transaction
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("a",), ("b",)]
        migrate(connection, [good, replace(bad, sql="CREATE TABLE c (x);\n")])
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_migration_another_process_makes_first_is_not_made_again(path: Path) -> None:
    migrations = load_migrations("sqlite")
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as slow,
        closing(sqlite3.connect(path, isolation_level=None)) as fast,
    ):

        def overtake(statement: str) -> None:
            if statement == "BEGIN IMMEDIATE":
                slow.set_trace_callback(None)
                migrate(fast, migrations)

        slow.set_trace_callback(overtake)
        migrate(slow, migrations)
        assert fast.execute("PRAGMA user_version").fetchone() == (len(migrations),)


async def test_a_database_of_a_newer_version_is_refused(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(SchemaTooNew, match=r"version 999.*RECONVENE_STORE"):
        await store.open()


def write_text(path: Path) -> None:
    path.write_text("These are a shopping list's words, " * 100)


def write_other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.parametrize(
    ("make", "below", "reason"),
    [
        (write_text, "", "is not a SQLite database"),
        (write_other_database, "", "another program's SQLite database"),
        (Path.mkdir, "", "is a directory"),
        (write_text, "store.db", "cannot create the directory"),
        (write_text, "deeper/store.db", "cannot create the directory"),
    ],
)
async def test_what_cannot_be_opened_is_refused_with_the_reason(
    path: Path, make: Any, below: str, reason: str
) -> None:
    make(path)
    with pytest.raises(BadStore, match=rf"{reason}.*RECONVENE_STORE"):
        await SqliteStore(path / below).open()


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Root may write anywhere: be someone else meanwhile."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


@pytest.mark.usefixtures("unprivileged")
@pytest.mark.parametrize("below", ["reconvene-store.db", "reconvene-store/store.db"])
async def test_a_directory_that_may_not_be_written_is_refused_with_the_reason(below: str) -> None:
    with pytest.raises(
        BadStore, match=r"(unable to open|cannot create the directory /usr/).*RECONVENE_STORE"
    ):
        await SqliteStore(Path("/usr") / below).open()


async def test_a_lock_another_process_holds_makes_the_store_unavailable_until_it_is_gone(
    store: SqliteStore, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.ping()
        other.execute("ROLLBACK")
    await store.ping()


async def test_attendance_is_read_while_a_write_is_held_up(store: SqliteStore, path: Path) -> None:
    await Script(store).join("ann")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len((await store.attendance("ROOM-1")).participants) == 1
        other.execute("ROLLBACK")


def test_a_full_disk_makes_the_store_unavailable_and_nothing_is_half_done(writer: sqlite3.Connection) -> None:
    run_batch(writer, "BEGIN IMMEDIATE", [partial(joins.join, request=request("ann"))])
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    wanted = [replace(request(f"user-{n}"), name="x" * 1000) for n in range(50)]
    outcomes = run_batch(writer, "BEGIN IMMEDIATE", [partial(joins.join, request=each) for each in wanted])

    kept = {user for (user,) in writer.execute("SELECT user_id FROM participants")} - {"ann"}
    failed = [isinstance(outcome, StoreUnavailable) for outcome in outcomes]
    assert any(failed)
    assert kept == {each.user_id for each, lost in zip(wanted, failed, strict=True) if not lost}

    writer.execute("PRAGMA max_page_count = 1000000")
    (again,) = run_batch(writer, "BEGIN IMMEDIATE", [partial(joins.join, request=wanted[-1])])
    assert not isinstance(again, Exception)


class FailingCommit:
    """A connection whose next COMMIT fails, as on an I/O error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(statement, *values)


def test_when_the_commit_fails_everyone_in_the_batch_hears_of_it_and_nothing_is_kept(
    writer: sqlite3.Connection,
) -> None:
    works = [partial(joins.join, request=request(user)) for user in ("ann", "bob")]
    failing = cast(sqlite3.Connection, FailingCommit(writer))
    outcomes = run_batch(failing, "BEGIN IMMEDIATE", works)
    assert [str(outcome) for outcome in outcomes] == ["SQLite: disk I/O error"] * 2
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert writer.execute("SELECT count(*) FROM participants").fetchone() == (0,)
    assert not any(isinstance(outcome, Exception) for outcome in run_batch(writer, "BEGIN IMMEDIATE", works))


@pytest.mark.parametrize("error", [UnknownMeeting("ROOM-2"), ValueError("a mistake")])
def test_a_call_that_fails_undoes_what_it_changed_and_no_other(
    writer: sqlite3.Connection, error: Exception
) -> None:
    def fails_late(connection: sqlite3.Connection) -> None:
        joins.join(connection, request("cem"))
        raise error

    ann, bob = [partial(joins.join, request=request(user)) for user in ("ann", "bob")]
    works: list[Work] = [ann, fails_late, bob]
    first, failed, last = run_batch(writer, "BEGIN IMMEDIATE", works)
    assert failed is error
    assert not isinstance(first, Exception)
    assert not isinstance(last, Exception)
    assert [user for (user,) in writer.execute("SELECT user_id FROM participants")] == ["ann", "bob"]


def test_a_call_that_is_refused_before_it_changes_anything_is_made_once(writer: sqlite3.Connection) -> None:
    calls: list[str] = []

    def called(connection: sqlite3.Connection, user: str, *, create: bool) -> object:
        calls.append(user)
        return joins.join(connection, replace(request(user), room=f"ROOM-{user}", create=create))

    works = [partial(called, user=user, create=user != "bob") for user in ("ann", "bob", "cem")]
    outcomes = run_batch(writer, "BEGIN IMMEDIATE", works)
    assert [type(outcome) for outcome in outcomes] == [Joined, UnknownMeeting, Joined]
    assert calls == ["ann", "bob", "cem"]


async def test_a_value_the_database_refuses_fails_that_call_only(store: SqliteStore) -> None:
    script = Script(store)
    taken = (await script.join("ann")).participant.id
    wanted = [
        script.request("bob"),
        replace(script.request("cem"), name=cast(str, None)),
        script.request("dee"),
    ]
    wanted.append(replace(script.request("eve"), participant_id=taken))
    answers = await asyncio.gather(*map(store.join, wanted), return_exceptions=True)
    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False, True]
    assert [person.user_id for person in await script.people()] == ["ann", "bob", "dee"]
