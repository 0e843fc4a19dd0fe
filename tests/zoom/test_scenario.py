"""What the acceptance tests go by is what they say it is, and can be known from the rows that are shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.zoom import api_view, truth
from tests.zoom import scenario as scenarios
from tests.zoom.scenario import Scenario
from tests.zoom.stand_in import WebinarView
from tests.zoom.stand_in.views import Record


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenarios.make()


@pytest.fixture(scope="module")
def webinar(scenario: Scenario) -> WebinarView:
    return api_view.webinar(scenario)


def rows(webinar: WebinarView, source: truth.Source) -> Iterator[tuple[str, Record]]:
    for instance in webinar.instances:
        yield from ((instance.uuid, row) for row in getattr(instance, source))


def strong(row: Record) -> set[tuple[str, str]]:
    """The ids that tell whose a row is, with the kind of each."""
    told = {
        ("registrant", row.get("registrant_id")),
        ("user", row.get("participant_user_id")),
        ("user", row.get("id")),
        ("email", (row.get("user_email") or "").lower()),
    }
    return {(kind, value) for kind, value in told if value}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def stay(uuid: str, row: Record) -> truth.Stay:
    """With two of begin, end and duration, the third is known."""
    told: Mapping[str, Any] = row
    joined = moment(told["join_time"]) if told.get("join_time") else None
    left = moment(told["leave_time"]) if told.get("leave_time") else None
    if joined is None:
        assert left is not None
        joined = left - told["duration"]
    return uuid, joined, joined + told["duration"] if left is None else left


def test_the_same_seed_makes_the_same_webinar(scenario: Scenario) -> None:
    assert scenarios.make() == scenario
    assert api_view.webinar(scenarios.make()) == api_view.webinar(scenario)
    assert scenarios.make(2) != scenario


def test_it_is_as_large_as_it_should_be(scenario: Scenario, webinar: WebinarView) -> None:
    assert webinar.external_id == "88988872033"
    assert sum(map(len, webinar.registrants.values())) == 2106
    assert all(webinar.registrants[status] for status in ("approved", "pending", "denied"))
    for source in ("report", "basic"):
        found = truth.of(scenario, source)
        assert found.people - found.guests >= 1200
        assert sum(found.rows.values()) == found.stays + found.waiting
        assert found.no_shows
    assert len(webinar.instances) == 2


def test_everything_that_may_happen_happens(scenario: Scenario, webinar: WebinarView) -> None:
    report = [row for _, row in rows(webinar, "report")]
    attendees = truth.of(scenario, "report").attendees
    assert sum(len(attendee.stays) > 1 for attendee in attendees) > 400
    overlapping = [
        attendee
        for attendee in attendees
        if sum(left - joined for _, joined, left in attendee.stays) > attendee.duration + 1
    ]
    assert len(overlapping) > 100
    assert sum(len({uuid for uuid, _, _ in attendee.stays}) == 2 for attendee in attendees) > 100
    assert sum(attendee.guest for attendee in attendees) > 100
    assert {attendee.registration for attendee in attendees} == {"approved", "pending", None}
    assert sum(row.get("status") == "in_waiting_room" for row in report) > 100
    assert sum("bo_mtg_id" in row for row in report) > 40
    times = [row["join_time"] for row in report if row.get("join_time")]
    assert {"." in time for time in times} == {True, False}
    for field in ("name", "user_id", "join_time", "leave_time", "duration", "status"):
        assert any(field not in row for row in report), field
        assert any(field in row and row[field] is None for row in report), field
    names = Counter(person.name for person in scenario.people if person.visits)
    assert names.most_common(1)[0][1] > 3
    one, two = ({row.get("user_id") for row in instance.report} for instance in webinar.instances)
    assert len(one & two) > 1000, "a user_id says nothing in another instance"
    assert "/" in scenario.uuids[0]
    assert scenario.uuids[1].startswith("/")


def hopping(guests: list[tuple[truth.Stay, Record]]) -> list[list[truth.Stay]]:
    """Stays of guests, those together of which one begins when another of the name ends, one of the two in a room."""
    found: list[list[truth.Stay]] = []
    before = None
    for stay, row in sorted(guests, key=lambda guest: (guest[0][0], str(guest[1].get("name")), guest[0][1])):
        name, room = row.get("name"), "bo_mtg_id" in row
        if (
            before is not None
            and name
            and (stay[0], name) == (before[0][0], before[1])
            and abs(stay[1] - before[0][2]) < 0.01
            and (room or before[2])
        ):
            found[-1].append(stay)
        else:
            found.append([stay])
        before = stay, name, room
    return found


@pytest.mark.parametrize("source", ["report", "basic"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_rows_tell_what_is_taken_for_the_truth(source: truth.Source, seed: int) -> None:
    """Rows that share an id, by way of others and of registrations too, are one attendee's; so are those of a guest who
    goes from room to room; and no others are."""
    scenario = scenarios.make(seed)
    webinar = api_view.webinar(scenario, seed=seed)
    together: dict[tuple[str, str], set[tuple[str, str]]] = {}

    def unite(ids: set[tuple[str, str]]) -> None:
        group = set().union(ids, *(together.get(each, set()) for each in ids))
        together.update(dict.fromkeys(group, group))

    for registrants in webinar.registrants.values():
        for each in registrants:
            unite({("registrant", each["id"]), ("email", each["email"].lower())})
    for _, row in rows(webinar, source):
        unite(strong(row))
    found: Counter[frozenset[truth.Stay]] = Counter()
    by_group: dict[int, set[truth.Stay]] = defaultdict(set)
    guests: list[tuple[truth.Stay, Record]] = []
    for uuid, row in rows(webinar, source):
        if row.get("status") == "in_waiting_room":
            continue
        ids = strong(row)
        if ids:
            by_group[id(together[next(iter(ids))])].add(stay(uuid, row))
        else:
            guests.append((stay(uuid, row), row))
    found.update(map(frozenset, by_group.values()))
    found.update(map(frozenset, hopping(guests)))
    expected: Counter[frozenset[truth.Stay]] = Counter()
    for attendee, count in truth.of(scenario, source).attendees.items():
        expected[attendee.stays] += count
    assert found == expected


def test_time_attended_is_counted_once() -> None:
    def attended(*intervals: tuple[int, int]) -> float:
        return truth.covered([(begin * 1000, end * 1000) for begin, end in intervals])

    assert attended((0, 10)) == 10
    assert attended((0, 10), (20, 25)) == 15
    assert attended((0, 10), (5, 25)) == 25
    assert attended((0, 30), (5, 25), (10, 12)) == 30
    assert attended((0, 10), (10, 20)) == 20
    assert attended((0, 10), (0, 10), (3, 3)) == 10
