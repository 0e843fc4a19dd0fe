"""Statements and triggers of SQLite: how they find their rows, and what triggers make of them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.migrations import load_migrations
from storage.records import StayEnd
from storage.sqlite import (
    chat_statements,
    join_statements,
    joins,
    meeting_statements,
    meetings,
    moderation_statements,
)
from storage.sqlite.database_file import migrate
from storage.sqlite.meetings import FORGOTTEN_AFTER
from tests.storage.script import request

STATEMENTS = {
    name: text
    for statements in (meeting_statements, join_statements, moderation_statements, chat_statements)
    for name, text in vars(statements).items()
    if name.isupper() and not name.startswith("_") and isinstance(text, str)
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_finds_its_rows_by_index(writer: sqlite3.Connection, name: str) -> None:
    values = dict.fromkeys(re.findall(r":(\w+)", STATEMENTS[name]), "x")
    plan = [row[3] for row in writer.execute(f"EXPLAIN QUERY PLAN {STATEMENTS[name]}", values)]
    scans = [step for step in plan if step.startswith("SCAN")]
    # A row's own list is no table, and neither are rooms that were found one by one, nor what a part has found.
    scans = [step for step in scans if "CONSTANT ROW" not in step and "json_each" not in step]
    scans = [step for step in scans if step != "SCAN rooms" and not step.startswith("SCAN (subquery")]
    # Of everybody's meetings the latest, from there on.
    assert scans == ["SCAN meetings USING INDEX meetings_by_creation"] * (name == "LATEST_MEETINGS"), plan


def test_every_trigger_finds_its_rows_by_index(writer: sqlite3.Connection) -> None:
    """A statement's plan does not show what its triggers do."""
    query = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name <> 'node_is_known'"
    triggers = writer.execute(query).fetchall()
    assert len(triggers) == 3
    for (sql,) in triggers:
        body = re.sub(r"\b(NEW|OLD)\.\w+", "'x'", sql[sql.index("BEGIN") + len("BEGIN") : sql.rindex("END")])
        plan = [row[3] for row in writer.execute(f"EXPLAIN QUERY PLAN {body}")]
        assert "SEARCH participants USING PRIMARY KEY (id=?)" in plan
        # A scan of a subquery's result is no look-up.
        assert not [step for step in plan if step.startswith("SCAN participant")], plan


def test_looking_for_open_stays_uses_the_indexes_of_open_stays(writer: sqlite3.Connection) -> None:
    for statement, index in [
        (meeting_statements.END_STAYS, "one_open_stay"),
        (meeting_statements.OPEN_STAY, "one_open_stay"),
        (meeting_statements.CLOSE_STAYS_OF_NODE, "open_stays_by_node"),
        (meeting_statements.CLOSE_STAYS_OF_DEAD_NODES, "open_stays_by_node"),
        (meeting_statements.CLOSE_STAYS_OF_DEAD_NODES, "nodes_by_heartbeat"),
        (meeting_statements.RESTORABLE, "nodes_by_heartbeat"),
        (meeting_statements.RESTORABLE, "open_stays_by_node"),
        (meeting_statements.RESTORABLE, "lost_stays_by_end"),
    ]:
        values = dict.fromkeys(re.findall(r":(\w+)", statement), "x")
        plan = str(writer.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall())
        assert f"INDEX {index} " in plan


