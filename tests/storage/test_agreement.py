"""The stores agree with each other, call by call, and with the reducer that reports are made by."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.reports.presence import StayTimes, reduce
from storage.errors import StoreError
from storage.store import Store
from tests.storage.agreement import answer_alike, answer_at_once, one_of_each, opened
from tests.storage.backends import Servers
from tests.storage.histories import ROOMS, USERS, Call, History, outcome, plain
from tests.storage.moderation_histories import ModeratedHistory
from tests.storage.place import Place

CALLS = 100


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_every_store_answers_the_same(
    servers: Servers, tmp_path: Path, seed: int
) -> None:
    history = History(seed)
    async with one_of_each(servers, tmp_path) as stores:
        await answer_alike(stores, history, CALLS)
        reports = [await whole_record(store) for store in stores]
        assert reports[1:] == reports[:1] * (len(stores) - 1)
        assert reports[0], "something was left to compare"
        for store in stores:
            await agrees_with_the_reducer(store)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_moderators_do_every_store_answers_the_same(
    servers: Servers, tmp_path: Path, seed: int
) -> None:
    history = ModeratedHistory(seed)
    async with one_of_each(servers, tmp_path) as stores:
        await answer_alike(stores, history, CALLS)
        reports = [await whole_record(store) for store in stores]
        assert reports[1:] == reports[:1] * (len(stores) - 1)


@pytest.mark.parametrize("seed", [31, 83, 130])
async def test_whatever_moderators_do_nobody_is_in_who_was_removed(tmp_path: Path, seed: int) -> None:
    """These seeds once had somebody in: by a stay that was lost long ago, and a co-host who had come back."""
    history = ModeratedHistory(seed)
    async with opened([Place(f"sqlite:///{tmp_path}/store.db").store()]) as (store,):
        for _ in range(2 * CALLS):
            history.told(await outcome(store, history.next()))
            await nobody_is_in_who_was_removed(store)


async def test_whatever_moderators_do_at_once_every_call_is_answered(place: Place) -> None:
    history = ModeratedHistory(1)
    async with opened([place.store() for _ in range(3)]) as stores:
        await answer_at_once(stores, history, callers=12, calls=10)
        await agrees_with_the_reducer(stores[0])
        await nobody_is_in_who_was_removed(stores[0])


async def test_whatever_happens_at_once_every_call_is_answered_and_the_totals_are_right(place: Place) -> None:
    history = History(1)
    async with opened([place.store() for _ in range(3)]) as stores:
        await answer_at_once(stores, history, callers=12, calls=10)
        await agrees_with_the_reducer(stores[0])


async def whole_record(store: Store) -> list[object]:
    reads: list[Call] = [("attendance", (room,)) for room in ROOMS]
    reads += [("hosted_meetings", (user, 10)) for user in USERS]
    reads += [read for room in ROOMS for read in (("rights", (room,)), ("audit", (room, 1000)))]
    return [plain(await outcome(store, read)) for read in reads]


async def nobody_is_in_who_was_removed(store: Store) -> None:
    """Whoever is let in has come back: nothing is left of a removal."""
    for room in ROOMS:
        try:
            rights, people = await store.rights(room), (await store.attendance(room)).participants
        except StoreError:
            continue
        removed = {removal.user_id for removal in rights.removals}
        for person, _ in people:
            if person.state == "connected":
                assert person.user_id not in removed


async def agrees_with_the_reducer(store: Store) -> None:
    for room in ROOMS:
        try:
            people = (await store.attendance(room)).participants
        except StoreError:
            continue
        for person, stays in people:
            # The total counts what is closed: what is open goes on.
            closed = [
                StayTimes(person.id, stay.session_id, stay.joined_at, stay.left_at, stay.estimated)
                for stay in stays
                if stay.left_at is not None
            ]
            report = reduce(closed, now=0.0)
            total = report.people[person.id].total_duration if closed else 0.0
            assert (person.session_count, person.total_duration) == (len(stays), total)
            assert (person.state == "connected") is (len(closed) < len(stays))
