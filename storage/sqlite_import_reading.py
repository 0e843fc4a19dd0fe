"""What a SQLite database tells of imports: one function per call. They run within a transaction their caller holds."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import fsum
from typing import Any

from storage import sqlite_import_queries as queries
from storage import sqlite_import_statements as sql
from storage.imports import (
    Import,
    ImportTotals,
    Origin,
    Part,
    Registration,
    Registrations,
    Subject,
    Walk,
)
from storage.sqlite_import_people import STATUSES, Names, Person, people, person_of
from storage.store import Attendance, Meeting, UnknownMeeting, UnknownParticipant


def imported(connection: sqlite3.Connection, room: str) -> Import | None:
    row = connection.execute(sql.IMPORT, {"room": room}).fetchone()
    if row is None:
        return None
    walking: dict[str, list[Walk]] = {}
    for each in connection.execute(sql.WALKING, {"room": room}):
        walk = Walk(*each)
        walking.setdefault(walk.part, []).append(walk)
    parts = []
    for each in connection.execute(sql.PARTS, {"room": room}):
        part: tuple[Any, ...] = (*each, walking.get(each[0], ()))
        parts.append(Part(*part))
    room, kind, external_id, title, host_user_id, created_at, due_at, due_attempt = row
    subject = Subject(room, kind, external_id, title, host_user_id)
    return Import(subject, created_at, parts, due_at, due_attempt)


def known_import(connection: sqlite3.Connection, room: str) -> Import:
    found = imported(connection, room)
    if found is None:
        raise UnknownMeeting(room)
    return found


def known_part(connection: sqlite3.Connection, room: str, part: str) -> Part:
    return next(each for each in known_import(connection, room).parts if each.part == part)


def imports(connection: sqlite3.Connection, limit: int) -> Sequence[Import]:
    rooms = connection.execute(queries.LATEST, {"limit": limit}).fetchall()
    return [known_import(connection, room) for (room,) in rooms]


def attendance(
    connection: sqlite3.Connection, found: Meeting, record: Import, limit: int | None, after: str | None
) -> Attendance:
    """A page of an import's."""
    room = found.room
    everyone = [person for person in people(connection, room).values() if person.stays]
    place = None if after is None else _place(connection, room, everyone, after, _arrival)
    page = _page(everyone, limit, place, _arrival)
    names = Names(everyone)
    return Attendance(
        found,
        [(person.participant(room), person.attended()) for person in page],
        page[-1].id if page and len(page) == limit else None,
        Origin(record, {person.id: names.imported(person) for person in page}),
    )


def registrations(
    connection: sqlite3.Connection, room: str, limit: int | None, after: str | None, came: bool | None
) -> Registrations:
    known_import(connection, room)
    registered = [person for person in people(connection, room).values() if person.registrants]
    place = None if after is None else _place(connection, room, registered, after, _reading)
    wanted = [person for person in registered if came in (None, bool(person.stays))]
    page = _page(wanted, limit, place, _reading)
    return Registrations(
        [
            Registration(
                participant_id=person.id,
                name=person.shown_name,
                email=person.email,
                status=STATUSES[person.registrants[0][1]],
                registered_at=person.registered_at,
                session_count=len(person.stays),
                total_duration=person.total_duration,
            )
            for person in page
        ],
        page[-1].id if page and len(page) == limit else None,
    )


Order = Callable[[Person], tuple[float, str] | tuple[str, str]]


def _arrival(person: Person) -> tuple[float, str]:
    return person.stays[0][1], person.id


def _reading(person: Person) -> tuple[str, str]:
    return person.shown_name, person.id


def _place(
    connection: sqlite3.Connection, room: str, everyone: Sequence[Person], after: str, order: Order
) -> tuple[float, str] | tuple[str, str]:
    person_id = person_of(connection, room, after)
    for person in everyone:
        if person.id == person_id:
            return order(person)
    raise UnknownParticipant(after)


def _page(
    everyone: Sequence[Person],
    limit: int | None,
    place: tuple[float, str] | tuple[str, str] | None,
    order: Order,
) -> Sequence[Person]:
    in_order = sorted(everyone, key=order)
    first = 0 if place is None else bisect_right(in_order, place, key=order)
    return in_order[first:] if limit is None else in_order[first : first + limit]


def import_totals(connection: sqlite3.Connection, room: str) -> ImportTotals:
    known_import(connection, room)
    everyone = people(connection, room).values()
    came = [person for person in everyone if person.stays]
    ends = [stay[3] for person in came for stay in person.stays if stay[3] is not None]
    registrants = dict.fromkeys(STATUSES, 0)
    for person in everyone:
        for registrant in person.registrants:
            registrants[STATUSES[registrant[1]]] += 1
    return ImportTotals(
        registrants=registrants,
        people=len(came),
        guests=sum(person.guest for person in came),
        stays=sum(len(person.stays) for person in came),
        uncounted=connection.execute(queries.UNCOUNTED, {"room": room}).fetchone()[0],
        no_shows=sum(person.status == "approved" and not person.stays for person in everyone),
        total_duration=fsum(person.total_duration for person in came),
        first_joined_at=min((person.stays[0][1] for person in came), default=None),
        last_left_at=max(ends, default=None),
    )
