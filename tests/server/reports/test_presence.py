"""The reducer: what holds for any sessions whatever, and plain examples."""

from __future__ import annotations

import ast
import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import server.reports.presence
from server.reports.presence import Person, Report, StayTimes, Totals, merge, reduce

LAST = 12
"""Whole seconds, and few of them, so that sessions touch and overlap in all ways."""

MOMENTS = st.integers(0, LAST).map(float)
ANY_MOMENTS = st.floats(-1e10, 1e10)


def sessions(moments: st.SearchStrategy[float]) -> st.SearchStrategy[StayTimes]:
    return st.builds(
        StayTimes,
        participant=st.sampled_from("abcd"),
        session=st.sampled_from("123"),
        joined_at=moments,
        left_at=st.none() | moments,
        estimated=st.booleans(),
        reconnects=st.lists(moments, max_size=3).map(tuple),
        connections=st.integers(1, 4),
    )


ROWS = st.lists(sessions(MOMENTS), max_size=12)
ANY_ROWS = st.lists(sessions(MOMENTS) | sessions(ANY_MOMENTS), max_size=12)


def merged(rows: list[StayTimes]) -> list[StayTimes]:
    """Each session once."""
    known: dict[tuple[str, str], StayTimes] = {}
    for row in rows:
        key = row.participant, row.session
        known[key] = merge(known[key], row) if key in known else row
    return list(known.values())


def seconds(rows: list[StayTimes], participant: str, now: float) -> set[int]:
    """The whole seconds in which a participant was there, by counting."""
    return {
        second
        for row in rows
        if row.participant == participant
        for second in range(int(row.joined_at), int(now if row.left_at is None else row.left_at))
    }


def counts(report: Report) -> list[int]:
    return [count for _, count in report.presence]


@given(st.data(), ANY_ROWS, ANY_MOMENTS)
def test_the_order_of_rows_does_not_matter(data: st.DataObject, rows: list[StayTimes], now: float) -> None:
    report = reduce(rows, now)
    again = reduce(data.draw(st.permutations(rows)), now)
    assert again == report
    assert list(again.people) == list(report.people)


@given(st.data(), ANY_ROWS.filter(bool), ANY_MOMENTS)
def test_a_row_twice_changes_nothing(data: st.DataObject, rows: list[StayTimes], now: float) -> None:
    twice = data.draw(st.sampled_from(rows))
    assert reduce([*rows, twice], now) == reduce(rows, now)


@given(sessions(ANY_MOMENTS), sessions(ANY_MOMENTS), sessions(ANY_MOMENTS))
def test_rows_of_one_session_merge_in_any_order_and_grouping(
    one: StayTimes, two: StayTimes, three: StayTimes
) -> None:
    two, three = (replace(row, participant=one.participant, session=one.session) for row in (two, three))
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(merge(one, two), two) == merge(one, two)


@given(ANY_ROWS, ANY_MOMENTS)
def test_nobody_was_there_for_longer_than_from_first_to_last(rows: list[StayTimes], now: float) -> None:
    for person in reduce(rows, now).people.values():
        assert 0 <= person.total_duration <= person.last_seen - person.first_seen


@given(ANY_ROWS, ANY_MOMENTS)
def test_intervals_ascend_with_gaps_from_first_to_last(rows: list[StayTimes], now: float) -> None:
    for person in reduce(rows, now).people.values():
        assert all(start <= end for start, end in person.intervals)
        assert all(one[1] < other[0] for one, other in itertools.pairwise(person.intervals))
        assert (person.first_seen, person.last_seen) == (person.intervals[0][0], person.intervals[-1][1])


@given(ROWS, MOMENTS)
def test_durations_are_what_counting_seconds_gives(rows: list[StayTimes], now: float) -> None:
    report = reduce(rows, now)
    each = {name: len(seconds(merged(rows), name, now)) for name in report.people}
    assert {name: person.total_duration for name, person in report.people.items()} == each
    assert report.totals.total_duration == sum(each.values())


@given(ROWS)
def test_presence_adds_up_to_the_time_people_spent(rows: list[StayTimes]) -> None:
    now = float(LAST)
    report = reduce(rows, now)
    steps = [*report.presence, (now, 0)]
    area = sum(count * (until - at) for (at, count), (until, _) in itertools.pairwise(steps))
    assert area == report.totals.total_duration


