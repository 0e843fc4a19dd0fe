"""Attendance of a series with a column for each instance, as JSON and as CSV. Pure, like `attendance_report`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

import orjson

from server.reports import attendance_report, instances
from server.reports.attendance_report import Cell
from server.reports.presence import Person, Report
from signalling.rooms.member import rfc3339
from storage.import_reports import Imported
from storage.imports import Part
from storage.records import Attendance, Participant, Stay

UNSURE = {"unread", "unknown", "too_old"}
"""States of an instance whose attendance is unknown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person's attendance, `cells` by instance: None where they were absent."""

    participant: Participant
    imported: Imported
    whole: Person
    cells: Sequence[Person | None]

    @property
    def attended(self) -> int:
        return sum(cell is not None for cell in self.cells)


def lines(record: Attendance, now: float) -> Iterator[Line]:
    """A line for everyone, in the order of `record`."""
    known = instances.source(record)
    columns = [instances.uuid(part) for part in instances.of(known.record)]
    whole = attendance_report.summarised(record, now)
    each = _by_instance(record, now)
    for participant, _ in record.participants:
        yield Line(
            participant,
            known.people[participant.id],
            attendance_report.person_of(whole, participant),
            [each[column].people.get(participant.id) if column in each else None for column in columns],
        )


def _by_instance(record: Attendance, now: float) -> Mapping[str, Report]:
    there: dict[str, list[tuple[Participant, list[Stay]]]] = defaultdict(list)
    for participant, stays in record.participants:
        own: dict[str, list[Stay]] = defaultdict(list)
        for stay in stays:
            own[stay.instance].append(stay)
        for instance, some in own.items():
            there[instance].append((participant, some))
    return {
        instance: attendance_report.summarised(replace(record, participants=people), now)
        for instance, people in there.items()
    }


def as_json(record: Attendance, now: float, limit: int) -> bytes:
    """A page of at most `limit` people, like those of `attendance_report.as_json`."""
    known = instances.source(record).record
    shown = record.participants[:limit]
    begin = {
        "as_of": rfc3339(now),
        "instances": [head(part) for part in instances.of(known)],
        "next": shown[-1][0].id if len(record.participants) > len(shown) else None,
    }
    people = [orjson.dumps(_line(line)) for line in lines(replace(record, participants=shown), now)]
    return b'%b,"participants":[%b]}' % (orjson.dumps(begin)[:-1], b",".join(people))


def head(part: Part) -> dict[str, Any]:
    return {
        "instance": instances.uuid(part),
        "starts_at": attendance_report.moment(part.starts_at),
        "ended_at": attendance_report.moment(part.ended_at),
        "state": part.state,
        "reason": part.reason,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.participant.id,
        "name": line.participant.name,
        "email": line.imported.email,
        "guest": line.imported.guest,
        "registration": line.imported.registration,
        "role": line.imported.role,
        "attended": line.attended,
        "total_duration": round(line.whole.total_duration, 3),
        "instances": [None if cell is None else _cell(cell) for cell in line.cells],
    }


def _cell(cell: Person) -> dict[str, Any]:
    return {
        "session_count": cell.session_count,
        "total_duration": round(cell.total_duration, 3),
        "estimated": cell.estimated,
    }


def as_csv(record: Attendance, now: float, zone: tzinfo | None) -> bytes:
    """A row for everyone, a column for each instance, headed by its beginning in that zone (None: the machine's)."""
    return attendance_report.written(_rows(record, now, zone))


def _rows(record: Attendance, now: float, zone: tzinfo | None) -> Iterator[Sequence[Cell]]:
    columns = instances.of(instances.source(record).record)
    heads = [attendance_report.harmless(heading(part, zone)) for part in columns]
    yield (
        "name",
        "email",
        "guest",
        "registration",
        "role",
        *heads,
        "attended",
        "duration_seconds",
        "duration",
        "participant_id",
    )
    for line in lines(record, now):
        yield (
            attendance_report.harmless(line.participant.name),
            attendance_report.harmless(line.imported.email),
            attendance_report.yes(line.imported.guest),
            line.imported.registration or "",
            line.imported.role,
            *(told(part, cell) for part, cell in zip(columns, line.cells, strict=True)),
            line.attended,
            int(line.whole.total_duration),
            attendance_report.duration(line.whole.total_duration),
            line.participant.id,
        )


def told(part: Part, cell: Person | None) -> str:
    """`0:45:10`; empty for absent people; `?` if the attendance is unknown."""
    if cell is not None:
        return attendance_report.duration(cell.total_duration)
    return "?" if part.state in UNSURE else ""


def heading(part: Part, zone: tzinfo | None) -> str:
    """`2026-11-03 17:00 +01:00`, with the offset of that day, and the state if it is not complete."""
    return instances.label(part, zone) + ("" if part.state == "complete" else f" ({instances.said(part)})")
