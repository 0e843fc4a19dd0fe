"""Rows that are hard to tell apart, and whose they are: read by a sync, from the report and from the basic list."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.zoom.list_import import SHOWN_FOR, TOO_OLD
from tests.zoom.runs import ID, ROWS, STARTS, Runs, instance, runs, webinar
from tests.zoom.stand_in import InstanceView, faults
from tests.zoom.stand_in.clock import iso
from tests.zoom.stand_in.views import Record

GONE = (404, 3001, "Meeting does not exist.")
OLD = (400, 12702, "Can not access a meeting a year ago.")


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Runs]:
    async with runs(tmp_path) as prepared:
        yield prepared


def show(at: Runs, rows: Sequence[Record]) -> InstanceView:
    """In both sources, of a meeting."""
    shown = replace(instance(rows=0), report=rows, basic=rows)
    at.zoom.webinars[ID] = replace(webinar(shown), kind="meeting")
    return shown


def there(name: str, since: int, until: int, user_id: str = "", **told: Any) -> dict[str, Any]:
    """Minutes after the beginning; a guest, unless `told` says who."""
    return {
        "id": "",
        "user_id": user_id or f"{name}{since}{told.get('bo_mtg_id', '')}",
        "name": name,
        "user_email": "",
        "join_time": iso(STARTS + 60 * since),
        "leave_time": iso(STARTS + 60 * until),
        "duration": 60 * (until - since),
        "status": "in_meeting",
    } | told


async def people(at: Runs) -> dict[str, tuple[int, float]]:
    """Stays and minutes, by name."""
    found = (await at.kept()).participants
    assert len({person.name for person, _ in found}) == len(found), "nobody is there twice"
    return {person.name: (person.session_count, person.total_duration / 60) for person, _ in found}


@pytest.fixture(params=["report", "basic"])
def source(at: Runs, request: pytest.FixtureRequest) -> str:
    if request.param == "basic":
        at.zoom.faults.on(lambda asked: asked.endpoint == "report participants", faults.no_permission(), None)
    return str(request.param)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("order", [1, -1])
async def test_rows_with_one_user_id_and_one_beginning_are_kept_apart(at: Runs, order: int) -> None:
    ada = [there("Ada", 0, until, "1", id="A") for until in (40, 1)]
    ben = there("Ben", 0, 40, "1", id="B")
    gil = there("Gil", 0, 20, "1")
    show(at, [*ada, ben, gil][::order])
    outcome = await at.sync()
    assert outcome.complete
    assert await people(at) == {"Ada": (2, 40), "Ben": (1, 40), "Gil": (1, 20)}


@pytest.mark.usefixtures("source")
async def test_a_row_that_zoom_gives_twice_counts_once_and_was_given(at: Runs) -> None:
    ada, ben = there("Ada", 0, 30, id="A"), there("Ben", 0, 30, id="B")
    shown = show(at, [ada, ada, ben])
    outcome = await at.sync()
    assert (outcome.complete, outcome.reasons) == (True, [])
    assert await people(at) == {"Ada": (1, 30), "Ben": (1, 30)}
    part = await at.part()
    assert (part.rows, part.given, part.total) == (2, 3, 3)
    # By the number of those that differ, too; and what is missing is told by what was given.
    shown.total = 2
    assert (await at.sync()).complete
    shown.total = 5
    outcome = await at.sync()
    assert outcome.reasons[0].endswith("Zoom gave 3 of the 5 rows it has, some of them twice: 2 differ")
    assert (await at.part()).state == "complete", "what is shown stays, and the reason beside it"


async def test_any_pages_any_order_and_any_repetition_of_the_same_rows_come_to_the_same(at: Runs) -> None:
    draw = random.Random(4)  # noqa: S311
    rows = [
        *(there("Ada", 0, until, "1", id="A") for until in (40, 1, 12)),
        there("Ben", 0, 40, "1", id="B"),
        *(there("iPhone", 3, until, user_id="") | {"user_id": ""} for until in (5, 9, 9)),
        *(there(f"P{number % 20}", number, number + 9) for number in range(40)),
        *(there("Gil", each * 10, each * 10 + 10, bo_mtg_id="B" * (each % 2)) for each in range(6)),
        there("Gil", 0, 55, "2"),
    ]
    shown = show(at, rows)
    found = []
    for limit in (300, 7, 3):
        at.zoom.books.page_limit = limit
        shown.report = draw.sample(rows, len(rows)) + draw.choices(rows, k=5)
        assert (await at.sync()).complete
        kept = await at.kept()
        found.append((sorted(kept.participants, key=repr), kept.import_source and kept.import_source.people))
    assert found[0] == found[1] == found[2]
    assert (await at.part()).agreed == 2
    assert sum(person.name == "Gil" for person, _ in kept.participants) == 2
    assert sum(person.name == "iPhone" for person, _ in kept.participants) == 2


@pytest.mark.usefixtures("source")
async def test_a_guest_in_breakout_rooms_is_one_person_and_said_to_be_a_guess(at: Runs) -> None:
    moves = [(0, 10, ""), (10, 20, "B1=="), (20, 21, ""), (21, 40, "B2=="), (40, 60, "")]
    gil = [there("Gil", since, until, bo_mtg_id=room) for since, until, room in moves]
    show(at, [*gil, there("Host", 0, 60, id="H")])
    outcome = await at.sync()
    assert outcome.complete
    assert await people(at) == {"Gil": (5, 60), "Host": (1, 60)}
    assert (outcome.totals.people, outcome.totals.guests, outcome.totals.guessed) == (2, 1, 4)
    origin = (await at.kept()).import_source
    assert origin is not None
    assert sorted(each.guessed for each in origin.people.values()) == [False, True]


# A long series


@pytest.mark.parametrize("refusal", [OLD, GONE])
async def test_instances_too_old_to_be_read_are_said_once_and_no_failure(at: Runs, refusal: Any) -> None:
    ages = [SHOWN_FOR + 86_400 * days for days in (22, 15, 8)]
    olds = [instance(f"{age}==", starts=at.clock.now() - age, rows=3) for age in ages]
    for old in olds:
        old.refused = refusal
    at.zoom.webinars[ID] = webinar(*olds, instance())
    outcome = await at.sync()
    assert (outcome.complete, outcome.totals.people) == (True, ROWS)
    (note,) = outcome.notes
    assert note.startswith("3 instances, from 2025-")
    assert note.endswith(TOO_OLD)
    assert (await at.part(olds[0].uuid)).state == "too_old"
    asked = at.pages()
    outcome = await at.sync()
    assert (outcome.complete, outcome.agreed, outcome.notes) == (True, True, [note])
    assert at.pages() == asked + 4, "nobody asks for them again"


async def test_what_grows_too_old_stays_as_it_was_read(at: Runs) -> None:
    await at.sync()
    at.zoom.webinars[ID].instances[0].refused = OLD
    outcome = await at.sync()
    assert (outcome.complete, outcome.notes, outcome.totals.people) == (True, [], ROWS)
    assert ((await at.part()).state, (await at.part()).reason) == ("complete", "")


async def test_what_is_not_there_yet_is_not_too_old(at: Runs) -> None:
    at.zoom.webinars[ID].instances[0].refused = GONE
    assert not (await at.sync()).complete
    assert (await at.part()).state == "unknown"