@given(ROWS)
def test_presence_and_peak_are_what_counting_heads_gives(rows: list[StayTimes]) -> None:
    report = reduce(rows, now=float(LAST))
    there = [seconds(merged(rows), name, LAST) for name in report.people]
    heads = [sum(second in own for own in there) for second in range(LAST)]
    now = sum(any(row.left_at is None for row in merged(rows) if row.participant == p) for p in report.people)
    steps = dict(report.presence)
    shown = list(itertools.accumulate(range(LAST), lambda last, at: steps.get(at, last), initial=0))[1:]
    assert shown == [steps.get(0.0, 0), *heads[1:]]
    assert heads[0] == steps.get(0.0, 0)
    assert report.totals.peak == max([*heads, now], default=0)
    assert report.totals.present == now == next(iter(reversed(counts(report))), 0)
    at = report.totals.peak_at
    assert (at is None) == (report.totals.peak == 0)
    if at is not None:
        assert steps[at] == report.totals.peak
        assert all(count < steps[at] for moment, count in report.presence if moment < at)


@given(ANY_ROWS, ANY_MOMENTS)
def test_presence_ascends_changes_with_every_step_and_is_never_negative(
    rows: list[StayTimes], now: float
) -> None:
    report = reduce(rows, now)
    assert all(one < other for (one, _), (other, _) in itertools.pairwise(report.presence))
    assert all(one != other for one, other in itertools.pairwise([0, *counts(report)]))
    assert all(0 <= count <= report.totals.participants for count in counts(report))


@given(ANY_ROWS, ANY_MOMENTS)
def test_totals_add_up(rows: list[StayTimes], now: float) -> None:
    report, each = reduce(rows, now), merged(rows)
    people, totals = report.people.values(), report.totals
    assert totals.participants == len({row.participant for row in rows}) == len(people)
    assert totals.sessions == len(each) == sum(person.session_count for person in people)
    assert totals.reconnects == sum(max(row.connections - 1, len(set(row.reconnects))) for row in each)
    assert totals.estimated == len({row.participant for row in each if row.estimated})
    assert totals.present == len({row.participant for row in each if row.left_at is None})
    assert totals.first_joined_at == min((row.joined_at for row in each), default=None)
    ends = [max(row.joined_at, row.left_at) for row in each if row.left_at is not None]
    assert totals.last_left_at == (None if totals.present else max(ends, default=None))


@given(ROWS, st.integers(LAST, 2 * LAST), st.integers(0, LAST))
def test_time_passes_for_open_sessions_only(rows: list[StayTimes], now: int, passed: int) -> None:
    before, after = reduce(rows, now), reduce(rows, now + passed)
    for name, person in before.people.items():
        later = after.people[name].total_duration - person.total_duration
        assert later == (passed if person.present else 0)
    assert before.presence == after.presence


@given(ANY_ROWS, ANY_MOMENTS)
def test_programs_are_shown_and_count_nowhere(rows: list[StayTimes], now: float) -> None:
    report, people = reduce(rows, now, {"b", "c"}), [row for row in rows if row.participant in "ad"]
    assert report.people == reduce(rows, now).people
    assert (report.totals, report.presence) == (reduce(people, now).totals, reduce(people, now).presence)


# Examples


def test_nothing_makes_an_empty_report() -> None:
    assert reduce([], now=100.0) == Report({}, Totals(0, 0, 0, 0, 0, 0.0, 0, None, None, None), ())


def test_two_devices_at_once_count_once_and_a_gap_not_at_all() -> None:
    report = reduce(
        [
            StayTimes("ann", "phone", 100.0, 200.0),
            StayTimes("ann", "laptop", 150.0, 250.0, estimated=True),
            StayTimes("ann", "again", 300.0, 310.0),
        ],
        now=1000.0,
    )
    assert report.people["ann"] == Person(
        session_count=3,
        total_duration=160.0,
        first_seen=100.0,
        last_seen=310.0,
        reconnects=0,
        estimated=True,
        present=False,
        intervals=((100.0, 250.0), (300.0, 310.0)),
    )
    assert report.presence == ((100.0, 1), (250.0, 0), (300.0, 1), (310.0, 0))


def test_a_session_within_another_adds_nothing() -> None:
    report = reduce([StayTimes("ann", "1", 0.0, 100.0), StayTimes("ann", "2", 20.0, 30.0)], now=100.0)
    assert report.people["ann"].intervals == ((0.0, 100.0),)


def test_sessions_that_touch_are_one_interval_and_no_step() -> None:
    report = reduce([StayTimes("ann", "1", 0.0, 10.0), StayTimes("ann", "2", 10.0, 20.0)], now=100.0)
    assert report.people["ann"].intervals == ((0.0, 20.0),)
    assert report.presence == ((0.0, 1), (20.0, 0))


