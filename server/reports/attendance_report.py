"""The report on who was in a meeting: JSON for programs and the page, CSV for spreadsheets.

Pure. It is long work for a large meeting, so it is called on a thread, and the event loop goes on serving sockets.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from server.reports import presence
from server.reports.downsampling import thinned
from server.reports.presence import Person, Report, StayTimes
from signalling.rooms.member import rfc3339
from storage.import_reports import Imported
from storage.imports import Import
from storage.records import Attendance, Meeting, Participant, Stay

Cell = str | int


class Rows(StrEnum):
    """What a table has a row for."""

    STAYS = "stays"
    PEOPLE = "people"


_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def summarised(record: Attendance, now: float) -> Report:
    """The report on everyone in `record`, as of `now`."""
    return presence.reduce(
        (
            StayTimes(
                participant.id,
                stay.session_id,
                stay.joined_at,
                stay.left_at,
                stay.estimated,
                stay.reconnects,
                stay.connections,
            )
            for participant, stays in record.participants
            for stay in stays
        ),
        now,
        {participant.id for participant, _ in record.participants if participant.is_program},
    )


def person_of(report: Report, participant: Participant) -> Person:
    """What the report says of a participant, even if none of their stays is known."""
    seen = participant.first_joined_at, participant.last_seen_at
    return report.people.get(participant.id) or Person(0, 0.0, *seen, 0, False, False, ())


def ended_at(meeting: Meeting, record: Import | None) -> float | None:
    """When the meeting ended, if it has. In the store, an import always has an end, so that nobody can join it."""
    goes_on = record is not None and any(
        part.state == "live" and part.ended_at is None for part in record.parts
    )
    return None if goes_on else meeting.ended_at


def imported_of(record: Attendance, participant: Participant) -> Imported | None:
    """What else is known of someone in an import; None: the meeting was held here."""
    return None if record.import_source is None else record.import_source.people[participant.id]


def role_of(record: Attendance, participant: Participant) -> str:
    imported = imported_of(record, participant)
    return imported.role if imported else participant.role


# JSON


def as_json(
    record: Attendance, now: float, limit: int, *, source: Mapping[str, Any] | None, done: list[Any] | None
) -> bytes:
    """A page of at most `limit` people, and where the next one begins if `record` has more people.

    `done`: what those in charge did. It is given if `record` has everyone: the page then also describes the whole
    meeting and the source of its attendance.
    """
    report = summarised(record, now)
    meeting = record.meeting
    shown = record.participants[:limit]
    imported = record.import_source.record if record.import_source else None
    head: dict[str, Any] = {
        "meeting": {
            "id": meeting.room,
            "title": meeting.title,
            "created_at": rfc3339(meeting.created_at),
            "ended_at": moment(ended_at(meeting, imported)),
        },
        "as_of": rfc3339(now),
    }
    if done is not None:
        head["source"] = source
        head["audit"] = done
        head["totals"] = _totals(report)
        head["presence"] = [(rfc3339(at), count) for at, count in thinned(report.presence)]
    head["next"] = shown[-1][0].id if len(record.participants) > len(shown) else None
    # Encoded one by one: the encoder lets no other thread run meanwhile.
    people = [
        orjson.dumps(_person(each, stays, person_of(report, each), imported_of(record, each)))
        for each, stays in shown
    ]
    return b'%b,"participants":[%b]}' % (orjson.dumps(head)[:-1], b",".join(people))


def _totals(report: Report) -> dict[str, Any]:
    totals = report.totals
    return {
        "participants": totals.participants,
        "present": totals.present,
        "sessions": totals.sessions,
        "reconnects": totals.reconnects,
        "estimated": totals.estimated,
        "total_duration": round(totals.total_duration, 3),
        "average_duration": round(totals.total_duration / max(1, totals.participants), 3),
        "peak": totals.peak,
        "peak_at": moment(totals.peak_at),
        "first_joined_at": moment(totals.first_joined_at),
        "last_left_at": moment(totals.last_left_at),
    }


def _person(
    participant: Participant, stays: Iterable[Stay], person: Person, imported: Imported | None
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": participant.id,
        "name": participant.name,
        "role": imported.role if imported else participant.role,
        "state": participant.state,
        "session_count": person.session_count,
        "reconnects": person.reconnects,
        "total_duration": round(person.total_duration, 3),
        "first_seen_at": rfc3339(person.first_seen),
        "last_seen_at": rfc3339(person.last_seen),
        "estimated": person.estimated,
    }
    if participant.is_program:
        told["kind"] = "bot"
    if imported is None:
        return told | {"sessions": [_session(stay) for stay in stays]}
    return told | {
        "email": imported.email,
        "guest": imported.guest,
        "registration": imported.registration,
        "namesakes": imported.namesakes,
        "name_match": imported.name_match,
        "guessed": imported.guessed,
        "sessions": [_session(stay) | {"instance": stay.instance} for stay in stays],
    }


def _session(stay: Stay) -> dict[str, Any]:
    return {
        "joined_at": rfc3339(stay.joined_at),
        "left_at": moment(stay.left_at),
        "reason": stay.reason,
        "estimated": stay.estimated,
        "connections": stay.connections,
        "reconnects": [rfc3339(at) for at in stay.reconnects],
    }


def moment(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


# CSV (RFC 4180)


def as_csv(record: Attendance, now: float, rows: Rows) -> bytes:
    """Everyone, one row per stay or per person, with a byte order mark: spreadsheets need it to read UTF-8."""
    return written(_stays(record, now) if rows is Rows.STAYS else _people(record, now))


def written(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    # Texts are quoted, so that a name with a spreadsheet's separator in it stays in its cell.
    table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    table.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """The text, with a leading `'` if a spreadsheet would run it as a formula."""
    for character in text:
        if character in _FORMULA:
            return f"'{text}"
        # Spreadsheets ignore white space and invisible characters before a formula.
        if unicodedata.category(character)[0] not in "ZC":
            break
    return text


def duration(seconds: float) -> str:
    """`1:02:03`, hours without a limit."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _stays(record: Attendance, now: float) -> Iterator[Sequence[Cell]]:
    imported = record.import_source is not None
    yield (
        "name",
        *(_IMPORTED if imported else ()),
        "role",
        "joined_at (UTC)",
        "left_at (UTC)",
        "duration_seconds",
        "duration",
        "reconnects",
        "reason",
        "estimated",
        "participant_id",
        "instance" if imported else "kind",
    )
    for participant, stays in record.participants:
        besides = _besides(record, participant)
        for stay in stays:
            lasted = max(0.0, (now if stay.left_at is None else stay.left_at) - stay.joined_at)
            yield (
                harmless(participant.name),
                *besides,
                role_of(record, participant),
                date(stay.joined_at),
                "" if stay.left_at is None else date(stay.left_at),
                int(lasted),
                duration(lasted),
                stay.connections - 1,
                stay.reason or "",
                yes(stay.estimated),
                participant.id,
                harmless(stay.instance) if imported else _kind(participant),
            )