def test_stays_outlive_the_change_of_their_table() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        migrations = load_migrations("sqlite")
        migrate(connection, migrations[:5])
        connection.execute("INSERT INTO meetings VALUES ('ROOM-1', '', 'ann', 1000, NULL)")
        connection.execute("INSERT INTO nodes VALUES ('n_1', 1000, NULL)")
        for user in ("ann", "bob"):
            connection.execute(
                "INSERT INTO participants (id, room, user_id, name, role, first_joined_at, last_seen_at) "
                "VALUES (?1, 'ROOM-1', ?1, ?1, 'participant', 1000, 1000)",
                (user,),
            )
            connection.execute(
                "INSERT INTO participant_sessions (participant_id, session_id, node_id, instance, joined_at) "
                "VALUES (?1, 's_' || ?1, 'n_1', 'tab', 1000)",
                (user,),
            )
        meetings.leave(connection, StayEnd("ROOM-1", "ann", "ann", "s_ann", "n_1", 1010.0, "left"))
        before = connection.execute("SELECT * FROM participant_sessions").fetchall()
        migrate(connection, migrations)
        assert connection.execute("SELECT * FROM participant_sessions").fetchall() == before
        assert [
            person.total_duration for person, _ in meetings.attendance(connection, "ROOM-1").participants
        ] == [*(10.0, 0.0)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


class Counting:
    """A connection that remembers what was executed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.executed: list[str] = []

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        self.executed.append(statement)
        return self._connection.execute(statement, *values)


def test_a_join_to_a_meeting_where_nothing_is_set_takes_three_statements(writer: sqlite3.Connection) -> None:
    joins.join(writer, request("ann"))
    for user in ("bob", "ann"):
        counting = Counting(writer)
        joins.join(cast(sqlite3.Connection, counting), request(user, 1001.0))
        assert len(counting.executed) == 3


def test_nodes_that_died_long_ago_have_no_row(writer: sqlite3.Connection) -> None:
    for node, at in (("n_dead", 1000.0), ("n_silent", 1001.0), ("n_1", 1000.0 + FORGOTTEN_AFTER)):
        meetings.heartbeat(writer, node, at)
    joins.join(writer, request("ann"))
    meetings.close_dead_nodes(writer, 1000.5 + FORGOTTEN_AFTER)
    assert [node for (node,) in writer.execute("SELECT id FROM nodes ORDER BY id")] == ["n_1", "n_silent"]


Interval = tuple[int, int | None]
intervals = st.tuples(st.integers(0, 60), st.none() | st.integers(0, 40)).map(
    lambda pair: (pair[0], None if pair[1] is None else pair[0] + pair[1])
)
changes = st.lists(st.tuples(st.integers(0, 5), intervals), max_size=12)


@settings(max_examples=80)
@given(changes)
def test_totals_follow_every_insert_and_change_of_stays(
    changes: list[tuple[int, Interval]],
) -> None:
    """Each change sets stay number n to an interval (open when its end is None)."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, load_migrations("sqlite"))
        connection.execute(
            "INSERT INTO meetings (room, title, host_user_id, created_at) VALUES ('ROOM', '', 'ann', 0)"
        )
        connection.execute("INSERT INTO nodes (id, heartbeat_at) VALUES ('n_1', 0)")
        for person in ("p_1", "p_2"):
            connection.execute(
                "INSERT INTO participants (id, room, user_id, name, role, first_joined_at, last_seen_at) "
                "VALUES (?1, 'ROOM', ?1, '', 'participant', 0, 0)",
                (person,),
            )
        stays: dict[int, Interval] = {}
        for number, change in changes:
            if change[1] is not None or all(
                left is not None for n, (_, left) in stays.items() if n != number
            ):
                stays[number] = change
                connection.execute(
                    "INSERT INTO participant_sessions VALUES ('p_1', ?1, 'n_1', '', ?2, ?3, ?4, 0, 1, '[]') "
                    "ON CONFLICT DO UPDATE SET joined_at = ?2, left_at = ?3, reason = ?4",
                    (number, *change, None if change[1] is None else "left"),
                )
            seconds = {
                second for start, end in stays.values() if end is not None for second in range(start, end)
            }
            is_open = any(end is None for _, end in stays.values())
            rows = connection.execute(
                "SELECT session_count, total_duration, state FROM participants ORDER BY id"
            ).fetchall()
            assert rows == [
                (len(stays), len(seconds), "connected" if is_open else "disconnected"),
                (0, 0, "disconnected"),
            ]
