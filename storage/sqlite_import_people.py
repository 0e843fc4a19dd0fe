"""The people of an import in a SQLite database: whose the shown rows are, and what they come to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

from storage import sqlite_import_queries as sql
from storage.imports import INSTANCE, Imported, RegistrantStatus
from storage.store import GUEST, Participant, Stay

StayRow = tuple[str, float, str, float | None, int, int, str, str, str, str]
"""person, joined_at, session_id, left_at, estimated, guest, name, name_key, email, part"""

RegistrantRow = tuple[str, int, str, str, str, str, float | None]
"""person, rank (the best is 0), registrant_id, name, name_key, email, registered_at"""

STATUSES: Sequence[RegistrantStatus] = ("approved", "pending", "denied")
"""The best first."""


class Person:
    """One person with the shown rows: `stays` that count, by arrival, and `registrants`, the best first."""

    __slots__ = ("id", "name", "name_key", "registrants", "stays")

    def __init__(self, person_id: str) -> None:
        self.id = person_id
        self.stays: list[StayRow] = []
        self.registrants: list[RegistrantRow] = []
        self.name = ""
        self.name_key = ""

    def complete(self) -> None:
        """Sort the rows. The name is the best registrant's that has one, else the earliest stay's."""
        if len(self.stays) > 1:
            self.stays.sort()
        if len(self.registrants) > 1:
            self.registrants.sort(key=lambda row: row[1:3])
        for registrant in self.registrants:
            if registrant[3] != "":
                self.name, self.name_key = registrant[3:5]
                return
        for stay in self.stays:
            if stay[6] != "":
                self.name, self.name_key = stay[6:8]
                return

    @property
    def shown_name(self) -> str:
        return self.name or GUEST

    @property
    def email(self) -> str:
        emails = [row[5] for row in self.registrants] + [row[8] for row in self.stays]
        return next(filter(None, emails), "")

    @property
    def guest(self) -> bool:
        return not self.registrants and all(stay[5] for stay in self.stays)

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
            joined_at, left_at = stay[1], stay[3]
            if left_at is not None and left_at > covered:
                total += left_at - max(joined_at, covered)
                covered = left_at
        return total

    def participant(self, room: str) -> Participant:
        stays = self.stays
        is_open = any(stay[3] is None for stay in stays)
        return Participant(
            id=self.id,
            room=room,
            user_id="",
            name=self.shown_name,
            role="participant",
            state="connected" if is_open else "disconnected",
            first_joined_at=stays[0][1],
            last_seen_at=max([stay[1] if stay[3] is None else stay[3] for stay in stays]),
            session_count=len(stays),
            total_duration=self.total_duration,
        )

    def attended(self) -> list[Stay]:
        return [
            Stay(
                participant_id=self.id,
                session_id=session_id,
                node_id="",
                instance=part.removeprefix(INSTANCE),
                joined_at=joined_at,
                left_at=left_at,
                reason=None if left_at is None else "left",
                estimated=bool(estimated),
                connections=1,
            )
            for _, joined_at, session_id, left_at, estimated, _, _, _, _, part in self.stays
        ]


def people(connection: sqlite3.Connection, room: str) -> Mapping[str, Person]:
    """Everyone of whom a row is shown that counts, or a registration; by participant id."""
    found: dict[str, Person] = {}
    for stay in connection.execute(sql.STAYS, {"room": room}):
        person = found.get(stay[0])
        if person is None:
            person = found[stay[0]] = Person(stay[0])
        person.stays.append(stay)
    for registrant in connection.execute(sql.REGISTRANTS, {"room": room}):
        person = found.get(registrant[0])
        if person is None:
            person = found[registrant[0]] = Person(registrant[0])
        person.registrants.append(registrant)
    for person in found.values():
        person.complete()
    return found


class Names:
    """Whose names read the same, among `everyone`."""

    def __init__(self, everyone: Iterable[Person]) -> None:
        self._counts: dict[str, int] = {}
        self._known: dict[str, list[str]] = {}
        for person in everyone:
            if person.name != "":
                self._counts[person.name_key] = self._counts.get(person.name_key, 0) + 1
                if not person.guest:
                    self._known.setdefault(person.name_key, []).append(person.id)

    def imported(self, person: Person) -> Imported:
        namesakes = 0
        name_match = None
        guest = person.guest
        if person.name != "":
            namesakes = self._counts[person.name_key] - 1
            known = self._known.get(person.name_key, [])
            if guest and len(known) == 1:
                (name_match,) = known
        return Imported(person.email, guest, person.status, namesakes, name_match)


def person_of(connection: sqlite3.Connection, room: str, key: str) -> str | None:
    """Whose a key is: ids that were a person's before it was united with another's are among them."""
    row: tuple[Any, ...] | None = connection.execute(sql.PERSON, {"room": room, "key": key}).fetchone()
    return None if row is None else str(row[0])
