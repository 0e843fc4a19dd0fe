"""What each call for live stays and for the schedule of imports does to a SQLite database: one function per call.

The functions run within the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from storage.imports import Import, LiveStay, Row, Subject
from storage.sqlite import import_statements as sql
from storage.sqlite.import_page import save_stays, unite_keys
from storage.sqlite.import_parts import make_part, set_times
from storage.sqlite.import_queries import known_import


def record_live(connection: sqlite3.Connection, subject: Subject, stay: LiveStay) -> bool:
    values: dict[str, Any] = {
        "room": subject.room,
        "part": stay.part,
        "session_id": stay.session_id,
        "at": stay.at,
    }
    row = connection.execute(sql.PART, values).fetchone()
    if row is not None and row[1] not in ("unread", "live"):
        return False
    make_part(connection, subject, stay.part, stay.starts_at, stay.at)
    walk_id = values["walk_id"] = f"live:{subject.room}:{stay.part}"
    connection.execute(sql.MAKE_LIVE_WALK, values)
    connection.execute(sql.SHOW_LIVE, values)

    known = connection.execute(sql.LIVE_STAY, values).fetchone()
    ended_at = None if row is None else row[3]
    kept = _heard(stay, known, ended_at)
    unite_keys(connection, subject.room, [kept.keys])
    values["added"] = known is None
    save_stays(connection, walk_id, [kept])
    values["first_at"] = values["last_at"] = kept.joined_at
    if kept.left_at is not None and kept.left_told:
        values["last_at"] = max(kept.joined_at, kept.left_at)
    connection.execute(sql.HEARD_LIVE, values)
    set_times(connection, subject.room)
    return True


def _heard(stay: LiveStay, known: tuple[Any, ...] | None, ended_at: float | None) -> Row:
    """The stay, merged with what was heard of it before."""
    keys, guest, name, name_key, email = stay.keys, stay.guest, stay.name, stay.name_key, stay.email
    joined = [] if stay.joined_at is None else [stay.joined_at]
    left = [] if stay.left_at is None else [stay.left_at]
    guesses = list(left)
    if known is not None:
        (
            key,
            was_guest,
            known_name,
            known_name_key,
            known_email,
            joined_at,
            left_at,
            joined_told,
            left_told,
        ) = known
        keys = (key, *keys)
        guest = guest and bool(was_guest)
        if known_name != "":
            name, name_key = known_name, known_name_key
        email = known_email or email
        (joined if joined_told else guesses).append(joined_at)
        if left_told and left_at is not None:
            left.append(left_at)
    return Row(
        session_id=stay.session_id,
        keys=keys,
        guest=guest,
        name=name,
        name_key=name_key,
        email=email,
        joined_at=min(joined or guesses or [stay.at]),
        left_at=max(left) if left else ended_at,
        digest=0,
        joined_told=bool(joined),
        left_told=bool(left) or ended_at is None,
    )


def end_live(
    connection: sqlite3.Connection, subject: Subject, part: str, ended_at: float, due_at: float, at: float
) -> None:
    make_part(connection, subject, part, None, at)
    values: dict[str, Any] = {"room": subject.room, "part": part, "ended_at": ended_at, "due_at": due_at}
    before = connection.execute(sql.PART, values).fetchone()[3]
    shown, state, values["ended_at"] = connection.execute(sql.END_PART, values).fetchone()
    if state == "live":
        values["walk_id"] = shown
        connection.execute(sql.END_OPEN_LIVE_STAYS, values)
        if before is not None:
            connection.execute(sql.MOVE_GUESSED_ENDS, values)
    set_times(connection, subject.room)
    connection.execute(sql.HASTEN, values)


def schedule_import(connection: sqlite3.Connection, room: str, due_at: float | None, attempt: int) -> None:
    connection.execute(sql.SCHEDULE, {"room": room, "due_at": due_at, "attempt": attempt})


def claim_due_imports(
    connection: sqlite3.Connection, now: float, again_at: float, limit: int
) -> Sequence[Import]:
    rooms = [room for (room,) in connection.execute(sql.DUE, {"now": now, "limit": limit}).fetchall()]
    connection.executemany(sql.DUE_AGAIN, [{"room": room, "again_at": again_at} for room in rooms])
    return [known_import(connection, room) for room in rooms]
