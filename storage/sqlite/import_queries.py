"""What each call that reads imports does: one function per call. They run within the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import Any

from storage.errors import UnknownMeeting, UnknownParticipant
from storage.import_reports import ImportSource, ImportTotals, Registration, Registrations
from storage.imports import GIVEN_UP, HeldRole, Import, Part, Subject, Walk
from storage.records import Attendance, Meeting
from storage.sqlite import import_query_statements as queries
from storage.sqlite import import_statements as sql
from storage.sqlite.import_people import STATUSES, Names, Person, arrivals, people, readings, with_namesakes


def imported(connection: sqlite3.Connection, room: str) -> Import | None:
    row = connection.execute(sql.IMPORT, {"room": room}).fetchone()
    if row is None:
        return None
    parts = [part for part in _parts(connection, room) if part.why != GIVEN_UP]
    room, kind, external_id, title, host_user_id, created_at, due_at, due_attempt = row
    subject = Subject(room, kind, external_id, title, host_user_id)
    roles: dict[str, HeldRole] = dict(connection.execute(sql.ROLES, {"room": room}).fetchall())
    return Import(subject, created_at, parts, due_at, due_attempt, roles)


def _parts(connection: sqlite3.Connection, room: str) -> Iterator[Part]:
    walking: dict[str, list[Walk]] = {}
    for each in connection.execute(sql.WALKING, {"room": room}):
        walk = Walk(*each)
        walking.setdefault(walk.part, []).append(walk)
    for each in connection.execute(sql.PARTS, {"room": room}):
        part: tuple[Any, ...] = (*each[:-1], walking.get(each[0], ()), each[-1])
        yield Part(*part)


def known_import(connection: sqlite3.Connection, room: str) -> Import:
    found = imported(connection, room)
    if found is None:
        raise UnknownMeeting(room)
    return found


def known_part(connection: sqlite3.Connection, room: str, part: str) -> Part:
    return next(each for each in _parts(connection, room) if each.part == part)


def imports(connection: sqlite3.Connection, limit: int) -> Sequence[Import]:
    rooms = connection.execute(queries.LATEST, {"limit": limit}).fetchall()
    return [known_import(connection, room) for (room,) in rooms]


def attendance(
    connection: sqlite3.Connection, found: Meeting, record: Import, limit: int | None, after: str | None
) -> Attendance:
    """A page of an import's attendance."""
    room = found.room
    place = _person(connection, room, after)
    if place is not None and not place.stays:
        raise UnknownParticipant(after)
    page: Sequence[Person]
    if limit is None and place is None:
        page = sorted((person for person in people(connection, room).values() if person.stays), key=_arrival)
        names = Names(page)
    else:
        page = arrivals(connection, room, -1 if limit is None else limit, place)
        names = Names(with_namesakes(connection, room, page))
    return Attendance(
        found,
        [(person.participant(room), person.attended()) for person in page],
        page[-1].id if page and len(page) == limit else None,
        ImportSource(record, {person.id: names.imported(person, record) for person in page}),
    )


def registrations(
    connection: sqlite3.Connection, room: str, limit: int | None, after: str | None, came: bool | None
) -> Registrations:
    known_import(connection, room)
    place = _person(connection, room, after)
    if place is not None and not place.registrants:
        raise UnknownParticipant(after)
    page = readings(connection, room, limit, place, came)
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


def _arrival(person: Person) -> tuple[float, str]:
    return person.stays[0][1], person.id


def _person(connection: sqlite3.Connection, room: str, key: str | None) -> Person | None:
    """The person with this id, or who had it before two people proved to be one. Raises `UnknownParticipant`."""
    if key is None:
        return None
    row = connection.execute(queries.PERSON, {"room": room, "key": key}).fetchone()
    found = people(connection, room, [] if row is None else [row[0]])
    if not found:
        raise UnknownParticipant(key)
    return next(iter(found.values()))


def import_totals(connection: sqlite3.Connection, room: str) -> ImportTotals:
    """Counts while it reads the rows person by person, and keeps none: the number of rows has no bound."""
    known_import(connection, room)
    values = {"room": room}
    registrants = dict.fromkeys(STATUSES, 0)
    counts: Counter[str] = Counter()
    total_duration, first, last = 0.0, inf, -inf
    rows = merge(
        connection.execute(queries.REGISTRANTS_IN_ORDER, values),
        connection.execute(queries.STAYS_IN_ORDER, values),
        key=itemgetter(0),
    )
    for _, of_one in groupby(rows, key=itemgetter(0)):
        best, stays, is_guest = len(STATUSES), 0, True
        covered = -inf
        for _, rank, joined_at, left_at, guest, guessed in of_one:
            if rank is not None:
                registrants[STATUSES[rank]] += 1
                best = min(best, rank)
                continue
            stays += 1
            is_guest = is_guest and guest == 1
            counts["guessed"] += guessed
            first = min(first, joined_at)
            if left_at is not None:
                last = max(last, left_at)
                total_duration += max(0.0, left_at - max(joined_at, covered))
                covered = max(covered, left_at)
        counts["stays"] += stays
        counts["people"] += stays > 0
        counts["guests"] += stays > 0 and is_guest and best == len(STATUSES)
        counts["no_shows"] += stays == 0 and best == 0
    return ImportTotals(
        registrants=registrants,
        people=counts["people"],
        guests=counts["guests"],
        stays=counts["stays"],
        uncounted=connection.execute(queries.UNCOUNTED, values).fetchone()[0],
        guessed=counts["guessed"],
        no_shows=counts["no_shows"],
        total_duration=total_duration,
        first_joined_at=None if first == inf else first,
        last_left_at=None if last == -inf else last,
    )
