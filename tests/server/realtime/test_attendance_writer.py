"""The writer: what became of stays is written in each person's order, whatever the store does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.realtime.attendance_writer import BATCH
from server.realtime.unwritten_stays import FLAPPING, StayAbandoned
from tests.server.realtime.writer_desk import LIMIT, ROOM, Desk, whose, writing


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with writing(tmp_path) as desk:
        yield desk


async def test_an_end_is_written_with_its_own_time_and_nothing_is_left(desk: Desk) -> None:
    ann = await desk.script.join("ann", 1000.0)
    desk.ended(ann, 1010.0)
    assert desk.metrics.unrecorded() == 1
    await desk.settled(ann)
    assert (await desk.stay("ann")).left_at == 1010.0
    assert desk.metrics.unrecorded() == 0
    await desk.writer.close(within=5)
    assert desk.writer.count == 0


async def test_a_return_is_written_under_this_node(desk: Desk) -> None:
    ann = await desk.script.join("ann", 1000.0, node="n_0")
    await desk.script.leave(ann, 1010.0, "lost")
    desk.resumed(ann, 1015.0)
    await desk.settled(ann)
    stay = await desk.stay("ann")
    assert (stay.node_id, stay.left_at, stay.connections) == ("n_1", None, 2)


async def test_whoever_is_at_another_node_by_now_is_not_recorded_under_this_one(desk: Desk) -> None:
    ann = await desk.script.join("ann", 1000.0, node="n_2")
    bob = await desk.script.join("bob", 1000.0)
    desk.store.down = True
    desk.resumed(ann, 1015.0)
    desk.ended(bob, 1010.0)
    desk.writer.guard.is_elsewhere(ann.meeting.room)
    desk.store.down = False
    await desk.settled(ann)
    await desk.settled(bob)
    assert (await desk.stay("ann")).node_id == "n_2"
    assert (await desk.stay("bob")).left_at == 1010.0, "what ended here has ended"
    desk.resumed(ann, 1020.0)
    await desk.settled(ann)
    assert (await desk.stay("ann")).node_id == "n_1", "it came back here"


async def test_who_may_not_be_written_yet_holds_up_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who ends a stay is written at once, however many returns wait until it is known whose the rooms are."""
    monkeypatch.setattr("server.realtime.attendance_writer.BATCH", 2)
    monkeypatch.setattr("server.realtime.attendance_writer.RETRY_MOST", 0.0)
    joined = [await desk.script.join(f"user-{number}", 1000.0) for number in range(6)]
    pauses = list[int]()

    async def paused(delay: float) -> None:
        pauses.append(len(desk.store.written))
        if len(pauses) == 3:
            desk.writer.guard.may_be_missed = lambda: False
        await asyncio.sleep(0)

    monkeypatch.setattr(desk.writer, "_pause", paused)
    desk.writer.guard.may_be_missed = lambda: True
    for back in joined[::2]:
        desk.resumed(back, 1010.0)
    for gone in joined[1::2]:
        desk.ended(gone, 1010.0)
    for each in joined:
        await desk.settled(each)
    first = [whose(what) for what in desk.store.written[:3]]
    assert first == [each.participant.id for each in joined[1::2]]
    assert pauses == [3, 3, 3], "only when nothing else was to be written"
    assert desk.metrics.store_available, "the store was not asked"


async def test_of_one_person_the_order_is_kept_while_the_store_fails_now_and_then(desk: Desk) -> None:
    ann = await desk.script.join("ann", 1000.0)
    desk.store.down = True
    desk.resumed(ann, 1001.0)
    await desk.store.failed.wait()
    for at in (1002.0, 1003.0, 1004.0):
        desk.resumed(ann, at)
    desk.ended(ann, 1005.0)
    desk.store.down = False
    await desk.settled(ann)
    assert [what.at for what in desk.store.written] == [1001.0, 1002.0, 1003.0, 1004.0, 1005.0]
    assert (await desk.stay("ann")).left_at == 1005.0


async def test_people_are_written_together(desk: Desk) -> None:
    joined = [await desk.script.join(f"user-{number}") for number in range(5)]
    desk.store.gate.clear()
    for at in range(10):
        desk.resumed(joined[0], 1000.0 + at)
    await desk.store.reached.wait()
    for each in joined[1:]:
        desk.ended(each, 1100.0)
    desk.store.gate.set()
    await desk.settled(joined[0])
    persons = [whose(what) for what in desk.store.written]
    assert set(persons[1:6]) == {each.participant.id for each in joined}, (
        "one of everyone in the second round"
    )
    assert len(persons) == 14


