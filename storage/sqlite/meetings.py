"""What each call does to a SQLite database: one function per call of the `Store` protocol, except `join` (`joins`).

The functions run within the caller's transaction.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from typing import Any

from storage.errors import UnknownMeeting, UnknownParticipant
from storage.moderation import KEYS_KEPT
from storage.open_stays import OpenStay, StayAbandon
from storage.records import (
    Attendance,
    HostedMeeting,
    Meeting,
    Participant,
    Restorable,
    Stay,
    StayEnd,
    StayResume,
)
from storage.sqlite import audit_log, import_queries, rows
from storage.sqlite import meeting_statements as sql
from storage.sqlite.import_query_statements import ATTENDED

_MEETING = rows.MEETING_COLUMNS
_PARTICIPANT = _MEETING + rows.PARTICIPANT_COLUMNS

FORGOTTEN_AFTER = 86_400.0
"""Seconds after which a dead node is forgotten (in `sql/postgres`, too)."""


def create_meeting(
    connection: sqlite3.Connection,
    room: str,
    user_id: str,
    title: str,
    at: float,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Meeting, bool]:
    values = {"room": room, "user_id": user_id, "title": title, "at": at}
    values |= {"settings": rows.dumped(settings or {}), "revision": 1 if settings else 0}
    if row := connection.execute(sql.CREATE_MEETING, values).fetchone():
        return rows.meeting(row), True
    return known_meeting(connection, room), False


def meeting(connection: sqlite3.Connection, room: str) -> Meeting | None:
    row = connection.execute(sql.MEETING, {"room": room}).fetchone()
    return rows.meeting(row) if row else None


def known_meeting(connection: sqlite3.Connection, room: str) -> Meeting:
    found = meeting(connection, room)
    if found is None:
        raise UnknownMeeting(room)
    return found


def participant(connection: sqlite3.Connection, room: str, user_id: str) -> Participant | None:
    row = connection.execute(sql.PARTICIPANT_OF_USER, {"room": room, "user_id": user_id}).fetchone()
    return rows.participant(row) if row else None


def leave(connection: sqlite3.Connection, end: StayEnd) -> None:
    connection.execute(
        sql.CLOSE_STAY,
        {
            "participant_id": end.participant_id,
            "session_id": end.session_id,
            "node_id": end.node_id,
            "at": end.at,
            "reason": end.reason,
            "joined_at": end.joined_at,
        },
    )


def open_stays(connection: sqlite3.Connection, node_id: str) -> list[OpenStay]:
    return [OpenStay(*row) for row in connection.execute(sql.OPEN_STAYS, {"node_id": node_id})]


def abandon_stay(connection: sqlite3.Connection, abandon: StayAbandon) -> None:
    values = {
        "participant_id": abandon.participant_id,
        "session_id": abandon.session_id,
        "node_id": abandon.node_id,
        "seen_at": abandon.seen_at,
    }
    connection.execute(sql.ABANDON_STAY, values)


def resume_stay(connection: sqlite3.Connection, resume: StayResume) -> None:
    values = {
        "participant_id": resume.participant_id,
        "session_id": resume.session_id,
        "node_id": resume.node_id,
        "instance": resume.instance,
        "at": resume.at,
        "joined_at": resume.joined_at,
        "returned_at": rows.moment(resume.at) if resume.returned else None,
        "if_free": resume.if_free,
    }
    connection.execute(sql.KNOW_NODE, values)
    if connection.execute(sql.RESUME_STAY, values).rowcount:
        connection.execute(sql.SEE_PARTICIPANT, values)


def restorable(connection: sqlite3.Connection, now: float, grace: float, slack: float) -> list[Restorable]:
    values = {
        "exact_after": now - grace,
        "estimated_after": now - grace - slack,
        "until": now + slack,
    }
    found = connection.execute(sql.RESTORABLE, values).fetchall()
    whose = [rows.meeting(row[:_MEETING]) for row in found]
    began = {room: _began(connection, room, grace) for room in {meeting.room for meeting in whose}}
    return [
        Restorable(
            meeting,
            rows.participant(row[_MEETING:_PARTICIPANT]),
            rows.stay(row[_PARTICIPANT:-1]),
            row[-1],
            began[meeting.room],
        )
        for meeting, row in zip(whose, found, strict=True)
    ]


def _began(connection: sqlite3.Connection, room: str, grace: float) -> float:
    (at,) = connection.execute(sql.BEGAN, {"room": room, "grace": grace}).fetchone()
    return float(at)


def end_meeting(connection: sqlite3.Connection, room: str, at: float, by: str, action: str) -> Meeting:
    if action and known_meeting(connection, room).ended_at is None:
        audit_log.write(connection, room, by, at, action, "", {})
    row = connection.execute(sql.END_MEETING, {"room": room, "at": at}).fetchone()
    if row is None:
        raise UnknownMeeting(room)
    ended = rows.meeting(row)
    # A meeting does not end before it was created. Its stays may, if the clock was set back meanwhile.
    connection.execute(sql.END_STAYS, {"room": room, "at": min(at, ended.ended_at or at)})
    connection.execute(sql.DELETE_ADMISSIONS, {"room": room})
    connection.execute(sql.DELETE_INVITES, {"room": room})
    return ended


def attendance(
    connection: sqlite3.Connection, room: str, limit: int | None = None, after: str | None = None
) -> Attendance:
    found = known_meeting(connection, room)
    record = import_queries.imported(connection, room)
    if record is not None:
        return import_queries.attendance(connection, found, record, limit, after)
    place = (-math.inf, "")
    if after is not None:
        row = connection.execute(sql.PLACE_OF_PARTICIPANT, {"room": room, "after": after}).fetchone()
        if row is None:
            raise UnknownParticipant(after)
        place = row
    page = {
        "room": room,
        "after_joined": place[0],
        "after_id": place[1],
        "limit": -1 if limit is None else limit,
    }
    participants = [rows.participant(row) for row in connection.execute(sql.PARTICIPANTS, page)]
    if not participants:
        return Attendance(found, [])
    last = participants[-1]
    page |= {"last_joined": last.first_joined_at, "last_id": last.id}
    stays: dict[str, list[Stay]] = {participant.id: [] for participant in participants}
    for row in connection.execute(sql.STAYS, page):
        stays[row[0]].append(rows.stay(row))
    for of_one in stays.values():
        if len(of_one) > 1:
            of_one.sort(key=lambda stay: (stay.joined_at, stay.session_id))
    people = [(participant, stays[participant.id]) for participant in participants]
    # A full page may be the last one: then the next page is empty.
    return Attendance(found, people, last.id if len(people) == limit else None)


def hosted_meetings(connection: sqlite3.Connection, user_id: str | None, limit: int) -> list[HostedMeeting]:
    statement = sql.LATEST_MEETINGS if user_id is None else sql.HOSTED_MEETINGS
    found = []
    for row in connection.execute(statement, {"user_id": user_id, "limit": limit}).fetchall():
        kind, *counted = row[_MEETING:]
        attended, present, last_seen_at = counted if kind is None else _attended(connection, row[0])
        found.append(HostedMeeting(rows.meeting(row[:_MEETING]), attended, present, last_seen_at, kind))
    return found


def _attended(connection: sqlite3.Connection, room: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = connection.execute(ATTENDED, {"room": room}).fetchone()
    return row


def delete_meeting(connection: sqlite3.Connection, room: str, created_at: float | None = None) -> bool:
    found = meeting(connection, room)
    if found is None or created_at not in (None, found.created_at):
        return False
    connection.execute(sql.DELETE_STAYS, {"room": room})
    connection.execute(sql.DELETE_PARTICIPANTS, {"room": room})
    connection.execute(sql.DELETE_MEETING, {"room": room})
    return True


def delete_old_meetings(connection: sqlite3.Connection, before: float, limit: int) -> list[str]:
    rooms = [room for (room,) in connection.execute(sql.OLD_MEETINGS, {"before": before, "limit": limit})]
    for room in rooms:
        delete_meeting(connection, room)
    return rooms


def heartbeat(
    connection: sqlite3.Connection, node_id: str, at: float, engine_seen_at: float | None = None
) -> None:
    connection.execute(sql.HEARTBEAT, {"node_id": node_id, "at": at, "engine_seen_at": engine_seen_at})


def others_see_engine(connection: sqlite3.Connection, node_id: str, since: float) -> bool:
    (found,) = connection.execute(sql.OTHERS_SEE_ENGINE, {"node_id": node_id, "since": since}).fetchone()
    return bool(found)


def close_dead_nodes(
    connection: sqlite3.Connection, dead_before: float, ahead_of: float | None = None
) -> int:
    values = {"dead_before": dead_before, "ahead_of": ahead_of}
    closed = connection.execute(sql.CLOSE_STAYS_OF_DEAD_NODES, values).rowcount
    connection.execute(sql.FORGET_NODES, {"forgotten_before": dead_before - FORGOTTEN_AFTER})
    connection.execute(sql.FORGET_CHANGES, {"forgotten_before": dead_before - KEYS_KEPT})
    return closed


def stop_node(connection: sqlite3.Connection, node_id: str, at: float) -> int:
    connection.execute(sql.STOP_NODE, {"node_id": node_id, "at": at})
    return connection.execute(sql.CLOSE_STAYS_OF_NODE, {"node_id": node_id, "at": at}).rowcount


def ping(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT EXISTS (SELECT 1 FROM meetings)").fetchone()
