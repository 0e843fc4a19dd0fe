"""The contract, restarting: whose stay a leave may close, stays that go on under another node, who is restored."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from storage.records import GUEST, EndReason, Restorable, StayResume
from storage.store import Store
from tests.storage.script import Script


def users(found: Sequence[Restorable]) -> list[str]:
    return [each.participant.user_id for each in found]


# Whose stay a leave may close


async def test_a_node_does_not_close_what_went_on_at_another(script: Script) -> None:
    before = await script.join("ann", 1000.0, node="n_old")
    after = await script.join("ann", 1050.0, node="n_new")
    await script.leave(before, 1060.0, "lost")
    (stay,) = await script.stays("ann")
    assert (stay.node_id, stay.left_at) == ("n_new", None)
    await script.leave(after, 1070.0)
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason) == (1070.0, "left")


@pytest.mark.parametrize(("at", "total"), [(1040.0, 40.0), (1090.0, 90.0)])
async def test_an_estimated_end_gives_way_to_what_the_stays_own_node_knows(
    script: Script, at: float, total: float
) -> None:
    joined = await script.join("ann", 1000.0, node="n_1")
    await script.store.heartbeat("n_1", 1050.0)
    await script.store.close_dead_nodes(1100.0)
    await script.leave(joined, at)
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason, stay.estimated) == (at, "left", False)
    assert (await script.person("ann")).total_duration == total
    await script.leave(joined, 1200.0, "lost")
    (again,) = await script.stays("ann")
    assert again == stay, "what is exact stays as it is"


async def test_an_estimated_end_does_not_give_way_to_another_node(script: Script) -> None:
    joined = await script.join("ann", 1000.0, node="n_1")
    await script.store.close_dead_nodes(1100.0)
    (before,) = await script.stays("ann")
    await script.leave(replace(joined, stay=replace(joined.stay, node_id="n_2")), 1040.0)
    (after,) = await script.stays("ann")
    assert after == before


# Stays that go on


async def test_a_place_that_is_kept_goes_on_with_a_stay_lost_any_time_ago(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    await script.leave(joined, 1010.0, "lost")
    again = await script.join("ann", 9000.0, previous=joined, grace=math.inf)
    assert (again.stay.session_id, again.continued) == (joined.stay.session_id, True)
    once_more = await script.join("ann", 9001.0, previous=joined, grace=math.inf)
    assert once_more.stay.session_id == joined.stay.session_id


async def test_a_lost_stay_resumes_under_the_new_node_as_if_it_had_never_ended(script: Script) -> None:
    joined = await script.join("ann", 1000.0, node="n_old")
    await script.store.stop_node("n_old", 1020.0)
    await script.resume(joined, 1025.0, "n_new")

    (stay,) = await script.stays("ann")
    assert stay == replace(joined.stay, node_id="n_new", connections=2, reconnects=(1025.0,))
    person = await script.person("ann")
    assert (person.state, person.session_count, person.total_duration) == ("connected", 1, 0.0)
    assert person.last_seen_at == 1025.0
    await script.leave(replace(joined, stay=stay), 1030.0)
    assert (await script.person("ann")).total_duration == 30.0


async def test_a_stay_closed_by_estimate_resumes_and_is_exact_again(script: Script) -> None:
    joined = await script.join("ann", 1000.0, node="n_old")
    await script.store.close_dead_nodes(1100.0)
    await script.resume(joined, 1010.0, "n_new")
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason, stay.estimated) == (None, None, False)


async def test_an_open_stay_changes_its_node_and_the_old_ones_end_leaves_it_open(script: Script) -> None:
    joined = await script.join("ann", 1000.0, node="n_old")
    await script.resume(joined, 1020.0, "n_new")
    assert await script.store.stop_node("n_old", 1021.0) == 0
    await script.leave(joined, 1021.0, "lost")
    (stay,) = await script.stays("ann")
    assert (stay.node_id, stay.left_at, stay.connections) == ("n_new", None, 2)


async def test_resuming_again_counts_the_connection_and_nothing_else(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    await script.leave(joined, 1010.0, "lost")
    for at in (1011.0, 1012.0, 1011.5):
        await script.resume(joined, at)
    (stay,) = await script.stays("ann")
    assert stay == replace(joined.stay, connections=4, reconnects=(1011.0, 1012.0, 1011.5))
    assert (await script.person("ann")).last_seen_at == 1012.0


@pytest.mark.parametrize("reason", ["left", "removed"])
async def test_a_stay_that_ended_otherwise_does_not_resume(script: Script, reason: EndReason) -> None:
    joined = await script.join("ann", 1000.0)
    await script.leave(joined, 1010.0, reason)
    before = await script.store.attendance("ROOM-1")
    await script.resume(joined, 1011.0)
    assert await script.store.attendance("ROOM-1") == before


async def test_no_stay_resumes_in_a_meeting_that_has_ended(script: Script) -> None:
    lost = await script.join("ann", 1000.0)
    await script.leave(lost, 1010.0, "lost")
    there = await script.join("bob", 1000.0)
    await script.store.end_meeting("ROOM-1", 1020.0)
    before = await script.store.attendance("ROOM-1")
    await script.resume(lost, 1021.0)
    await script.resume(there, 1021.0)
    assert await script.store.attendance("ROOM-1") == before


async def test_a_stay_does_not_resume_beside_another_open_one(script: Script) -> None:
    older = await script.join("ann", 1000.0)
    await script.leave(older, 1010.0, "lost")
    newer = await script.join("ann", 1012.0)
    before = await script.store.attendance("ROOM-1")
    await script.resume(older, 1013.0)
    assert await script.store.attendance("ROOM-1") == before
    await script.leave(newer, 1014.0)
    await script.resume(older, 1015.0)
    assert [stay.left_at for stay in await script.stays("ann")] == [None, 1014.0]


async def test_a_stay_nobody_has_is_not_made_by_resuming(script: Script) -> None:
    ann = await script.join("ann", 1000.0)
    bob = await script.join("bob", 1000.0)
    before = await script.store.attendance("ROOM-1")
    await script.store.resume_stay(
        StayResume("ROOM-1", "ann", ann.participant.id, bob.stay.session_id, "n_new", "i_new", 1001.0)
    )
    await script.store.resume_stay(
        StayResume("ROOM-1", "cem", "p_unknown", "s_unknown", "n_new", "i_new", 1001.0)
    )
    assert await script.store.attendance("ROOM-1") == before


async def test_a_resume_and_the_old_nodes_end_at_once_leave_the_stay_open(store: Store, other: Store) -> None:
    script = Script(store)
    joined = [await script.join(f"user-{n}", 1000.0, node="n_old") for n in range(40)]
    closing = [Script(other).leave(each, 1010.0, "lost") for each in joined]
    resuming = [script.resume(each, 1010.0, "n_new") for each in joined]
    await asyncio.gather(*resuming, other.stop_node("n_old", 1010.0), *closing)
    for _, stays in (await store.attendance("ROOM-1")).participants:
        assert [(stay.node_id, stay.left_at, stay.connections) for stay in stays] == [("n_new", None, 2)]


# Who is restored


async def test_whoever_is_in_a_meeting_is_restorable_with_all_that_is_known(script: Script) -> None:
    await script.store.heartbeat("n_1", 1000.0)
    await script.join("bob", 1002.0)
    await script.join("ann", 1001.0)
    elsewhere = Script(script.store, "ROOM-0")
    await elsewhere.join("cem", 1003.0)

    found = await script.restorable(1010.0)
    assert [(each.meeting.room, each.participant.user_id) for each in found] == [
        ("ROOM-0", "cem"),
        ("ROOM-1", "ann"),
        ("ROOM-1", "bob"),
    ]
    assert found[1] == Restorable(
        await script.meeting(), await script.person("ann"), (await script.stays("ann"))[0], 1000.0, 1001.0
    )


async def test_a_meeting_goes_on_since_somebody_came_when_nobody_had_been_there(script: Script) -> None:
    async def began(at: float) -> set[float]:
        await script.store.heartbeat("n_1", at)
        return {each.began_at for each in await script.restorable(at, grace=30.0)}

    ann = await script.join("ann", 1000.0)
    bob = await script.join("bob", 1100.0)
    await script.leave(ann, 1200.0)
    assert await began(1300.0) == {1000.0}
    # Bob is gone for less than the grace time before somebody comes, then for more.
    await script.leave(bob, 1400.0, "lost")
    cem = await script.join("cem", 1430.0)
    assert await began(1500.0) == {1000.0}
    await script.leave(cem, 1600.0)
    dan = await script.join("dan", 1630.1)
    eve = await script.join("eve", 1700.0)
    await script.leave(dan, 1800.0)
    assert await began(1900.0) == {1630.1}
    await script.leave(eve, 2000.0)
    await script.join("ann", 2500.0)
    assert await began(2501.0) == {2500.0}


@pytest.mark.parametrize(("age", "there"), [(0.0, True), (34.9, True), (35.0, False), (100.0, False)])
async def test_an_open_stay_counts_as_long_as_its_nodes_last_heartbeat_is_young(
    script: Script, age: float, there: bool
) -> None:
    await script.join("ann", 900.0)
    await script.store.heartbeat("n_1", 1000.0)
    found = await script.restorable(1000.0 + age, grace=30.0, slack=5.0)
    assert users(found) == (["ann"] if there else [])


@pytest.mark.parametrize(("age", "there"), [(0.0, True), (29.9, True), (30.0, False), (34.0, False)])
async def test_a_lost_stay_counts_for_the_grace_after_its_end(
    script: Script, age: float, there: bool
) -> None:
    await script.join("ann", 900.0)
    await script.store.stop_node("n_1", 1000.0)
    found = await script.restorable(1000.0 + age, grace=30.0, slack=5.0)
    assert users(found) == (["ann"] if there else [])


@pytest.mark.parametrize(("age", "there"), [(30.0, True), (34.9, True), (35.0, False)])
async def test_a_lost_stay_closed_by_estimate_counts_a_little_longer(
    script: Script, age: float, there: bool
) -> None:
    await script.join("ann", 900.0)
    await script.store.heartbeat("n_1", 1000.0)
    await script.store.close_dead_nodes(1001.0)
    found = await script.restorable(1000.0 + age, grace=30.0, slack=5.0)
    assert [(each.participant.user_id, each.stay.estimated) for each in found] == (
        [("ann", True)] if there else []
    )


@pytest.mark.parametrize("reason", ["left", "removed"])
async def test_who_left_is_not_restorable(script: Script, reason: EndReason) -> None:
    await script.leave(await script.join("ann", 1000.0), 1010.0, reason)
    assert await script.restorable(1010.0) == []


async def test_nobody_is_restorable_in_a_meeting_that_has_ended(script: Script) -> None:
    await script.leave(await script.join("ann", 1000.0), 1010.0, "lost")
    await script.join("bob", 1000.0)
    await script.store.end_meeting("ROOM-1", 1011.0)
    assert await script.restorable(1011.0) == []


async def test_of_several_stays_the_last_one_tells(script: Script) -> None:
    """Lost and back in a new stay; lost twice; lost, back and gone for good."""
    for user in ("ann", "bob", "cem"):
        await script.leave(await script.join(user, 1000.0), 1010.0, "lost")
    again = {user: await script.join(user, 1011.0) for user in ("ann", "bob", "cem")}
    await script.leave(again["bob"], 1012.0, "lost")
    await script.leave(again["cem"], 1012.0, "left")

    found = await script.restorable(1015.0)
    assert [(each.participant.user_id, each.stay) for each in found] == [
        ("ann", again["ann"].stay),
        ("bob", replace(again["bob"].stay, left_at=1012.0, reason="lost")),
    ]


async def test_a_lost_stay_beside_an_open_one_of_a_node_long_dead_does_not_count(script: Script) -> None:
    lost = await script.join("ann", 1000.0, node="n_1")
    await script.leave(lost, 1010.0, "lost")
    await script.join("ann", 1011.0, node="n_dead")
    await script.store.heartbeat("n_dead", 900.0)
    assert await script.restorable(1015.0) == []


async def test_stays_of_equal_length_count_once(script: Script) -> None:
    for _ in range(3):
        await script.leave(await script.join("ann", 1000.0), 1010.0, "lost")
    assert users(await script.restorable(1011.0)) == ["ann"]


async def test_who_resumed_is_restorable_from_the_new_nodes_heartbeat(script: Script) -> None:
    joined = await script.join("ann", 1000.0, node="n_old")
    await script.store.stop_node("n_old", 1010.0)
    await script.resume(joined, 1100.0, "n_new")
    await script.store.heartbeat("n_new", 1200.0)
    (found,) = await script.restorable(1201.0)
    assert (found.stay.node_id, found.stay.session_id) == ("n_new", joined.stay.session_id)


async def test_asking_who_is_restorable_changes_nothing(script: Script) -> None:
    await script.join("ann", 1000.0)
    await script.leave(await script.join("bob", 1000.0), 1010.0, "lost")
    before = await script.store.attendance("ROOM-1")
    first = await script.restorable(1012.0)
    assert await script.restorable(1012.0) == first
    assert await script.store.attendance("ROOM-1") == before


async def test_an_empty_store_has_nobody_to_restore(store: Store) -> None:
    assert list(await store.restorable(1000.0, 30.0, 5.0)) == []


# Names


async def test_joining_without_a_name_keeps_the_one_there_is(script: Script) -> None:
    nameless = await script.join("ann", 1000.0, name="")
    assert nameless.participant.name == GUEST
    await script.join("ann", 1001.0, name="Ann B.")
    again = await script.join("ann", 1002.0, name="")
    assert again.participant.name == "Ann B."
    assert (await script.person("ann")).name == "Ann B."
