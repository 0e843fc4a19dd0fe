"""Changes on their way to the store, whose answers may be lost."""

from __future__ import annotations

import asyncio

import pytest

from server.realtime.change_writer import ChangeWriter
from server.runtime.metrics import Metrics
from signalling.rooms.change import Actor, Change, Outcome, Recorded, Unsettled
from storage import moderation
from storage.errors import StoreUnavailable
from storage.moderation import Changed


class LosesAnswers:
    """Makes each change once, and says so from the second time on that it is asked."""

    def __init__(self) -> None:
        self.made: dict[str, float] = {}
        self.silent = True

    async def change(self, change: moderation.Change) -> Changed:
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
    writer = ChangeWriter(store, Metrics(), at=lambda: 2000.0)  # type: ignore[arg-type] # has what is used

    def answered(unsettled: Unsettled, outcome: Outcome) -> None:
        settled.set_result(outcome)

    writer.settled = answered
    writer.record(
        Unsettled("ABC123", Actor("host", "u_host"), "one", Change("settings", settings={}), told=False)
    )
    assert await settled == Recorded(made_before, {}, 0)


async def test_what_is_told_when_it_is_recorded_is_recorded_with_that_time() -> None:
    """What was told at once, with the time of that."""
    store, now = LosesAnswers(), [1000.0]
    writer = ChangeWriter(store, Metrics(), at=lambda: now[0])  # type: ignore[arg-type] # has what is used
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
