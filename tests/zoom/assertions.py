"""What an import has come to, to be compared with the truth, and with another import."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from storage.import_store import StoreWithImports
from storage.imports import INSTANCE
from storage.records import GUEST, Attendance, Participant, Stay
from tests.zoom import truth
from tests.zoom.scenario import Scenario, Status
from tests.zoom.truth import Attendee, Source

Rows = list[tuple[object, ...]]


async def assert_true(store: StoreWithImports, scenario: Scenario, source: Source, *, room: str = "") -> None:
    """Every person and every stay are kept as they were, nobody and nothing else, and the sums are right."""
    room = room or f"ZOOM-{scenario.webinar}"
    expected = truth.of(scenario, source)
    kept = await store.attendance(room)
    assert_attendees(kept, expected)
    assert kept.meeting.title == scenario.topic

    totals = await store.import_totals(room)
    assert totals.registrants == expected.registrants
    assert (totals.people, totals.guests) == (expected.people, expected.guests)
    assert (totals.stays, totals.uncounted) == (expected.stays, expected.waiting)
    assert totals.no_shows == len(expected.no_shows)
    assert totals.total_duration == pytest.approx(expected.total_duration, abs=0.01)

    absent = (await store.registrations(room, came=False)).people
    assert {each.email for each in absent if each.status == "approved"} == expected.no_shows
    everyone = (await store.registrations(room)).people
    came = {each.participant_id: each for each in everyone if each.session_count}
    there = {person.id: person for person, _ in kept.participants}
    assert came.keys() <= there.keys()
    for participant_id, registration in came.items():
        person = there[participant_id]
        assert registration.session_count == person.session_count
        assert registration.total_duration == pytest.approx(person.total_duration, abs=0.001)

    record = await store.imported(room)
    assert record is not None
    parts = {part.part: part for part in record.parts}
    assert all(part.state == "complete" and not part.walking for part in parts.values())
    for uuid, count in expected.rows.items():
        part = parts.pop(f"{INSTANCE}{uuid}")
        assert (part.rows, part.total, part.source) == (count, count, source)
    assert {name: part.rows for name, part in parts.items()} == {
        f"registrants/{status}": count for status, count in expected.registrants.items()
    }


def assert_attendees(kept: Attendance, expected: truth.Truth) -> None:
    assert kept.import_source is not None
    found: Counter[Attendee] = Counter()
    for person, stays in kept.participants:
        about = kept.import_source.people[person.id]
        attendee = _attendee(person, stays, guest=about.guest, registration=about.registration)
        found[attendee] += 1
        assert person.session_count == len(stays)
        address = about.email.lower()
        if address:
            assert expected.by_address[address] == attendee
        if about.registration and address in expected.names:
            # Who registered is called as they registered; a last name may be missing.
            assert person.name in {expected.names[address], expected.names[address].split()[0]}
    invented, lost = found - expected.attendees, expected.attendees - found
    assert not invented, f"not so: {list(invented)[:3]} in place of {list(lost)[:3]}"
    assert not lost, list(lost)[:3]
    _assert_namesakes(kept)


def _assert_namesakes(kept: Attendance) -> None:
    """Those whose names read the same are counted; a guest may be the one of them who is none."""
    assert kept.import_source is not None
    people = kept.import_source.people
    called: dict[str, list[str]] = defaultdict(list)
    for person, _ in kept.participants:
        called[person.name.casefold()].append(person.id)
    for person, _ in kept.participants:
        about = people[person.id]
        same = [other for other in called[person.name.casefold()] if other != person.id]
        known = [other for other in same if not people[other].guest]
        if person.name == GUEST:
            assert (about.namesakes, about.name_match) == (0, None)
        else:
            assert about.namesakes == len(same)
            assert about.name_match == (known[0] if about.guest and len(known) == 1 else None)


def _attendee(person: Participant, stays: object, *, guest: bool, registration: Status | None) -> Attendee:
    assert isinstance(stays, list | tuple)
    return Attendee(
        frozenset(_stay(stay) for stay in stays), round(person.total_duration, 3), guest, registration
    )


def _stay(stay: Stay) -> truth.Stay:
    assert stay.left_at is not None
    return stay.instance, round(stay.joined_at, 3), round(stay.left_at, 3)


def tables(database: Path) -> Mapping[str, Rows]:
    """All there is of imports in an SQLite file, but for what tells when and how often it was looked at."""
    return {
        "meetings": _all(database, "SELECT * FROM meetings"),
        "keys": _all(database, "SELECT * FROM import_keys"),
        "stays": _all(database, "SELECT * FROM import_stays"),
        "registrants": _all(database, "SELECT * FROM import_registrants"),
        "parts": _all(
            database,
            "SELECT room, part, starts_at, ended_at, state, shown, source, why, reason FROM import_parts",
        ),
        "walks": _all(
            database,
            "SELECT id, part, source, why, cursor, pages, rows, total, digests, first_at, last_at "
            "FROM import_walks WHERE state <> 'dropped'",
        ),
    }


def contents(database: Path) -> Mapping[str, Rows]:
    """The same, whichever walks the rows came by: for two databases that should say the same."""
    columns = "part, session_id, key, guest, name, email, joined_at, left_at, joined_told, left_told, counted"
    return {
        "meetings": _all(database, "SELECT * FROM meetings"),
        "keys": _all(database, "SELECT * FROM import_keys"),
        "stays": _all(
            database,
            f"SELECT {columns}, s.digest FROM import_stays s JOIN import_walks w ON w.id = walk_id",  # noqa: S608
        ),
        "registrants": _all(
            database,
            "SELECT part, registrant_id, key, r.name, r.email, status, registered_at, r.digest "
            "FROM import_registrants r JOIN import_walks w ON w.id = walk_id",
        ),
        "parts": _all(
            database, "SELECT part, starts_at, ended_at, state, source, why, reason FROM import_parts"
        ),
    }


def _all(database: Path, query: str) -> Rows:
    with closing(sqlite3.connect(database)) as connection:
        return sorted(connection.execute(query).fetchall(), key=repr)
