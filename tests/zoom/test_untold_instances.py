"""What is read where Zoom does not tell the instances: none takes another's place, and none is left out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.reports import instances
from server.zoom import person_matching
from server.zoom.errors import NotFound
from server.zoom.finding import bare
from server.zoom.zoom_records import ParticipantRow
from tests.zoom.runs import FIRST, ID, ROOM, SECOND, STARTS, Runs, instance, row, runs, webinar
from tests.zoom.stand_in import InstanceView, faults
from tests.zoom.stand_in.clock import iso

LATER = STARTS + 90 * 60


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Runs]:
    async with runs(tmp_path, webinar(instance(rows=5))) as prepared:
        yield prepared


def forbidden(at: Runs) -> None:
    at.zoom.faults.on(lambda asked: asked.endpoint == "instances", faults.missing_scope("instances"), None)


def empty(at: Runs) -> None:
    at.zoom.webinars[ID].tells_instances = False


def add(at: Runs, starts: float, rows: int) -> InstanceView:
    later = instance(SECOND, starts=starts, rows=rows)
    at.zoom.webinars[ID].instances.append(later)
    return later


async def shown(at: Runs) -> list[tuple[str, int]]:
    """Instances that are shown, and their rows."""
    record = await at.store.imported(ROOM)
    assert record is not None
    return [(part.part.removeprefix("instance/"), part.rows) for part in record.parts if "/" in part.part][3:]


@pytest.mark.parametrize("untold", [forbidden, empty])
async def test_the_next_one_of_the_same_day_takes_no_place(at: Runs, untold: Callable[[Runs], None]) -> None:
    untold(at)
    await at.sync()
    add(at, LATER, 3)
    for _ in range(2):
        await at.sync()
        assert await shown(at) == [(bare(ID, STARTS), 5), (bare(ID, LATER), 3)]


async def test_who_waits_for_the_next_one_begins_none(at: Runs) -> None:
    empty(at)
    await at.sync()
    later = add(at, LATER, 3)
    waiting = row(9, join_time=iso(STARTS + 300), leave_time=iso(LATER), status="in_waiting_room")
    later.report = later.basic = [waiting, *later.report]
    await at.sync()
    assert await shown(at) == [(bare(ID, STARTS), 5), (bare(ID, LATER), 4)]


async def test_a_part_of_an_instance_takes_no_whole_ones_place(at: Runs) -> None:
    forbidden(at)
    at.zoom.webinars[ID] = webinar(instance(rows=50))
    await at.sync()
    at.zoom.faults.clear()
    at.zoom.faults.on(
        lambda asked: "next_page_token" in asked.params and FIRST[:4] in asked.path,
        faults.no_permission(),
        None,
    )
    outcome = await at.sync()
    assert (outcome.complete, outcome.totals.people) == (False, 50)
    assert ((await at.part()).state, (await at.part()).rows) == ("partial", 30)
    at.zoom.faults.clear()
    assert (await at.sync()).totals.stays == 50


async def test_what_another_one_has_all_of_is_no_date_of_its_own(at: Runs) -> None:
    forbidden(at)
    await at.sync()
    at.zoom.faults.clear()
    await at.sync()
    record = await at.store.imported(ROOM)
    assert record is not None
    assert [part.part for part in instances.of(record)] == [person_matching.instance_part(FIRST)]
    assert (await at.sync()).totals.stays == 5


async def test_an_instance_without_a_date_has_that_of_who_came_first(at: Runs) -> None:
    forbidden(at)
    await at.sync()
    at.zoom.faults.clear()
    at.zoom.webinars[ID].instances[0].start_time = ""
    await at.sync()
    record = await at.store.imported(ROOM)
    assert record is not None
    assert [part.part for part in instances.of(record)] == [person_matching.instance_part(FIRST)]
    assert (await at.part()).starts_at is not None


async def test_nobody_waits_for_a_scope(at: Runs) -> None:
    forbidden(at)
    outcome = await at.sync(watch=True)
    assert (outcome.agreed, outcome.complete) == (True, False)
    (reason,) = outcome.reasons
    assert "there may be other instances" in reason


async def test_a_neighbour_takes_no_place(at: Runs) -> None:
    forbidden(at)
    await at.sync()
    at.zoom.faults.clear()
    # Whatever becomes of the first, it is not the second that has its people.
    at.zoom.webinars[ID].instances[0].refused = (400, 200, "No permission.")
    add(at, LATER, 3)
    assert (await at.sync()).totals.stays == 5 + 3


async def test_what_was_read_by_the_number_is_read_again_by_no_other_than_its_own(at: Runs) -> None:
    forbidden(at)
    await at.sync()
    before = bare(ID, STARTS)
    assert (await at.sync(instance=before)).totals.stays == 5, "it is the latest"
    add(at, LATER, 3)
    with pytest.raises(NotFound, match=f"no past instance {before}"):
        await at.sync(instance=before)
    assert await shown(at) == [(before, 5)]
    assert (await at.sync(instance=bare(ID, LATER))).totals.stays == 5 + 3


async def heard(at: Runs, starts: float | None) -> None:
    """The webhook told of the first instance, of two people."""
    for person in range(2):
        told = ParticipantRow(user_id=f"{person}", name="Ann", user_email=f"person{person}@example.org")
        stay = person_matching.live_stay(
            ROOM, FIRST, told, joined_at=STARTS, left_at=STARTS + 600, at=STARTS, starts_at=starts
        )
        await at.store.record_live(person_matching.subject("webinar", ID, "All hands"), stay)


async def test_the_latest_is_read_beside_those_that_were_heard_of(at: Runs) -> None:
    empty(at)
    await heard(at, STARTS)
    outcome = await at.sync()
    assert await shown(at) == [(FIRST, 5)]
    add(at, LATER, 3)
    outcome = await at.sync()
    assert await shown(at) == [(FIRST, 5), (bare(ID, LATER), 3)]
    assert outcome.notes[-1] == (
        "Zoom tells no instances: those that were heard of were read; the latest was read"
    )
    at.zoom.faults.on(
        lambda asked: asked.path.endswith(f"{ID}/participants"), faults.error(400, 300, "Not today."), None
    )
    outcome = await at.sync()
    assert "the latest was not read" in outcome.notes[-1]
    assert outcome.totals.stays == 5 + 3


async def test_what_the_report_has_no_more_is_found_in_the_basic_list(at: Runs) -> None:
    empty(at)
    at.zoom.webinars[ID].instances[0].report_refused = (400, 12702, "Can not access a meeting a year ago.")
    outcome = await at.sync()
    assert (outcome.complete, outcome.totals.people) == (True, 5)


@pytest.mark.parametrize("endpoint", ["details", "instances"])
async def test_what_is_too_old_to_be_told_keeps_nobody_from_being_read(at: Runs, endpoint: str) -> None:
    at.zoom.faults.on(
        lambda asked: asked.endpoint == endpoint,
        faults.error(400, 12702, "Can not access a meeting a year ago."),
        None,
    )
    assert (await at.sync()).totals.people == 5
