"""Makes records of imports from the JSON that the SQL functions return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storage.import_reports import Imported, ImportSource, ImportTotals, Registration, Registrations
from storage.imports import GIVEN_UP, Import, Part, Subject, Walk
from storage.postgres import rows
from storage.records import GUEST, Attendance, Participant, Stay

_Columns = Mapping[str, Any]


def walk(columns: _Columns) -> Walk:
    return Walk(
        columns["id"],
        columns["part"],
        columns["owner"],
        columns["source"],
        columns["why"],
        columns["cursor"],
        columns["pages"],
        columns["rows"],
        columns["total"],
        float(columns["begun_at"]),
        float(columns["touched_at"]),
        float(columns["lease_until"]),
        columns["given"],
    )


def part(columns: _Columns) -> Part:
    return Part(
        columns["part"],
        rows.time(columns["starts_at"]),
        rows.time(columns["ended_at"]),
        columns["state"],
        columns["source"],
        columns["why"],
        columns["reason"],
        columns["rows"],
        columns["total"],
        columns["agreed"],
        rows.time(columns["checked_at"]),
        tuple(map(walk, columns["walking"])),
        columns["given"],
    )


def record(columns: _Columns) -> Import:
    return Import(
        Subject(
            columns["room"],
            columns["kind"],
            columns["external_id"],
            columns["title"],
            columns["host_user_id"],
        ),
        float(columns["created_at"]),
        tuple(each for each in map(part, columns["parts"]) if each.why != GIVEN_UP),
        rows.time(columns["due_at"]),
        columns["due_attempt"],
        columns["roles"],
    )


def totals(columns: _Columns) -> ImportTotals:
    return ImportTotals(
        columns["registrants"],
        columns["people"],
        columns["guests"],
        columns["stays"],
        columns["uncounted"],
        columns["no_shows"],
        float(columns["total_duration"]),
        rows.time(columns["first_joined_at"]),
        rows.time(columns["last_left_at"]),
        columns["guessed"],
    )


def registrations(found: Sequence[_Columns], limit: int | None) -> Registrations:
    people = [
        Registration(
            columns["participant_id"],
            columns["name"],
            columns["email"],
            columns["status"],
            rows.time(columns["registered_at"]),
            columns["session_count"],
            float(columns["total_duration"]),
        )
        for columns in found
    ]
    return Registrations(people, people[-1].participant_id if len(people) == limit else None)


def attendance(found: _Columns, limit: int | None) -> Attendance:
    meeting = rows.meeting(found["meeting"])
    people = [
        (_participant(columns, meeting.room), [_stay(stay, columns["person"]) for stay in stays])
        for columns, stays in found["participants"]
    ]
    imported = record(found["origin"])
    known = {columns["person"]: _imported(columns, imported) for columns, _ in found["participants"]}
    after = people[-1][0].id if people and len(people) == limit else None
    return Attendance(meeting, people, after, ImportSource(imported, known))


def _imported(columns: _Columns, of: Import) -> Imported:
    return Imported(
        columns["email"],
        columns["guest"],
        columns["status"],
        columns["namesakes"],
        columns["name_match"],
        columns["guessed"],
        of.roles.get(columns["person"], "participant"),
    )


def _participant(columns: _Columns, room: str) -> Participant:
    return Participant(
        columns["person"],
        room,
        "",
        columns["name"] or GUEST,
        "participant",
        "connected" if columns["is_open"] else "disconnected",
        float(columns["first_joined_at"]),
        float(columns["last_seen_at"]),
        columns["session_count"],
        float(columns["total_duration"]),
    )


def _stay(columns: _Columns, person: str) -> Stay:
    return Stay(
        person,
        columns["session_id"],
        "",
        columns["instance"],
        float(columns["joined_at"]),
        rows.time(columns["left_at"]),
        None if columns["left_at"] is None else "left",
        columns["estimated"],
        1,
    )
