"""Attendance of a series instance by instance: one alone, and a column for each, over HTTP and by the command."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reconvene import terminal
from server.reports import instance_columns, instances
from storage import open_store
from storage.import_store import StoreWithImports
from storage.imports import PartState
from storage.records import Attendance
from tests.reconvene.cli.test_command_attendance import attendance, refusal
from tests.server import webinars
from tests.server.webinars import FIRST, SECOND, START, WEEK, WEEKLY

BERLIN = ZoneInfo("Europe/Berlin")
NOW = START + 2 * WEEK
ONE, OTHER = (part.removeprefix("instance/") for part in (FIRST, SECOND))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StoreWithImports]:
    store = open_store(f"sqlite:///{tmp_path}/reconvene.db")
    await store.open()
    await webinars.weekly(store)
    yield store
    await store.close()


@pytest.fixture
async def weekly(store: StoreWithImports) -> Attendance:
    return await store.attendance(WEEKLY)


def alone(record: Attendance, named: str) -> Attendance:
    return instances.only(record, instances.chosen(instances.source(record).record, named))


def names(record: Attendance) -> list[str]:
    return [participant.name for participant, _ in record.participants]


def sheet(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True))


# One of them


@pytest.mark.parametrize("named", [ONE, "2026-03-02", "2026-03-02 09:00", " 2026-03-02T09:00 "])
async def test_one_is_known_by_its_id_and_by_the_day_it_was(weekly: Attendance, named: str) -> None:
    assert names(alone(weekly, named)) == ["Ada Lovelace", "Bob", "bob", "iPhone"]


async def test_what_is_told_of_one_is_what_would_be_told_if_there_had_been_no_other(
    weekly: Attendance,
) -> None:
    second = alone(weekly, OTHER)
    assert names(second) == ["Ada Lovelace"]
    assert (second.meeting.created_at, second.meeting.ended_at) == (START + WEEK, START + WEEK + 3600)
    assert [part.part for part in instances.of(instances.source(second).record)] == [SECOND]
    assert [stay.instance for _, stays in second.participants for stay in stays] == [OTHER]


async def test_who_came_to_others_only_did_not_come_to_this_one(
    store: StoreWithImports, weekly: Attendance
) -> None:
    whole = await store.import_totals(WEEKLY)
    totals = [instances.totals(whole, weekly, alone(weekly, named), NOW) for named in (ONE, OTHER)]
    assert [(each.people, each.guests, each.stays, each.uncounted) for each in totals] == [
        (4, 2, 4, 1),
        (1, 0, 1, 0),
    ]
    # Cleo came to neither, Bob to the first only.
    assert (whole.no_shows, [each.no_shows for each in totals]) == (1, [1, 2])
    assert sum(each.total_duration for each in totals) == whole.total_duration
    everyone = await store.registrations(WEEKLY)
    second = instances.registered(everyone, alone(weekly, OTHER), NOW)
    assert {each.name: each.total_duration for each in second.people} == {
        "Ada Lovelace": 3600,
        "Bob": 0,
        "Cléo": 0,
        "Dora": 0,
    }
    absent = instances.page_of(second, 2, None, came=False)
    assert [each.name for each in absent.people] == ["Bob", "Cléo"]
    rest = instances.page_of(second, 2, absent.next, came=False)
    assert ([each.name for each in rest.people], rest.next) == (["Dora"], None)


async def test_one_that_is_not_there_is_refused_with_those_that_are(weekly: Attendance) -> None:
    for named in ("nothing", "", "2026-03-03", "9" * 5000):
        with pytest.raises(
            instances.NoSuchInstance, match=r"there is no instance .*4AAA== \(2026-03-09 09:00 UTC\)"
        ):
            alone(weekly, named)
    twice = [replace(part, starts_at=START) for part in instances.source(weekly).record.parts]
    with pytest.raises(instances.NoSuchInstance, match="several instances of '2026-03-02'"):
        instances.chosen(replace(instances.source(weekly).record, parts=twice), "2026-03-02")
    with pytest.raises(instances.NoSuchInstance, match="held here"):
        instances.source(replace(weekly, import_source=None))


# A column for each


async def test_everyone_has_a_line_and_each_instance_a_column(weekly: Attendance) -> None:
    head, *lines = sheet(instance_columns.as_csv(weekly, NOW, BERLIN))
    assert head[5:7] == ["2026-03-02 10:00 +01:00", "2026-03-09 10:00 +01:00"]
    assert [[line[0], *line[5:9]] for line in lines] == [
        ["Ada Lovelace", "0:30:00", "1:00:00", "2", "5400"],
        ["Bob", "0:10:00", "", "1", "600"],
        ["bob", "0:10:00", "", "1", "600"],
        ["iPhone", "0:10:00", "", "1", "600"],
    ]
    told = json.loads(instance_columns.as_json(weekly, NOW, 2))
    assert [each["instance"] for each in told["instances"]] == [ONE, OTHER]
    ada, bob = told["participants"]
    assert told["next"] == bob["id"]
    assert [cell and cell["total_duration"] for cell in ada["instances"]] == [1800, 3600]
    assert [cell and cell["total_duration"] for cell in bob["instances"]] == [600, None]
    assert (ada["attended"], ada["total_duration"], bob["attended"]) == (2, 5400, 1)


async def test_each_column_has_the_offset_of_its_own_day(weekly: Attendance) -> None:
    first, second = instances.of(instances.source(weekly).record)
    summer = replace(second, starts_at=START + 6 * WEEK)
    assert [instance_columns.heading(part, BERLIN) for part in (first, summer)] == [
        "2026-03-02 10:00 +01:00",
        "2026-04-13 11:00 +02:00",
    ]
    nepal = timezone(timedelta(hours=5, minutes=45))
    assert instance_columns.heading(first, nepal) == "2026-03-02 14:45 +05:45"


@pytest.mark.parametrize(
    ("state", "said"), [("unknown", "unknown"), ("too_old", "too old"), ("unread", "unread")]
)
async def test_nobody_known_is_not_nobody_there(weekly: Attendance, state: PartState, said: str) -> None:
    import_source = instances.source(weekly)
    parts = [
        replace(part, state=state, starts_at=None) if part.part == SECOND else part
        for part in import_source.record.parts
    ]
    record = replace(
        weekly, import_source=replace(import_source, record=replace(import_source.record, parts=parts))
    )
    head, *lines = sheet(instance_columns.as_csv(record, NOW, None))
    assert head[6] == f"no date, 4AAA== ({said})"
    assert [line[6] for line in lines] == ["1:00:00", "?", "?", "?"]


# By the command


async def test_the_command_shows_one_alone_and_all_side_by_side(
    store: StoreWithImports, tmp_path: Path
) -> None:
    here = {"RECONVENE_STORE": f"sqlite:///{tmp_path}/reconvene.db", "TZ": "Europe/Berlin"}
    printed = await attendance(tmp_path, "889", "8887", "2033", "--instance", "2026-03-09", **here)
    assert "Ada Lovelace" in printed
    assert "iPhone" not in printed
    assert (
        "1 person, 0 guests among them; registered: 3 approved, 1 pending; 2 registered and did not come."
        in printed
    )
    printed = await attendance(tmp_path, "889.8887.2033", "--by", "instance", **here)
    (bob,) = [line.split() for line in printed.splitlines() if line.strip().startswith("Bob")]
    assert bob[-4:] == ["0:10:00", "–", "1", "0:10:00"]
    assert "2026-03-02  2026-03-09" in printed
    printed = await attendance(tmp_path, WEEKLY, "--by", "instance", "--csv", **here)
    assert "2026-03-09 10:00 +01:00" in printed.splitlines()[0]
    assert "--instance: there is no instance 'x'" in await refusal(
        tmp_path, WEEKLY, "--instance", "x", **here
    )
    wrong = await refusal(tmp_path, WEEKLY, "--by", "instance", "--rows", "stays", **here)
    assert "leave out --rows stays" in wrong


# Clocks


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_berlin")
def test_each_day_of_a_series_has_its_own_offset_and_one_night_has_one() -> None:
    series = terminal.Clock(START, START + 5 * WEEK, NOW, brief=True)
    assert [series.time(START + week * WEEK) for week in (0, 5)] == ["2026-03-02 10:00", "2026-04-06 11:00"]
    assert series.zone_name() == "CET (UTC+01:00) and CEST (UTC+02:00)"
    year = terminal.Clock(START, START + 53 * WEEK, NOW)
    assert year.zone_name() == series.zone_name(), "it was summer in between"
    # The clocks go back at three.
    midnight = datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    night = terminal.Clock(midnight, midnight + 4 * 3600, NOW)
    assert [night.time(midnight + hour * 3600) for hour in (2, 3, 4)] == ["02:00:00", "03:00:00", "04:00:00"]
    assert night.zone_name() == "CEST (UTC+02:00)"