def test_one_who_comes_as_another_goes_makes_no_crowd() -> None:
    report = reduce([StayTimes("ann", "1", 0.0, 10.0), StayTimes("bob", "1", 10.0, 20.0)], now=100.0)
    assert (report.totals.peak, report.totals.peak_at) == (1, 0.0)
    assert report.presence == ((0.0, 1), (20.0, 0))


def test_an_open_session_counts_up_to_now() -> None:
    report = reduce([StayTimes("ann", "1", 100.0), StayTimes("bob", "1", 110.0, 120.0)], now=130.0)
    assert report.people["ann"].total_duration == 30.0
    assert report.people["ann"].last_seen == 130.0
    assert report.presence == ((100.0, 1), (110.0, 2), (120.0, 1))
    assert (report.totals.present, report.totals.peak, report.totals.peak_at) == (1, 2, 110.0)
    assert report.totals.last_left_at is None


def test_who_has_come_this_very_moment_is_present() -> None:
    report = reduce([StayTimes("ann", "1", 100.0)], now=100.0)
    assert (report.totals.present, report.totals.peak, report.totals.total_duration) == (1, 1, 0.0)


def test_who_was_there_for_no_time_is_no_crowd() -> None:
    report = reduce([StayTimes("ann", "1", 100.0, 100.0)], now=200.0)
    assert report.totals == Totals(1, 0, 1, 0, 0, 0.0, 0, None, 100.0, 100.0)
    assert report.presence == ()


def test_a_clock_that_ran_backwards_makes_no_negative_time() -> None:
    report = reduce([StayTimes("ann", "1", 100.0, 90.0), StayTimes("bob", "1", 100.0)], now=50.0)
    assert [person.total_duration for person in report.people.values()] == [0.0, 0.0]
    assert [person.last_seen for person in report.people.values()] == [100.0, 100.0]
    assert report.people["bob"].present


def test_a_known_end_wins_over_none_the_exact_over_the_estimated_the_later_over_the_earlier() -> None:
    row = StayTimes("ann", "1", 100.0)
    ends: list[dict[str, Any]] = [
        {"left_at": None},
        {"left_at": 170.0, "estimated": True},
        {"left_at": 180.0, "estimated": True},
        {"left_at": 150.0},
        {"left_at": 160.0},
    ]
    for worse, better in itertools.pairwise([replace(row, **end) for end in ends]):
        assert merge(worse, better) == merge(better, worse) == better


def test_rows_of_one_session_keep_the_first_arrival_and_every_return() -> None:
    one = StayTimes("ann", "1", 100.0, 200.0, reconnects=(110.0, 130.0), connections=3)
    other = StayTimes("ann", "1", 90.0, 200.0, reconnects=(120.0, 130.0), connections=4)
    both = merge(one, other)
    assert (both.joined_at, both.reconnects, both.connections) == (90.0, (110.0, 120.0, 130.0), 4)


def test_returns_are_counted_also_when_only_the_latest_are_known() -> None:
    rows = [
        StayTimes("ann", "1", 0.0, 9.0, reconnects=(7.0, 8.0), connections=251),
        StayTimes("ann", "2", 10.0, 19.0, connections=3),
        StayTimes("bob", "1", 0.0, 9.0, reconnects=(4.0,)),
    ]
    report = reduce(rows, now=20.0)
    assert [person.reconnects for person in report.people.values()] == [252, 1]
    assert report.totals.reconnects == 253


def test_people_stand_in_the_order_they_came() -> None:
    rows = [StayTimes("c", "1", 5.0, 6.0), StayTimes("b", "1", 9.0, 10.0), StayTimes("a", "1", 5.0, 9.0)]
    assert list(reduce([*rows, StayTimes("b", "2", 1.0, 2.0)], now=20.0).people) == ["b", "a", "c"]


def test_tiny_gaps_between_large_numbers_do_not_add_up_to_more_than_the_whole() -> None:
    at = [1.7e9 + n * 1e-6 for n in range(1000)]
    rows = [StayTimes("ann", str(n), at[n], math.nextafter(at[n + 1], 0)) for n in range(999)]
    person = reduce(rows, now=at[-1]).people["ann"]
    assert len(person.intervals) == 999
    assert 0 < person.total_duration <= person.last_seen - person.first_seen


def test_ten_thousand_sessions_give_a_right_report() -> None:
    rows = [StayTimes(f"p{n % 500}", f"s{n}", n * 10.0, n * 10.0 + 5.0) for n in range(10_000)]
    report = reduce(rows, now=200_000.0)
    assert report.totals.sessions == 10_000
    assert report.totals.total_duration == 50_000.0
    assert {person.session_count for person in report.people.values()} == {20}


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(server.reports.presence.__file__).read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules == {"__future__", "collections.abc", "dataclasses", "math"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
