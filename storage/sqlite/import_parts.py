"""Creates an import and its parts in a SQLite database, and sets their times."""

from __future__ import annotations

import sqlite3

from storage.errors import MeetingExists
from storage.imports import Subject
from storage.sqlite import import_statements as sql


def make_part(
    connection: sqlite3.Connection, subject: Subject, part: str, starts_at: float | None, at: float
) -> None:
    """Create meeting, import and part if they are missing. Raises `MeetingExists`."""
    values = {
        "room": subject.room,
        "kind": subject.kind,
        "external_id": subject.external_id,
        "title": subject.title,
        "host_user_id": subject.host_user_id,
        "part": part,
        "starts_at": starts_at,
        "begins_at": at if starts_at is None else starts_at,
        "at": at,
    }
    if connection.execute(sql.IMPORTED_AT, values).fetchone() is None:
        if not connection.execute(sql.MAKE_MEETING, values).rowcount:
            raise MeetingExists(subject.room)
        connection.execute(sql.MAKE_IMPORT, values)
    connection.execute(sql.MAKE_PART, values)


def set_times(connection: sqlite3.Connection, room: str) -> None:
    """Set when the meeting began (when its first part did) and ended (the last known moment of any part)."""
    (imported_at,) = connection.execute(sql.IMPORTED_AT, {"room": room}).fetchone()
    first, *moments = connection.execute(sql.TIMES, {"room": room}).fetchone()
    known = [moment for moment in moments if moment is not None]
    first = imported_at if first is None else first
    values = {"room": room, "first": first, "last": max(first, *known) if known else first}
    connection.execute(sql.SET_TIMES, values)
