"""Attendance of a series instance by instance: one of them alone, or a column for each. Pure, like `report`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

import orjson

from server.reports import attendance_report
from server.reports.attendance_report import Cell
from server.reports.presence import Person, Report
from signalling.rooms.member import rfc3339
from storage.import_reports import Imported, ImportTotals, Origin, Registration, Registrations
from storage.imports import INSTANCE, Import, Part
from storage.records import Attendance, Participant, Stay

UNSURE = {"unread", "unknown", "too_old"}
"""States of an instance of which nobody knows who was in it."""


class NoSuchInstance(ValueError):  # noqa: N818 - named for what happened
    """The text says what there is."""


def of(record: Import) -> Sequence[Part]:
    """By their beginnings."""
    return [part for part in record.parts if part.part.startswith(INSTANCE)]


def uuid(part: Part) -> str:
    return part.part.removeprefix(INSTANCE)


def source(record: Attendance) -> Origin:
    """Where it came from. Raises `NoSuchInstance` for a meeting that was held here."""
    if record.origin is None:
        raise NoSuchInstance("a meeting that was held here has no instances")
    return record.origin


# One of them


def chosen(record: Import, named: str, zone: tzinfo | None = UTC) -> Part:
    """The one with that UUID, or the only one that began then: `2026-11-03`, or `2026-11-03 17:00`, in the zone.

    Raises `NoSuchInstance`.
    """
    parts = of(record)
    wanted = " ".join(named.split())
    # Where nobody escaped it, a plus sign became a space in a URL.
    found = [part for part in parts if wanted in (uuid(part), uuid(part).replace("+", " "))] or [
        part for part in parts if wanted and _day_or_moment(part, wanted, zone)
    ]
    if len(found) == 1:
        return found[0]
    several = found or parts
    there = ", ".join(f"{uuid(part)} ({label(part, zone)})" for part in several[-5:]) or "none"
    more = f" and {len(several) - 5} more" if len(several) > 5 else ""
    how = "several instances of" if found else "no instance"
    raise NoSuchInstance(f"there {'are' if found else 'is'} {how} {wanted[:60]!r}; there are {there}{more}")


def _day_or_moment(part: Part, wanted: str, zone: tzinfo | None) -> bool:
    if part.starts_at is None:
        return False
    began = datetime.fromtimestamp(part.starts_at, UTC).astimezone(zone)
    return wanted.replace("T", " ") in (f"{began:%Y-%m-%d}", f"{began:%Y-%m-%d %H:%M}")


def only(record: Attendance, part: Part) -> Attendance:
    """What there would be if that one had been the only one: who was in it, by arrival, and when."""
    origin = source(record)
    there = []
    for participant, stays in record.participants:
        if own := [stay for stay in stays if stay.instance == uuid(part)]:
            is_open = any(stay.left_at is None for stay in own)
            there.append((replace(participant, state="connected" if is_open else "disconnected"), own))
    there.sort(key=lambda each: (each[1][0].joined_at, each[0].id))
    known = origin.record
    registrants = [each for each in known.parts if not each.part.startswith(INSTANCE)]
    meeting = record.meeting
    lasts = [stay.joined_at if stay.left_at is None else stay.left_at for _, own in there for stay in own]
    begun = (
        part.starts_at
        if part.starts_at is not None
        else min((own[0].joined_at for _, own in there), default=None)
    )
    ended = part.ended_at if part.ended_at is not None else max(lasts, default=begun)
    return replace(
        record,
        meeting=replace(
            meeting,
            created_at=meeting.created_at if begun is None else begun,
            ended_at=meeting.ended_at if ended is None else ended,
        ),
        participants=there,
        origin=replace(origin, record=replace(known, parts=[*registrants, part])),
    )


def after(record: Attendance, participant_id: str) -> Attendance:
    """Those who follow. Raises `KeyError` when nobody there has this id."""
    for place, (participant, _) in enumerate(record.participants):
        if participant.id == participant_id:
            return replace(record, participants=record.participants[place + 1 :])
    raise KeyError(participant_id)


def totals(whole: ImportTotals, everyone: Attendance, alone: Attendance, now: float) -> ImportTotals:
    """Of `alone`, one instance of `everyone`'s: those who did not come to it are those who came to others as well."""
    people = source(everyone).people
    there = {participant.id for participant, _ in alone.participants}
    elsewhere = sum(
        1
        for participant, _ in everyone.participants
        if participant.id not in there and people[participant.id].registration == "approved"
    )
    stays = [stay for _, own in alone.participants for stay in own]
    (part,) = of(source(alone).record)
    summed = attendance_report.summarised(alone, now).totals
    return replace(
        whole,
        people=len(there),
        guests=sum(people[each].guest for each in there),
        stays=len(stays),
        uncounted=max(0, part.rows - len(stays)) if part.state in ("partial", "complete") else 0,
        # A person's first stay there is nobody else's; each other one may be.
        guessed=sum(
            len(own) - 1 for participant, own in alone.participants if people[participant.id].guessed
        ),
        no_shows=whole.no_shows + elsewhere,
        total_duration=summed.total_duration,
        first_joined_at=summed.first_joined_at,
        last_left_at=max((stay.left_at for stay in stays if stay.left_at is not None), default=None),
    )


