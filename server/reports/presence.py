"""Who was there, when, and for how long: a report made of nothing but stays.

    StayTimes, StayTimes, … ──► by person ──► union of their intervals ──► Person ──► Totals, people over time

Pure: the same stays make the same report, in any order, even if some are repeated. It does not matter whether they are
from this server's meetings or from imported rows.

Times are seconds since the epoch, durations seconds. If a clock ran backwards between the two ends of a stay, the stay
lasted no time at all, rather than a negative one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class StayTimes:
    """One stay of one participant, identified by (participant, session). Open while `left_at` is None.

    `estimated`: nobody saw the end; `left_at` is the last known moment. `connections` counts how often they came during
    it; `reconnects` are the moments of all but the first, or of the latest of these.
    """

    participant: str
    session: str
    joined_at: float
    left_at: float | None = None
    estimated: bool = False
    reconnects: tuple[float, ...] = ()
    connections: int = 1


@dataclass(frozen=True, slots=True)
class Person:
    """The summary of one participant's stays.

    `intervals` is their union, ascending, with gaps in between; open stays reach up to now. `total_duration` is its
    length, and never more than `last_seen - first_seen`. `estimated`: at least one end is estimated.
    """

    session_count: int
    total_duration: float
    first_seen: float
    last_seen: float
    reconnects: int
    estimated: bool
    present: bool
    intervals: Sequence[Interval]


@dataclass(frozen=True, slots=True)
class Totals:
    """`participants` are people with a stay, `present` those with an open one, `estimated` those with an estimated end.
    `peak`: the most people at once; `peak_at`: when that was first reached (None if nobody was there for any time).
    `total_duration` is the sum over people. `last_left_at` is None while anyone is there."""

    participants: int
    present: int
    sessions: int
    reconnects: int
    estimated: int
    total_duration: float
    peak: int
    peak_at: float | None
    first_joined_at: float | None
    last_left_at: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """`people` by participant, in the order they came; bots are among them, but counted nowhere. `presence`: ascending
    steps, each a time and how many are there from then on; it ends with how many are there now. A person with two stays
    at once counts once."""

    people: Mapping[str, Person]
    totals: Totals
    presence: Sequence[tuple[float, int]]


def reduce(sessions: Iterable[StayTimes], now: float, programs: Container[str] = frozenset()) -> Report:
    """The report as of `now`. Participants who are `programs` count in neither totals nor presence."""
    rows: dict[str, dict[str, StayTimes]] = {}
    for row in sessions:
        own = rows.setdefault(row.participant, {})
        known = own.get(row.session)
        own[row.session] = row if known is None else merge(known, row)

    changes: dict[float, int] = {}
    people = {
        participant: _person(own.values(), now, {} if participant in programs else changes)
        for participant, own in rows.items()
    }
    people = dict(sorted(people.items(), key=lambda item: (item[1].first_seen, item[0])))
    presence = _presence(changes)
    counted = [person for participant, person in people.items() if participant not in programs]
    return Report(people, _totals(counted, presence), presence)


def merge(one: StayTimes, other: StayTimes) -> StayTimes:
    """The combination of two rows about the same stay, in either order.

    A known end wins over none, a seen one over an estimate, the later over the earlier.
    """
    latest = max(one, other, key=_end_known)
    return StayTimes(
        one.participant,
        one.session,
        min(one.joined_at, other.joined_at),
        latest.left_at,
        latest.estimated,
        tuple(sorted({*one.reconnects, *other.reconnects})),
        max(one.connections, other.connections),
    )


def _end_known(session: StayTimes) -> tuple[bool, bool, float]:
    return session.left_at is not None, not session.estimated, session.left_at or 0.0


def _person(sessions: Iterable[StayTimes], now: float, changes: dict[float, int]) -> Person:
    """Also adds to `changes` when this person came (+1) and went (-1)."""
    spans = []
    reconnects = 0
    estimated = present = False
    for session in sessions:
        left = session.left_at
        spans.append((session.joined_at, max(session.joined_at, now if left is None else left), left is None))
        if session.connections > 1 or session.reconnects:
            reconnects += max(session.connections - 1, len(set(session.reconnects)))
        estimated |= session.estimated
        present |= left is None
    union = spans if len(spans) == 1 else _union(sorted(spans))

    for start, end, is_open in union:
        if is_open:
            # Still there, even if a clock that runs ahead tells of a later end.
            changes[start] = changes.get(start, 0) + 1
            break
        if start < end:
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1

    # Summed exactly and rounded once, so that rounding never makes the parts longer than the whole.
    total = fsum([moment for start, end, _ in union for moment in (end, -start)])
    intervals = tuple([(start, end) for start, end, _ in union])
    first, last = intervals[0][0], intervals[-1][1]
    return Person(len(spans), total, first, last, reconnects, estimated, present, intervals)


def _union(spans: Sequence[tuple[float, float, bool]]) -> list[tuple[float, float, bool]]:
    """Unites spans of (start, end, open), by start: spans that touch become one, which is open if any of them is."""
    union = []
    start, end, is_open = spans[0]
    for joined, left, goes_on in spans[1:]:
        if joined > end:
            union.append((start, end, is_open))
            start, end, is_open = joined, left, goes_on
        else:
            end = max(end, left)
            is_open |= goes_on
    union.append((start, end, is_open))
    return union


def _presence(changes: Mapping[float, int]) -> Sequence[tuple[float, int]]:
    steps = []
    count = 0
    for at in sorted(changes):
        if changes[at]:
            count += changes[at]
            steps.append((at, count))
    return tuple(steps)


def _totals(people: Sequence[Person], presence: Sequence[tuple[float, int]]) -> Totals:
    present = sum(person.present for person in people)
    last_seen = max((person.last_seen for person in people), default=None)
    peak_at, peak = max(presence, key=lambda step: step[1], default=(None, 0))
    return Totals(
        participants=len(people),
        present=present,
        sessions=sum(person.session_count for person in people),
        reconnects=sum(person.reconnects for person in people),
        estimated=sum(person.estimated for person in people),
        total_duration=fsum(person.total_duration for person in people),
        peak=peak,
        peak_at=peak_at,
        first_joined_at=min((person.first_seen for person in people), default=None),
        last_left_at=None if present else last_seen,
    )
