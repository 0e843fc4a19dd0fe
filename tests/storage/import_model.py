"""What imports come to, in the plainest way: everything in memory, looked through from the beginning each time.

The stores must say the same of the same rows, in whatever order, pages and walks these came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.reports.presence import StayTimes, reduce
from storage.import_store import StoreWithImports
from storage.imports import INSTANCE, Registrant, RegistrantStatus, Row
from storage.records import Attendance
from tests.storage.import_script import ROOM

BEST: Sequence[RegistrantStatus] = ("approved", "pending", "denied")


@dataclass
class Model:
    """`seen`: the keys of every row that ever came. `shown`: the rows of each part, by session or registrant."""

    seen: list[tuple[str, ...]] = field(default_factory=list)
    shown: dict[str, Mapping[str, Row | Registrant]] = field(default_factory=dict)

    def people(self) -> dict[str, str]:
        """The person of every key."""
        groups: list[set[str]] = []
        for keys in self.seen:
            touched = [group for group in groups if group & set(keys)]
            groups = [group for group in groups if not group & set(keys)]
            groups.append(set(keys).union(*touched))
        return {key: min(group) for group in groups for key in group}

    def answers(self) -> dict[str, Any]:
        """What a store is asked in `answers`."""
        people = self.people()
        stays: dict[str, list[tuple[str, str, Row]]] = {}
        registrants: dict[str, list[Registrant]] = {}
        uncounted = 0
        for part, rows in self.shown.items():
            for session, row in rows.items():
                person = people[row.keys[0]]
                if isinstance(row, Registrant):
                    registrants.setdefault(person, []).append(row)
                elif row.counted:
                    stays.setdefault(person, []).append((part.removeprefix(INSTANCE), session, row))
                else:
                    uncounted += 1
        for registered in registrants.values():
            registered.sort(key=lambda row: (BEST.index(row.status), row.registrant_id))
        for attended in stays.values():
            attended.sort(key=lambda stay: (stay[2].joined_at, stay[1]))

        durations = {person: _duration(attended) for person, attended in stays.items()}
        names = {
            person: _first((row.name, row.name_key) for row in _rows(person, registrants, stays))
            for person in {*stays, *registrants}
        }
        emails = {
            person: _first((row.email,) for row in _rows(person, registrants, stays))[0] for person in names
        }
        guests = {
            person
            for person, attended in stays.items()
            if person not in registrants and all(row.guest for _, _, row in attended)
        }
        statuses = {person: registered[0].status for person, registered in registrants.items()}

        def alike(person: str) -> list[str]:
            name, key = names[person]
            return [
                other
                for other in stays
                if other != person and name and names[other] == (names[other][0], key)
            ]

        def match(person: str) -> str | None:
            known = [other for other in alike(person) if other not in guests]
            return known[0] if person in guests and len(known) == 1 else None

        closed = [
            row.left_at for attended in stays.values() for _, _, row in attended if row.left_at is not None
        ]
        return {
            "people": [
                (
                    person,
                    names[person][0] or "Guest",
                    durations[person],
                    [
                        (instance, session, row.joined_at, row.left_at)
                        for instance, session, row in stays[person]
                    ],
                    any(row.left_at is None for _, _, row in stays[person]),
                    emails[person],
                    person in guests,
                    statuses.get(person),
                    len(alike(person)),
                    match(person),
                )
                for person in sorted(stays, key=lambda person: (stays[person][0][2].joined_at, person))
            ],
            "registrations": [
                (
                    person,
                    names[person][0] or "Guest",
                    emails[person],
                    statuses[person],
                    min((row.registered_at for row in rows if row.registered_at is not None), default=None),
                    len(stays.get(person, [])),
                    durations.get(person, 0.0),
                )
                for person, rows in sorted(
                    registrants.items(), key=lambda item: (names[item[0]][0] or "Guest", item[0])
                )
            ],
            "totals": (
                {
                    status: sum(row.status == status for rows in registrants.values() for row in rows)
                    for status in BEST
                },
                len(stays),
                len(guests),
                sum(map(len, stays.values())),
                uncounted,
                sum(status == "approved" and person not in stays for person, status in statuses.items()),
                sum(durations.values()),
                min((attended[0][2].joined_at for attended in stays.values()), default=None),
                max(closed, default=None),
            ),
        }


def _rows(
    person: str, registrants: Mapping[str, list[Registrant]], stays: Mapping[str, list[tuple[str, str, Row]]]
) -> list[Row | Registrant]:
    return [*registrants.get(person, []), *(row for _, _, row in stays.get(person, []))]


def _first(found: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return next((each for each in found if each[0] != ""), ("", ""))


def _duration(stays: Sequence[tuple[str, str, Row]]) -> float:
    closed = [
        StayTimes("", session, row.joined_at, row.left_at)
        for _, session, row in stays
        if row.left_at is not None
    ]
    return reduce(closed, now=0.0).people[""].total_duration if closed else 0.0


async def answers(store: StoreWithImports, room: str = ROOM, limit: int | None = None) -> dict[str, Any]:
    """What the store says of an import, read in pages of `limit`."""
    people = []
    page: Attendance = await store.attendance(room, limit)
    while True:
        assert page.import_source is not None
        for person, stays in page.participants:
            about = page.import_source.people[person.id]
            people.append(
                (
                    person.id,
                    person.name,
                    person.total_duration,
                    [(stay.instance, stay.session_id, stay.joined_at, stay.left_at) for stay in stays],
                    person.state == "connected",
                    about.email,
                    about.guest,
                    about.registration,
                    about.namesakes,
                    about.name_match,
                )
            )
        if page.next is None:
            break
        page = await store.attendance(room, limit, page.next)

    registered = []
    after = None
    while True:
        some = await store.registrations(room, limit, after)
        registered += [
            (
                each.participant_id,
                each.name,
                each.email,
                each.status,
                each.registered_at,
                each.session_count,
                each.total_duration,
            )
            for each in some.people
        ]
        after = some.next
        if after is None:
            break
    totals = await store.import_totals(room)
    return {
        "people": people,
        "registrations": registered,
        "totals": (
            dict(totals.registrants),
            totals.people,
            totals.guests,
            totals.stays,
            totals.uncounted,
            totals.no_shows,
            totals.total_duration,
            totals.first_joined_at,
            totals.last_left_at,
        ),
    }
