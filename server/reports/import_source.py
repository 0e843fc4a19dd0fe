"""Describes meetings that were held elsewhere: the source of their attendance, and who registered.

Pure, like `attendance_report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from server.reports.attendance_report import Cell, date, duration, harmless, moment, written, yes
from storage.import_reports import ImportTotals, Registration, Registrations
from storage.imports import INSTANCE, REGISTRANTS, Import, Part, PartState

WORST_FIRST: Sequence[PartState] = ("unread", "live", "unknown", "partial", "complete", "too_old")
"""A whole is as good as its worst part. What Zoom no longer shows counts only if there is nothing else."""


def state_of(record: Import) -> tuple[PartState, str]:
    """The state of the whole attendance, and its reason: that of the first of the worst instances. If nothing is wrong
    with what is shown, the reason why the latest attempt to read it again got less."""
    return _worst(record, INSTANCE)


def registration_of(record: Import) -> tuple[PartState, str]:
    """The state of the registrations, which is independent of the attendance."""
    return _worst(record, REGISTRANTS)


def _worst(record: Import, prefix: str) -> tuple[PartState, str]:
    parts = [part for part in record.parts if part.part.startswith(prefix)]
    states = {part.state for part in parts}
    state: PartState = next((each for each in WORST_FIRST if each in states), "unread")
    reasons = [part.reason for part in sorted(parts, key=lambda part: part.state != state) if part.reason]
    return state, next(iter(reasons), "")


def is_known(record: Import) -> bool:
    """Whether anything is known of who attended. Otherwise an empty list does not mean that nobody did."""
    known = {"live", "partial", "complete"}
    return any(part.part.startswith(INSTANCE) and part.state in known for part in record.parts)


def is_approved_known(record: Import) -> bool:
    """Whether anything is known of approved registrations. Otherwise the no-shows are unknown."""
    return any(
        part.part == f"{REGISTRANTS}approved" and part.state in ("partial", "complete")
        for part in record.parts
    )


def doubt_of_absent(record: Import) -> str:
    """How far the number of no-shows can be relied on; "": entirely. The page says the same."""
    approved = any(
        part.part == f"{REGISTRANTS}approved" and part.state == "complete" for part in record.parts
    )
    # While rows are missing, or an instance is too old to be read, more people may have come.
    attended = all(part.state == "complete" for part in record.parts if part.part.startswith(INSTANCE))
    if approved:
        return "" if attended else "or fewer"
    return "or more" if attended else "so far as is known"


def summary(record: Import) -> dict[str, Any]:
    """For a list of meetings. `state` is that of the attendance."""
    worst, reason = state_of(record)
    return {
        "kind": record.subject.kind,
        "external_id": record.subject.external_id,
        "state": worst,
        "reason": reason,
    }


def source(record: Import, totals: ImportTotals, now: float) -> dict[str, Any]:
    """For the report on one meeting, as of `now`."""
    return {
        **summary(record),
        "registration": dict(zip(("state", "reason"), registration_of(record), strict=True)),
        "due_at": moment(record.due_at),
        "parts": [_part(part, now) for part in record.parts],
        "totals": {"registrants": dict(totals.registrants), **_attended(record, totals)},
    }


def _part(part: Part, now: float) -> dict[str, Any]:
    # A walk whose lease has run out was left. It may be continued, but nobody is reading it at the moment.
    reading = next((walk for walk in part.walking if walk.lease_until > now), None)
    return {
        "part": part.part,
        "instance": _after(INSTANCE, part.part),
        "status": _after(REGISTRANTS, part.part),
        "starts_at": moment(part.starts_at),
        "ended_at": moment(part.ended_at),
        "state": part.state,
        "source": part.source,
        "why": part.why,
        "reason": part.reason,
        "rows": part.rows,
        "given": part.given,
        "total": part.total,
        "agreed": part.agreed,
        "checked_at": moment(part.checked_at),
        "reading": None if reading is None else {"rows": reading.given, "total": reading.total},
    }


def _after(prefix: str, part: str) -> str | None:
    return part.removeprefix(prefix) if part.startswith(prefix) else None


def _attended(record: Import, totals: ImportTotals) -> dict[str, Any]:
    """Unknown numbers are None, not 0: that would mean that nobody came."""
    numbers: dict[str, int | float | None] = {
        "people": totals.people,
        "guests": totals.guests,
        "stays": totals.stays,
        "uncounted": totals.uncounted,
        "guessed": totals.guessed,
        "no_shows": totals.no_shows if is_approved_known(record) else None,
        "total_duration": round(totals.total_duration, 3),
    }
    return numbers if is_known(record) else dict.fromkeys(numbers)


# Who registered


def registrants_as_json(page: Registrations, record: Import) -> bytes:
    known = is_known(record)
    people = [orjson.dumps(_registrant(person, known=known)) for person in page.people]
    return b'{"next":%b,"registrants":[%b]}' % (orjson.dumps(page.next), b",".join(people))


def registrants_as_csv(page: Registrations, record: Import) -> bytes:
    return written(_rows(page.people, known=is_known(record)))


def _registrant(person: Registration, *, known: bool) -> dict[str, Any]:
    return {
        "id": person.participant_id,
        "name": person.name,
        "email": person.email,
        "status": person.status,
        "registered_at": moment(person.registered_at),
        "came": person.session_count > 0 if known else None,
        "session_count": person.session_count,
        "total_duration": round(person.total_duration, 3),
    }


def _rows(people: Iterable[Registration], *, known: bool) -> Iterator[Sequence[Cell]]:
    yield (
        "name",
        "email",
        "status",
        "registered_at (UTC)",
        "came",
        "sessions",
        "duration_seconds",
        "duration",
        "participant_id",
    )
    for person in people:
        yield (
            harmless(person.name),
            harmless(person.email),
            person.status,
            "" if person.registered_at is None else date(person.registered_at),
            yes(person.session_count > 0) if known else "unknown",
            person.session_count,
            int(person.total_duration),
            duration(person.total_duration),
            person.participant_id,
        )
