"""Raised hands on their way to the store: the last state of each counts, and nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from msgspec import UNSET

from server.realtime.hand_writer import HandWriter
from server.realtime.write_guard import WriteGuard
from server.runtime.metrics import Metrics
from storage.errors import StoreUnavailable

Hands = Mapping[str, float | None]


class Slow:
    """Answers when it is let, and fails `failures` times. `locked`: of this room it does not answer."""

    def __init__(self, failures: int = 0, locked: str = "") -> None:
        self.asked: list[tuple[str, Hands]] = []
        self.kept: dict[tuple[str, str], float | None] = {}
        self.may_answer = asyncio.Event()
        self.begun = asyncio.Event()
        self._failures = failures
        self._locked = locked

    async def set_hands(self, room: str, hands: Hands) -> None:
        self.asked.append((room, hands))
        self.begun.set()
        await (asyncio.Event() if room == self._locked else self.may_answer).wait()
        if self._failures:
            self._failures -= 1
            raise StoreUnavailable("away")
        self.kept |= {(room, user): at for user, at in hands.items()}


def writer(store: Slow, guard: WriteGuard | None = None) -> HandWriter:
    return HandWriter(store, Metrics(), guard or WriteGuard())  # type: ignore[arg-type] # has what is used


async def test_what_comes_meanwhile_is_written_together() -> None:
    store = Slow()
    hands = writer(store)
    hands.record({"A": {"ann": 1.0}})
    await store.begun.wait()
    for n in range(100):
        hands.record({"A": {"bob": float(n), "ann": None}, "B": {"cem": 2.0}})
    store.may_answer.set()
    await hands.close(5.0)
    of_a = [changed for room, changed in store.asked if room == "A"]
    assert of_a == [{"ann": 1.0}, {"bob": 99.0, "ann": None}]
    assert store.kept["B", "cem"] == 2.0
    assert hands.count == 0


async def test_what_the_store_may_not_have_is_known() -> None:
    store = Slow(failures=1)
    hands = writer(store)
    hands.record({"A": {"ann": 1.0, "bob": 1.0}})
    assert hands.unrecorded("A", "ann") == 1.0
    await store.begun.wait()
    hands.record({"A": {"ann": None}})
    # One is under way, the other is to follow.
    assert (hands.unrecorded("A", "ann"), hands.unrecorded("A", "bob")) == (None, 1.0)
    assert hands.unrecorded("A", "cem") is hands.unrecorded("B", "ann") is UNSET
    store.may_answer.set()
    await hands.close(5.0)
    assert hands.unrecorded("A", "ann") is hands.unrecorded("A", "bob") is UNSET


async def test_what_failed_is_written_later_and_does_not_overtake() -> None:
    store = Slow(failures=1)
    hands = writer(store)
    hands.record({"A": {"ann": 1.0, "bob": 1.0}})
    await store.begun.wait()
    hands.record({"A": {"ann": None}})
    store.may_answer.set()
    await hands.close(5.0)
    assert store.kept == {("A", "ann"): None, ("A", "bob"): 1.0}


async def test_a_store_that_hangs_does_not_hold_up_the_end() -> None:
    store = Slow()
    hands = writer(store)
    hands.record({"A": {"ann": 1.0}})
    await store.begun.wait()
    hands.record({"A": {"bob": 1.0}})
    await hands.close(0.0)
    assert hands.count == 2


async def test_what_somebody_else_records_by_now_is_not_written_again() -> None:
    store = Slow(failures=2)
    hands = writer(store)
    hands.record({"A": {"ann": 1.0}, "B": {"ann": 1.0}})
    await store.begun.wait()
    hands.record({"A": {"bob": 1.0}})
    hands.forget("A")
    store.may_answer.set()
    await hands.close(5.0)
    assert store.kept == {("B", "ann"): 1.0}


async def test_nothing_is_written_while_somebody_else_may_have_the_rooms() -> None:
    store = Slow()
    store.may_answer.set()
    guard = WriteGuard()
    hands = writer(store, guard)
    asked = asyncio.Event()

    def held_up() -> bool:
        asked.set()
        return True

    guard.may_be_missed = held_up
    hands.record({"A": {"ann": 1.0}})
    await asked.wait()
    assert (store.asked, hands.count) == ([], 1)
    guard.may_be_missed = lambda: False
    await hands.close(5.0)
    assert store.asked == [("A", {"ann": 1.0})]


async def test_a_room_of_which_a_row_is_locked_holds_up_no_other() -> None:
    store = Slow(locked="A")
    store.may_answer.set()
    hands = writer(store)
    hands.record({"A": {"ann": 1.0}, "B": {"bob": 1.0}})
    await store.begun.wait()
    hands.record({"B": {"cem": 2.0}})
    await hands.close(0.5)
    assert store.kept == {("B", "bob"): 1.0, ("B", "cem"): 2.0}
    assert hands.count == 1


async def test_what_waits_for_its_turn_is_not_written_once_somebody_else_records_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.realtime.hand_writer.AT_ONCE", 1)
    store = Slow()
    hands = writer(store)
    hands.record({"A": {"ann": 1.0}, "B": {"bob": 1.0}})
    await store.begun.wait()
    hands.forget("B")
    store.may_answer.set()
    await hands.close(5.0)
    assert store.asked == [("A", {"ann": 1.0})]