async def test_nobody_waits_behind_those_with_more_to_write(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.realtime.attendance_writer.BATCH", 2)
    ann, bob, cat = [await desk.script.join(user) for user in ("ann", "bob", "cat")]
    for at in (1001.0, 1002.0, 1003.0):
        desk.resumed(ann, at)
        desk.resumed(bob, at)
    desk.ended(cat, 1010.0)
    for each in (ann, bob, cat):
        await desk.settled(each)
    assert cat.participant.id in [whose(what) for what in desk.store.written[2:4]]


async def test_more_than_a_batch_is_written_in_batches(desk: Desk) -> None:
    joined = [await desk.script.join(f"user-{number}") for number in range(BATCH + 10)]
    for each in joined:
        desk.ended(each, 1100.0)
    for each in joined:
        await desk.settled(each)
    assert len(desk.store.written) == BATCH + 10
    assert {person.state for person in await desk.script.people()} == {"disconnected"}


async def test_settling_waits_for_that_person_only_and_not_for_ever(desk: Desk) -> None:
    ann, bob = await desk.script.join("ann"), await desk.script.join("bob")
    desk.store.gate.clear()
    desk.ended(ann, 1010.0)
    assert await desk.writer.settle(ROOM, bob.participant.user_id, within=0)
    assert not await desk.writer.settle(ROOM, ann.participant.user_id, within=0.01)
    desk.store.gate.set()
    await desk.settled(ann)


async def test_an_outage_is_one_warning_and_one_line_when_it_is_over(desk: Desk) -> None:
    joined = [await desk.script.join(f"user-{number}") for number in range(20)]
    with capture_logs() as lines:
        desk.store.down = True
        desk.ended(joined[0], 1010.0)
        await desk.store.failed.wait()
        for each in joined[1:]:
            desk.ended(each, 1010.0)
        desk.store.failed.clear()
        await desk.store.failed.wait()
        assert not desk.metrics.store_available
        desk.store.down = False
        for each in joined:
            await desk.settled(each)
        await desk.writer.close(within=5)
        assert desk.writer.count == 0
    warning, line = lines
    assert (warning["log_level"], warning["error"]) == ("warning", "away")
    assert (line["log_level"], line["written"], line["given_up"]) == ("info", 20, 0)
    assert line["away"] > 0
    assert desk.metrics.store_available


async def test_a_second_outage_is_told_of_again(desk: Desk) -> None:
    ann = await desk.script.join("ann")
    with capture_logs() as lines:
        for at in (1010.0, 1020.0):
            desk.store.down = True
            desk.store.failed.clear()
            desk.resumed(ann, at)
            await desk.store.failed.wait()
            desk.store.down = False
            await desk.settled(ann)
        await desk.writer.close(within=5)
    assert [line["log_level"] for line in lines] == ["warning", "info"] * 2


async def test_what_is_kept_is_bounded_and_the_newest_is_given_up_with_one_error(desk: Desk) -> None:
    ann = await desk.script.join("ann", 1000.0)
    with capture_logs() as lines:
        desk.store.down = True
        for number in range(350):
            (desk.resumed if number % 2 else desk.ended)(ann, 1000.0 + number)
        assert desk.metrics.unrecorded() == 300
        assert desk.metrics.given_up == 50
        await desk.store.failed.wait()
        desk.store.down = False
        await desk.settled(ann)
        await desk.writer.close(within=5)
    assert [line["log_level"] for line in lines] == ["error", "warning", "info"]
    assert (lines[2]["written"], lines[2]["given_up"]) == (300, 50)
    assert [what.at for what in desk.store.written] == [1000.0 + number for number in range(300)]


async def test_a_connection_that_comes_and_goes_all_the_time_fills_nothing(desk: Desk) -> None:
    ann = await desk.script.join("ann", 1000.0)
    desk.store.gate.clear()
    for number in range(10 * FLAPPING):
        desk.resumed(ann, 1000.0 + number)
    assert desk.writer.count == FLAPPING
    desk.ended(ann, 2000.0)
    desk.store.gate.set()
    await desk.settled(ann)
    stay = await desk.stay("ann")
    assert (stay.left_at, stay.connections) == (2000.0, FLAPPING + 1)
    assert stay.reconnects[-1] == 1000.0 + 10 * FLAPPING - 1


async def test_abandoned_stays_leave_room_for_what_people_did(desk: Desk) -> None:
    ann = await desk.script.join("ann", 1000.0)
    desk.store.gate.clear()
    for number in range(LIMIT):
        desk.writer.record(StayAbandoned(ROOM, f"u_{number}", f"p_{number}", "s_1", None))
    assert desk.writer.count == LIMIT // 2
    desk.ended(ann, 1010.0)
    assert desk.writer.count == LIMIT // 2 + 1
    desk.store.gate.set()
    await desk.settled(ann)
    assert (await desk.stay("ann")).left_at == 1010.0


async def test_what_the_store_refuses_is_given_up_and_those_behind_are_written(desk: Desk) -> None:
    ann, bob = await desk.script.join("ann", 1000.0), await desk.script.join("bob", 1000.0)
    refused: Any = "yesterday"
    with capture_logs() as lines:
        desk.ended(ann, refused)
        desk.ended(ann, 1010.0)
        desk.ended(bob, 1010.0)
        await desk.settled(ann)
        await desk.settled(bob)
    assert [(line["log_level"], line["participant"]) for line in lines] == [("error", ann.participant.id)]
    assert desk.metrics.given_up == 1
    assert [(await desk.stay(user)).left_at for user in ("ann", "bob")] == [1010.0, 1010.0]


async def test_closing_tries_once_more_without_waiting_its_turn(desk: Desk) -> None:
    """The wait between attempts may be five seconds by now."""
    ann = await desk.script.join("ann", 1000.0)
    desk.store.down = True
    desk.ended(ann, 1010.0)
    for _ in range(3):
        desk.store.failed.clear()
        await desk.store.failed.wait()
    desk.store.down = False
    await desk.writer.close(within=5)
    assert desk.writer.count == 0
    assert (await desk.stay("ann")).left_at == 1010.0


async def test_closing_gives_up_in_time_and_says_what_is_left(desk: Desk) -> None:
    ann, bob = await desk.script.join("ann"), await desk.script.join("bob")
    desk.store.gate.clear()
    with capture_logs() as lines:
        desk.ended(ann, 1010.0)
        desk.ended(bob, 1010.0)
        await desk.writer.close(within=0.01)
    assert desk.writer.count == 2
    assert [(line["log_level"], line["count"]) for line in lines] == [("warning", 2)]
