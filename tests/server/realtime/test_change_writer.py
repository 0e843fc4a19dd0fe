"""Changes on their way to the store, whose answers may be lost."""

from __future__ import annotations

import asyncio

import pytest

from server.realtime.change_writer import LIMIT_OF_ROOM, ChangeWriter
from server.realtime.write_guard import WriteGuard
from server.runtime.metrics import Metrics
from signalling.protocol.errors import Refused
from signalling.rooms.change import Actor, Change, ChatChange, Outcome, Recorded, Unsettled
from storage import moderation
from storage.errors import StoreUnavailable
from storage.moderation import Changed


class LosesAnswers:
    """Makes each change once, and says so from the second time on that it is asked."""

    def __init__(self) -> None:
        self.made: dict[str, float] = {}
        self.silent = True
        self.node = ""

    async def change(self, change: moderation.Change) -> Changed:
        self.node = change.node
        again = change.key in self.made
        at = self.made.setdefault(change.key, change.at)
        if self.silent:
            self.silent = False
            raise StoreUnavailable("the answer was lost")
        return Changed(again, at, {}, 0, 1)


@pytest.mark.parametrize("made_before", [False, True])
async def test_a_change_whose_answer_was_lost_is_no_repeat(made_before: bool) -> None:
    """Nobody has been told of it yet. One that another process has made is in the room since its restore."""
    store, settled = LosesAnswers(), asyncio.get_running_loop().create_future()
    if made_before:
        store.made["one"] = 1000.0
    writer = ChangeWriter(store, Metrics(), now=lambda: 2000.0, node="n_1")  # type: ignore[arg-type] # has what is used

    def answered(unsettled: Unsettled, outcome: Outcome) -> None:
        settled.set_result(outcome)

    writer.settled = answered
    writer.record(
        Unsettled("ABC123", Actor("host", "u_host"), "one", Change("settings", settings={}), told=False)
    )
    assert await settled == Recorded(made_before, {}, 0)
    assert store.node == "n_1"


@pytest.mark.parametrize(("made_at", "again"), [(1400.0, True), (1600.0, False)])
async def test_what_another_node_has_recorded_for_the_room_is_no_repeat(made_at: float, again: bool) -> None:
    """Its sender says that it may be one. The answer came when that node had the room no longer."""
    store, settled = LosesAnswers(), asyncio.get_running_loop().create_future()
    store.silent, store.made["one"] = False, made_at
    writer = ChangeWriter(store, Metrics(), now=lambda: 2000.0)  # type: ignore[arg-type] # has what is used
    writer.settled = lambda unsettled, outcome: settled.set_result(outcome)
    asked = Unsettled("ABC123", Actor("host", "u_host"), "one", Change("settings", settings={}), told=False)
    writer.record(asked._replace(again=True, anew=True, since=1500.0))
    assert await settled == Recorded(again, {}, 0)


async def test_what_is_told_when_it_is_recorded_is_recorded_with_that_time() -> None:
    """What was told at once, with the time of that."""
    store, now = LosesAnswers(), [1000.0]
    writer = ChangeWriter(store, Metrics(), now=lambda: now[0])  # type: ignore[arg-type] # has what is used
    store.silent = False
    last = asyncio.get_running_loop().create_future()

    def answered(unsettled: Unsettled, outcome: Outcome) -> None:
        now[0] += 1
        if unsettled.key == "three":
            last.set_result(None)

    writer.settled = answered
    for key, told in (("one", True), ("two", False), ("three", True)):
        actor, change = Actor("host", "u_host"), Change("settings", settings={})
        writer.record(Unsettled("ABC123", actor, key, change, told=told))
    await last
    assert store.made == {"one": 1000.0, "two": 1001.0, "three": 1000.0}


class Gated:
    """Makes a change each time it is let."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.may = asyncio.Semaphore(0)

    async def change(self, change: moderation.Change) -> Changed:
        self.asked.put_nowait(change.key)
        await self.may.acquire()
        return Changed(False, change.at, {}, 0, 1)


def _change(key: int, room: str = "ABC123") -> Unsettled:
    return Unsettled(room, Actor("host", "u_host"), str(key), Change("settings", settings={}), told=True)


async def test_a_join_waits_for_what_was_changed_before_it_and_for_nothing_else() -> None:
    store = Gated()
    writer = ChangeWriter(store, Metrics(), now=lambda: 1.0)  # type: ignore[arg-type] # has what is used
    for key in (1, 2):
        writer.record(_change(key))
    join = asyncio.create_task(writer.settle("ABC123", 10.0))
    await store.asked.get()
    # Changes go on being made, so the queue is never empty.
    writer.record(_change(3))
    later = asyncio.create_task(writer.settle("ABC123", 10.0))
    store.may.release()
    await store.asked.get()
    assert not join.done()
    store.may.release()
    assert await join
    assert not later.done()
    store.may.release()
    assert await later
    assert await writer.settle("ABC123", 0.0)


async def test_one_meeting_does_not_fill_the_queue_of_all() -> None:
    store, refused = Gated(), list[str]()
    writer = ChangeWriter(store, Metrics(), now=lambda: 1.0)  # type: ignore[arg-type] # has what is used
    writer.settled = lambda unsettled, outcome: refused.append(unsettled.key)
    for key in range(LIMIT_OF_ROOM + 1):
        writer.record(_change(key))
    writer.record(_change(0, "DEF456"))
    assert refused == [str(LIMIT_OF_ROOM)]
    await writer.close(0.0)


async def test_what_others_may_record_waits_and_what_they_do_is_forgotten() -> None:
    """Who waits for it is told that it is not known whether it is done. What comes then is written as ever."""
    store, guard, asked = Gated(), WriteGuard(), asyncio.Event()
    writer = ChangeWriter(store, Metrics(), now=lambda: 1.0, guard=guard)  # type: ignore[arg-type] # has what is used

    def may_be_missed() -> bool:
        asked.set()
        return True

    guard.may_be_missed = may_be_missed
    said = Unsettled(
        "ABC123", Actor("host", "u_host"), "said", Change("", chat=ChatChange("say", "m_1", 1.0)), told=True
    )
    made = [_change(1), _change(2), said]
    outcomes = [writer.outcome_of(each) for each in made]
    for each in made:
        writer.record(each)
    settle = asyncio.create_task(writer.settle("ABC123", 10.0))
    await asked.wait()
    assert store.asked.empty()
    guard.is_elsewhere("ABC123")
    assert [type(await outcome) for outcome in outcomes] == [Refused] * 3
    assert await settle
    assert writer.count == 0
    guard.may_be_missed = lambda: False
    writer.record(_change(3))
    assert await store.asked.get() == "3"
    store.may.release()
    await writer.close(1.0)


async def test_what_is_under_way_when_others_have_the_room_is_answered_once() -> None:
    store, guard, settled = Gated(), WriteGuard(), list[str]()
    writer = ChangeWriter(store, Metrics(), now=lambda: 1.0, guard=guard)  # type: ignore[arg-type] # has what is used
    writer.settled = lambda unsettled, outcome: settled.append(unsettled.key)
    writer.record(_change(1))
    await store.asked.get()
    guard.is_elsewhere("ABC123")
    writer.record(_change(2))
    await store.asked.get()
    store.may.release()
    store.may.release()
    await writer.settle_all(5.0)
    assert settled == ["1", "2"]
    await writer.close(1.0)