def registered(page: Registrations, alone: Attendance, now: float) -> Registrations:
    """Who registered, and how long they came to that instance."""
    people = attendance_report.summarised(alone, now).people

    def came(person: Registration) -> Registration:
        found = people.get(person.participant_id)
        count, lasted = (found.session_count, found.total_duration) if found else (0, 0.0)
        return replace(person, session_count=count, total_duration=lasted)

    return replace(page, people=[came(person) for person in page.people])


def page_of(everyone: Registrations, limit: int, after: str | None, came: bool | None) -> Registrations:
    """As the store makes one. Raises `KeyError` when nobody there has the id `after`."""
    people = list(everyone.people)
    if after is not None:
        place = next((place for place, each in enumerate(people) if each.participant_id == after), None)
        if place is None:
            raise KeyError(after)
        people = people[place + 1 :]
    wanted = [each for each in people if came is None or came == (each.session_count > 0)]
    more = len(wanted) > limit
    return Registrations(wanted[:limit], wanted[limit - 1].participant_id if more else None)


# A column for each


@dataclass(frozen=True, slots=True)
class Line:
    """Someone's attendance, `cells` by instance: None where they were not."""

    participant: Participant
    imported: Imported
    whole: Person
    cells: Sequence[Person | None]

    @property
    def attended(self) -> int:
        return sum(cell is not None for cell in self.cells)


def lines(record: Attendance, now: float) -> Iterator[Line]:
    """A line for everyone, as they come in `record`."""
    known = source(record)
    columns = [uuid(part) for part in of(known.record)]
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
    """A page of at most `limit` people, as `report.as_json` makes them."""
    known = source(record).record
    shown = record.participants[:limit]
    begin = {
        "as_of": rfc3339(now),
        "instances": [head(part) for part in of(known)],
        "next": shown[-1][0].id if len(record.participants) > len(shown) else None,
    }
    people = [orjson.dumps(_line(line)) for line in lines(replace(record, participants=shown), now)]
    return b'%b,"participants":[%b]}' % (orjson.dumps(begin)[:-1], b",".join(people))


def head(part: Part) -> dict[str, Any]:
    return {
        "instance": uuid(part),
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
    columns = of(source(record).record)
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
    """`0:45:10`, nothing of whoever was not there, `?` where nobody knows who was."""
    if cell is not None:
        return attendance_report.duration(cell.total_duration)
    return "?" if part.state in UNSURE else ""


def heading(part: Part, zone: tzinfo | None) -> str:
    """`2026-11-03 17:00 +01:00`, with the offset of that day, and the state of what is not complete."""
    return label(part, zone) + ("" if part.state == "complete" else f" ({said(part)})")


def said(part: Part) -> str:
    """Of its state."""
    return part.state.replace("_", " ")


def label(part: Part, zone: tzinfo | None) -> str:
    if part.starts_at is None:
        return f"no date, {uuid(part)}"
    began = datetime.fromtimestamp(part.starts_at, UTC).astimezone(zone)
    offset = f"{began:%z}"
    return f"{began:%Y-%m-%d %H:%M} {'UTC' if zone is UTC else f'{offset[:3]}:{offset[3:5]}'}"