def _people(record: Attendance, now: float) -> Iterator[Sequence[Cell]]:
    yield (
        "name",
        *(_IMPORTED if record.import_source else ()),
        "role",
        "first_seen_at (UTC)",
        "last_seen_at (UTC)",
        "duration_seconds",
        "duration",
        "sessions",
        "reconnects",
        "present",
        "estimated",
        "participant_id",
        *(() if record.import_source else ("kind",)),
    )
    report = summarised(record, now)
    for participant, _ in record.participants:
        person = person_of(report, participant)
        yield (
            harmless(participant.name),
            *_besides(record, participant),
            role_of(record, participant),
            date(person.first_seen),
            date(person.last_seen),
            int(person.total_duration),
            duration(person.total_duration),
            person.session_count,
            person.reconnects,
            yes(person.present),
            yes(person.estimated),
            participant.id,
            *(() if record.import_source else (_kind(participant),)),
        )


def _kind(participant: Participant) -> Cell:
    """Empty for people, so that the rows of bots stand out to anyone who sums up a column."""
    return "bot" if participant.is_program else ""


_IMPORTED = ("email", "guest", "registration", "possible_match", "guessed")


def _besides(record: Attendance, participant: Participant) -> Sequence[Cell]:
    """What an import tells of someone besides; nothing for a meeting that was held here."""
    imported = imported_of(record, participant)
    if imported is None:
        return ()
    return (
        harmless(imported.email),
        yes(imported.guest),
        imported.registration or "",
        imported.name_match or "",
        yes(imported.guessed),
    )


def date(at: float) -> str:
    """A date and time, as spreadsheets of any language read it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def yes(truth: bool) -> str:
    return "yes" if truth else "no"
