"""The people of an import in a SQLite database, built from the rows that are shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import Literal

from storage.import_reports import Imported
from storage.imports import HeldRole, Import, RegistrantStatus
from storage.records import GUEST, Participant, Stay
from storage.sqlite import import_query_statements as sql

StayRow = tuple[str, float, str, float | None, int, int, str, str, str, str, int]
"""person, joined_at, session_id, left_at, estimated, guest, name, name_key, email, instance, guessed"""

RegistrantRow = tuple[str, int, str, str, str, str, float | None]
"""person, rank (the best is 0), registrant_id, name, name_key, email, registered_at"""

STATUSES: Sequence[RegistrantStatus] = ("approved", "pending", "denied")
"""The best first."""


class Person:
    """One person with the shown rows: `stays` that count, by arrival, and `registrants`, the best first.

    `guest`: nothing identifies this person.
    """

    __slots__ = ("guest", "id", "name", "name_key", "registrants", "stays")

    def __init__(self, person_id: str) -> None:
        self.id = person_id
        self.stays: list[StayRow] = []
        self.registrants: list[RegistrantRow] = []
        self.name = ""
        self.name_key = ""
        self.guest = False

    def complete(self) -> None:
        """Sort the rows, once all are there, and choose the name: the best registrant's, else the earliest stay's."""
        stays = self.stays
        if len(stays) > 1:
            stays.sort()
        if self.registrants:
            self.registrants.sort(key=_quality)
            for registrant in self.registrants:
                if registrant[3] != "":
                    self.name, self.name_key = registrant[3:5]
                    return
        else:
            self.guest = all(stay[5] for stay in stays)
        for stay in stays:
            if stay[6] != "":
                self.name, self.name_key = stay[6:8]
                return

    @property
    def shown_name(self) -> str:
        return self.name or GUEST

    @property
    def email(self) -> str:
        for registrant in self.registrants:
            if registrant[5] != "":
                return registrant[5]
        for stay in self.stays:
            if stay[8] != "":
                return stay[8]
        return ""

    @property
    def status(self) -> RegistrantStatus | None:
        return STATUSES[self.registrants[0][1]] if self.registrants else None

    @property
    def registered_at(self) -> float | None:
        return min((row[6] for row in self.registrants if row[6] is not None), default=None)

    @property
    def total_duration(self) -> float:
        """The length of the union of the stays that have ended."""
        total = 0.0
        covered = -inf
        for stay in self.stays:
            left_at = stay[3]
            if left_at is not None and left_at > covered:
                total += left_at - max(stay[1], covered)
                covered = left_at
        return total

    def participant(self, room: str) -> Participant:
        stays = self.stays
        moments = [stay[1] if stay[3] is None else stay[3] for stay in stays]
        is_open = None in [stay[3] for stay in stays]
        return Participant(
            self.id,
            room,
            "",
            self.name or GUEST,
            "participant",
            "connected" if is_open else "disconnected",
            stays[0][1],
            max(moments),
            len(stays),
            self.total_duration,
        )

    def attended(self) -> list[Stay]:
        return [
            Stay(
                stay[0],
                stay[2],
                "",
                stay[9],
                stay[1],
                stay[3],
                None if stay[3] is None else "left",
                stay[4] == 1,
                1,
            )
            for stay in self.stays
        ]


def _quality(registrant: RegistrantRow) -> tuple[int, str]:
    return registrant[1], registrant[2]


def people(
    connection: sqlite3.Connection, room: str, only: Sequence[str] | None = None
) -> Mapping[str, Person]:
    """Everyone with a shown stay that counts or a registration, by participant id; `only`: these participants."""
    values = {"room": room, "people": json.dumps(only)}
    stays, registrants = sql.STAYS, sql.REGISTRANTS
    if only is not None:
        stays, registrants = sql.STAYS_OF_SOME, sql.REGISTRANTS_OF_SOME
    found: dict[str, Person] = {}
    for stay in connection.execute(stays, values):
        person = found.get(stay[0])
        if person is None:
            person = found[stay[0]] = Person(stay[0])
        person.stays.append(stay)
    for registrant in connection.execute(registrants, values):
        person = found.get(registrant[0])
        if person is None:
            person = found[registrant[0]] = Person(registrant[0])
        person.registrants.append(registrant)
    for person in found.values():
        person.complete()
    return found


def arrivals(connection: sqlite3.Connection, room: str, limit: int, after: Person | None) -> Sequence[Person]:
    """A page of those who came, by arrival."""
    values = {
        "room": room,
        "after_joined": -inf if after is None else after.stays[0][1],
        "after_id": "" if after is None else after.id,
        "limit": limit,
    }
    in_order = [row[0] for row in connection.execute(sql.ARRIVALS, values)]
    found = people(connection, room, in_order)
    return [found[person_id] for person_id in in_order]


def readings(
    connection: sqlite3.Connection, room: str, limit: int | None, after: Person | None, came: bool | None
) -> Sequence[Person]:
    """A page of those who registered, by name. Only the page's people are held in memory."""
    place = ("", "") if after is None else (after.shown_name, after.id)
    rows = connection.execute(sql.NAMES_OF_REGISTRANTS, {"room": room, "came": came})
    nameless: list[str] = []

    def named() -> Iterator[tuple[str, str]]:
        for person_id, names in groupby(rows, key=itemgetter(0)):
            name = next((name for _, name in names if name != ""), "")
            if name == "":
                nameless.append(person_id)
            elif (name, person_id) > place:
                yield name, person_id

    page = sorted(named()) if limit is None else nsmallest(limit, named())
    if nameless:
        others = [(person.shown_name, person.id) for person in people(connection, room, nameless).values()]
        page = sorted(page + [each for each in others if each > place])[:limit]
    in_order = [person_id for _, person_id in page]
    found = people(connection, room, in_order)
    return [found[person_id] for person_id in in_order]


def with_namesakes(connection: sqlite3.Connection, room: str, page: Sequence[Person]) -> Sequence[Person]:
    """The people of a page, and others who came whose name may be the same as one of theirs."""
    names = json.dumps(list({person.name_key for person in page if person.name != ""}))
    alike = {row[0] for row in connection.execute(sql.NAMED_ALIKE, {"room": room, "names": names})}
    others = people(connection, room, list(alike.difference(person.id for person in page)))
    return [*page, *(person for person in others.values() if person.stays)]


class Names:
    """Which people in `everyone` have names that read the same."""

    def __init__(self, everyone: Iterable[Person]) -> None:
        self._counts: dict[str, int] = {}
        self._known: dict[str, str | None] = {}
        """The only person of each name who is not a guest; None if there are several."""
        counts, known = self._counts, self._known
        for person in everyone:
            if person.name == "":
                continue
            name_key = person.name_key
            counts[name_key] = counts.get(name_key, 0) + 1
            if not person.guest:
                known[name_key] = None if name_key in known else person.id

    def imported(self, person: Person, of: Import) -> Imported:
        namesakes = 0
        name_match = None
        if person.name != "":
            namesakes = self._counts[person.name_key] - 1
            if person.guest:
                name_match = self._known.get(person.name_key)
        guessed = any(stay[10] for stay in person.stays)
        role: HeldRole | Literal["participant"] = of.roles.get(person.id, "participant")
        return Imported(person.email, person.guest, person.status, namesakes, name_match, guessed, role)
