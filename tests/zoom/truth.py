"""What an importer must find, told by what happened and by which ids a source shows; not by how an importer works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tests.zoom.scenario import Known, Person, Scenario, Status, Visit

Source = Literal["report", "basic"]

SHOWS: Mapping[Source, frozenset[Known]] = {
    "report": frozenset({"registrant", "account", "user", "email"}),
    "basic": frozenset({"account", "email"}),
}

BEST: tuple[Status, ...] = ("approved", "pending", "denied")

Stay = tuple[str, float, float]
"""Instance, begin and end, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody with at least one stay. `duration`: seconds, times at which they were there twice counted once."""

    stays: frozenset[Stay]
    duration: float
    guest: bool
    registration: Status | None


@dataclass(frozen=True)
class Truth:
    """`rows`: of each instance; `waiting` of them are no stays. `attendees`: whoever came, guests among them.

    `no_shows`: addresses of those with an approved registration who never came, as far as the source can tell.
    """

    rows: Mapping[str, int]
    waiting: int
    registrants: Mapping[Status, int]
    attendees: Counter[Attendee]
    by_address: Mapping[str, Attendee]
    """Attendees who have an address in a registration or a row, by it, in lower case."""
    names: Mapping[str, str]
    """Theirs, by the same."""
    no_shows: frozenset[str]

    @property
    def people(self) -> int:
        return self.attendees.total()

    @property
    def guests(self) -> int:
        return sum(count for attendee, count in self.attendees.items() if attendee.guest)

    @property
    def stays(self) -> int:
        return sum(count * len(attendee.stays) for attendee, count in self.attendees.items())

    @property
    def total_duration(self) -> float:
        return sum(count * attendee.duration for attendee, count in self.attendees.items())


def of(scenario: Scenario, source: Source) -> Truth:
    attendees: Counter[Attendee] = Counter()
    by_address: dict[str, Attendee] = {}
    names: dict[str, str] = {}
    no_shows = set()
    for person in scenario.people:
        known = [visit for visit in person.visits if visit.knows & SHOWS[source]]
        unknown = _in_rooms(
            [visit for visit in person.visits if not visit.waiting and visit not in known], source
        )
        there = [visit for visit in known if not visit.waiting]
        registration = _best(person)
        if there:
            attendee = _attendee(there, guest=False, registration=registration)
            attendees[attendee] += 1
            for address in _addresses(person, known):
                by_address[address] = attendee
                names[address] = person.name
        elif registration == "approved":
            no_shows.add(person.registrations[-1].email)
        for visits in unknown:
            attendees[_attendee(visits, guest=True, registration=None)] += 1
    rows = {uuid: len(scenario.visits(uuid)) for uuid in scenario.uuids}
    waiting = sum(visit.waiting for person in scenario.people for visit in person.visits)
    registrants = {status: len(scenario.registrations(status)) for status in BEST}
    return Truth(rows, waiting, registrants, attendees, by_address, names, frozenset(no_shows))


def _in_rooms(visits: list[Visit], source: Source) -> list[list[Visit]]:
    """A guest's, together as long as they go from room to room by one name: of rooms the report tells only."""
    found: list[list[Visit]] = []
    for visit in sorted(visits, key=lambda visit: (visit.uuid, visit.joined)):
        before = found[-1][-1] if found else None
        if (
            before is not None
            and source == "report"
            and (before.uuid, before.left, before.name) == (visit.uuid, visit.joined, visit.name)
            and (before.breakout or visit.breakout)
            and "name" not in before.lacks | visit.lacks
        ):
            found[-1].append(visit)
        else:
            found.append([visit])
    return found


def _best(person: Person) -> Status | None:
    statuses = {each.status for each in person.registrations}
    return next((status for status in BEST if status in statuses), None)


def _addresses(person: Person, visits: Iterable[Visit]) -> set[str]:
    told = {each.email for each in person.registrations}
    told |= {visit.email for visit in visits if "email" in visit.knows}
    return {address.lower() for address in told}


def _attendee(visits: list[Visit], *, guest: bool, registration: Status | None) -> Attendee:
    stays = frozenset((visit.uuid, visit.joined / 1000, visit.left / 1000) for visit in visits)
    assert len(stays) == len(visits), "two rows of one person that differ in nothing"
    return Attendee(stays, covered([(visit.joined, visit.left) for visit in visits]), guest, registration)


def covered(intervals: list[tuple[int, int]]) -> float:
    """Seconds at which there was at least one of them, by counting beginnings and ends along the time."""
    turns = sorted([(begin, 1) for begin, _ in intervals] + [(end, -1) for _, end in intervals])
    covered = inside = since = 0
    for at, change in turns:
        if inside:
            covered += at - since
        inside += change
        since = at
    return covered / 1000
