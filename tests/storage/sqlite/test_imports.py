"""What is SQLite's own of imports: indexes, what is left when they are deleted, an older file brought up to date."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.migrations import load_migrations
from storage.records import Meeting
from storage.sqlite import import_query_statements, import_statements
from storage.sqlite.database_file import APPLICATION_ID, migrate
from storage.sqlite.store import SqliteStore
from storage.sqlite.union_find import unite
from tests.storage.import_script import APPROVED, ONE, ROOM, TWO, ImportScript, heard, registrant, row

STATEMENTS = {
    name: text
    for module in (import_statements, import_query_statements)
    for name, text in vars(module).items()
    if name.isupper() and not name.startswith("_") and "room" in text + "walk_id"
}

SCANNED = {
    "LATEST": {"SCAN imports"},  # of all imports, those of the latest meetings
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_finds_its_rows_by_index(writer: sqlite3.Connection, name: str) -> None:
    text = STATEMENTS[name]
    values = ("x",) * text.count("?") or dict.fromkeys(re.findall(r":(\w+)", text), "x")
    plan = [step[3] for step in writer.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    # What was asked for is gone through, from a list that comes with the call.
    scans = {step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step}
    assert {step for step in scans if "CONSTANT ROW" not in step} == SCANNED.get(name, set()), plan
    searches = [step for step in plan if step.startswith("SEARCH")]
    assert all(re.search(r"\((room|id|walk_id|due_at|last_walk)[=<]\?", step) for step in searches), plan


def test_a_page_looks_for_what_is_kept_of_it_row_by_row(writer: sqlite3.Connection) -> None:
    for statement, column in [
        (import_statements.KNOWN_KEYS, "room=? AND key=?"),
        (import_statements.KNOWN_STAYS, "walk_id=? AND session_id=?"),
        (import_statements.KNOWN_REGISTRANTS, "walk_id=? AND registrant_id=?"),
        (import_statements.UNITE, "room=? AND person=?"),
    ]:
        values = ("x",) * statement.count("?") or dict.fromkeys(re.findall(r":(\w+)", statement), "x")
        plan = str(writer.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall())
        assert column in plan


async def test_a_deleted_import_leaves_no_row(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    imports = ImportScript(store)
    await imports.read(ONE, row("s1", "k1"), row("s2"))
    await imports.read(APPROVED, registrant("r1", "k1", "k2"))
    await imports.save(await imports.begin(), row("s3"))
    await imports.hear(heard("s4", joined=1000.0, part=TWO))
    await store.delete_meeting(ROOM)
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if name.startswith("import")
        ]
        assert len(tables) == 6
        for table in tables:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608


async def test_a_file_of_the_version_before_is_brought_up_to_date_and_keeps_its_meetings(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection, load_migrations("sqlite")[:3])
        connection.execute(
            "INSERT INTO meetings (room, title, host_user_id, created_at) VALUES ('ROOM-1', 'Stand-up', 'ann', 1000)"
        )
        connection.execute(
            "INSERT INTO participants (id, room, user_id, name, role, first_joined_at, last_seen_at) "
            "VALUES ('p_ann', 'ROOM-1', 'ann', 'Ann', 'host', 1000, 1000)"
        )
    store = SqliteStore(path)
    assert (await store.schema()).pending[0] == "0004_imports"
    await store.open()
    (listed,) = await store.hosted_meetings(None, 10)
    assert listed.meeting == Meeting("ROOM-1", "Stand-up", "ann", 1000.0, None)
    assert (listed.imported, listed.attended) == (None, 1)
    await ImportScript(store).read(ONE, row("s1"))
    assert len(await store.hosted_meetings(None, 10)) == 2
    await store.close()


def test_keys_that_are_united_are_told_from_those_that_were_so_before() -> None:
    known = {"b": "b", "c": "b", "e": "d"}
    assert unite([("b", "c")], known) == ({}, {})
    assert unite([("x",), ("c", "y"), ("e", "z")], known) == ({"x": "x", "y": "b", "z": "d"}, {})
    assert unite([("y", "x"), ("x", "e"), ("c", "y")], known) == ({"x": "b", "y": "b"}, {"d": "b"})
    assert unite([("c", "a")], {"c": "b"}) == ({"a": "a"}, {"b": "a"})
    assert unite([], {}) == ({}, {})


async def test_the_views_tell_of_people_and_stays_what_the_store_tells(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    script = ImportScript(store)
    await script.read(
        ONE,
        row("s1", "k1", at=1000.0, until=1600.0, name=""),
        row("s2", "k1", "k2", at=1100.0, until=1300.0, name="Ann", email="ann@example.org"),
        row("s3", "k1", at=1500.0, until=1900.0, name="Anna"),
        row("s4", "k3", at=1000.0, until=900.0, name="Ben", left_told=False),
        row("s5", "k3", at=1000.0, until=1200.0, name="Ben", counted=False),
        row("s6", at=1000.0, until=None),
    )
    await script.read(TWO, row("t1", "k2", at=9000.0, until=9100.0, name="Ann"))
    record = await store.attendance(ROOM)
    totals = await store.import_totals(ROOM)
    await store.close()
    with closing(sqlite3.connect(path)) as file:
        stays = file.execute(
            "SELECT person, substr(part, 10), joined_at, left_at, estimated FROM shown_stays "
            "WHERE room = ? AND counted",
            (ROOM,),
        ).fetchall()
        people = file.execute(
            "SELECT person, coalesce(name, 'Guest'), session_count, total_duration, first_joined_at, last_seen_at "
            "FROM shown_people WHERE room = ?",
            (ROOM,),
        ).fetchall()
    assert sorted(stays, key=repr) == sorted(
        (
            (person.id, stay.instance, stay.joined_at, stay.left_at, stay.estimated)
            for person, own in record.participants
            for stay in own
        ),
        key=repr,
    )
    assert sorted(people) == sorted(
        (
            person.id,
            person.name,
            person.session_count,
            person.total_duration,
            person.first_joined_at,
            person.last_seen_at,
        )
        for person, _ in record.participants
    )
    assert sum(person[3] for person in people) == totals.total_duration == 1000.0
