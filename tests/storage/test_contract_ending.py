"""The contract, ending: stays that are left, lost or ended, nodes that die or stop, and the times that result."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.store import Store
from tests.storage.script import Script


async def test_leaving_closes_the_stay_and_disconnects(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    await script.leave(joined, 1060.5)

    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason, stay.estimated) == (1060.5, "left", False)
    person = await script.person("ann")
    assert (person.state, person.last_seen_at) == ("disconnected", 1060.5)
    assert (person.session_count, person.total_duration) == (1, 60.5)


async def test_leaving_again_changes_nothing(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    await script.leave(joined, 1060.0, "lost")
    before = await script.store.attendance("ROOM-1")
    await script.leave(joined, 1090.0, "left")
    assert await script.store.attendance("ROOM-1") == before


async def test_leaving_what_was_never_joined_changes_nothing(script: Script) -> None:
    ann = await script.join("ann", 1000.0)
    bob = await script.join("bob", 1000.0)
    before = await script.store.attendance("ROOM-1")
    await script.leave(type(ann)(ann.meeting, ann.participant, bob.stay, False, False, False), 1010.0)
    assert await script.store.attendance("ROOM-1") == before


async def test_leaving_an_older_stay_does_not_disconnect_from_the_newer(script: Script) -> None:
    older = await script.join("ann", 1000.0)
    await script.leave(older, 1010.0)
    await script.join("ann", 1020.0)
    await script.leave(older, 1030.0)
    assert (await script.person("ann")).state == "connected"


async def test_a_clock_that_ran_backwards_makes_an_empty_stay(script: Script) -> None:
    joined = await script.join("ann", 1000.0)
    await script.leave(joined, 900.0)
    (stay,) = await script.stays("ann")
    assert (stay.joined_at, stay.left_at) == (1000.0, 1000.0)
    person = await script.person("ann")
    assert (person.total_duration, person.last_seen_at) == (0.0, 1000.0)


async def test_a_meeting_may_end_before_it_began_by_the_clock(script: Script) -> None:
    await script.join("ann", 1000.0)
    assert (await script.store.end_meeting("ROOM-1", 900.0)).ended_at == 1000.0
    (stay,) = await script.stays("ann")
    assert stay.left_at == 1000.0


async def test_ending_a_meeting_closes_its_open_stays_and_no_others(script: Script) -> None:
    left = await script.join("ann", 1000.0)
    await script.leave(left, 1010.0)
    await script.join("bob", 1000.0)
    elsewhere = Script(script.store, "ROOM-2")
    await elsewhere.join("bob", 1000.0)

    ended = await script.store.end_meeting("ROOM-1", 1100.0)
    assert ended.ended_at == 1100.0
    (of_ann,), (of_bob,) = await script.stays("ann"), await script.stays("bob")
    assert (of_ann.left_at, of_ann.reason) == (1010.0, "left")
    assert (of_bob.left_at, of_bob.reason, of_bob.estimated) == (1100.0, "ended", False)
    assert {person.state for person in await script.people()} == {"disconnected"}
    assert (await elsewhere.person("bob")).state == "connected"


async def test_what_is_recorded_late_was_before_the_meeting_ended(script: Script) -> None:
    back = await script.join("ann", 1000.0)
    await script.leave(back, 1010.0, "lost")
    gone = await script.join("bob", 1000.0)
    await script.store.end_meeting("ROOM-1", 1020.0)
    await script.resume(back, 1012.0, "n_new")
    (of_ann,) = await script.stays("ann")
    assert (of_ann.left_at, of_ann.reason, of_ann.reconnects) == (1020.0, "ended", (1012.0,))
    for joined, at in ((replace(back, stay=of_ann), 1015.0), (gone, 1005.0)):
        await script.leave(joined, at, "lost")
        await script.leave(joined, 1021.0, "left")
    ends = [(stay.left_at, stay.reason) for user in ("ann", "bob") for stay in await script.stays(user)]
    assert ends == [(1015.0, "lost"), (1005.0, "lost")]


async def test_ending_a_meeting_again_keeps_the_first_end(script: Script) -> None:
    await script.join("ann", 1000.0)
    first = await script.store.end_meeting("ROOM-1", 1100.0)
    before = await script.store.attendance("ROOM-1")
    assert await script.store.end_meeting("ROOM-1", 1200.0) == first
    assert await script.store.attendance("ROOM-1") == before


async def test_a_dead_nodes_stays_close_at_its_last_heartbeat_by_estimate(script: Script) -> None:
    await script.store.heartbeat("n_dead", 1000.0)
    await script.store.heartbeat("n_live", 1000.0)
    await script.join("ann", 1010.0, node="n_dead")
    await script.join("bob", 1010.0, node="n_live")
    await script.store.heartbeat("n_dead", 1050.0)
    await script.store.heartbeat("n_live", 1110.0)

    assert await script.store.close_dead_nodes(1100.0) == 1
    (of_ann,), (of_bob,) = await script.stays("ann"), await script.stays("bob")
    assert (of_ann.left_at, of_ann.reason, of_ann.estimated) == (1050.0, "lost", True)
    assert of_bob.left_at is None
    person = await script.person("ann")
    assert (person.state, person.total_duration) == ("disconnected", 40.0)


async def test_a_stay_begun_after_its_nodes_last_heartbeat_closes_where_it_began(script: Script) -> None:
    await script.store.heartbeat("n_1", 1000.0)
    await script.join("ann", 1020.0)
    assert await script.store.close_dead_nodes(1100.0) == 1
    (stay,) = await script.stays("ann")
    assert (stay.joined_at, stay.left_at, stay.estimated) == (1020.0, 1020.0, True)


async def test_a_stay_resumed_after_its_nodes_last_heartbeat_closes_where_it_was_resumed(
    script: Script,
) -> None:
    await script.store.heartbeat("n_1", 1000.0)
    joined = await script.join("ann", 990.0)
    await script.resume(joined, 1003.5)
    assert await script.store.close_dead_nodes(1100.0) == 1
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.estimated, stay.reconnects) == (1003.5, True, (1003.5,))


async def test_a_node_heard_of_exactly_at_the_limit_is_alive(script: Script) -> None:
    await script.store.heartbeat("n_1", 1100.0)
    await script.join("ann", 1000.0)
    assert await script.store.close_dead_nodes(1100.0) == 0


async def test_a_node_that_died_before_its_first_heartbeat_leaves_no_stay_open(script: Script) -> None:
    await script.join("ann", 1000.0, node="n_unheard")
    assert await script.store.close_dead_nodes(1100.0) == 1
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.estimated) == (1000.0, True)


async def test_a_stay_that_went_on_at_another_node_survives_the_first_ones_death(script: Script) -> None:
    await script.join("ann", 1000.0, node="n_dead")
    await script.join("ann", 1050.0, node="n_live")
    await script.store.heartbeat("n_live", 1110.0)
    assert await script.store.close_dead_nodes(1100.0) == 0


async def test_two_stores_closing_dead_nodes_at_once_close_each_stay_once(store: Store, other: Store) -> None:
    script = Script(store)
    await store.heartbeat("n_1", 1000.0)
    await asyncio.gather(*(script.join(f"user-{n}", 990.0) for n in range(40)))

    closed = await asyncio.gather(*(each.close_dead_nodes(1100.0) for each in (store, other) * 3))
    assert sum(closed) == 40
    assert await other.close_dead_nodes(2000.0) == 0
    for person, stays in (await other.attendance("ROOM-1")).participants:
        assert [(stay.left_at, stay.estimated) for stay in stays] == [(1000.0, True)]
        assert person.total_duration == 10.0


async def test_stopping_a_node_closes_its_stays_exactly(script: Script) -> None:
    await script.store.heartbeat("n_1", 1000.0)
    await script.join("ann", 1010.0)
    await script.join("bob", 1200.0)
    await script.join("cem", 1010.0, node="n_2")

    assert await script.store.stop_node("n_1", 1100.0) == 2
    assert await script.store.stop_node("n_1", 1150.0) == 0
    (of_ann,), (of_bob,), (of_cem,) = [await script.stays(user) for user in ("ann", "bob", "cem")]
    assert (of_ann.left_at, of_ann.reason, of_ann.estimated) == (1100.0, "lost", False)
    assert (of_bob.left_at, of_bob.estimated) == (1200.0, False)
    assert of_cem.left_at is None


async def test_stopping_a_node_never_heard_of_closes_nothing(store: Store) -> None:
    assert await store.stop_node("n_unheard", 1000.0) == 0


async def test_a_lost_stay_that_goes_on_counts_as_one_from_end_to_end(script: Script) -> None:
    first = await script.join("ann", 1000.0)
    await script.leave(first, 1020.0, "lost")
    again = await script.join("ann", 1030.0, previous=first)
    await script.leave(again, 1050.0)
    person = await script.person("ann")
    assert (person.session_count, person.total_duration) == (1, 50.0)


async def test_overlapping_stays_count_once(script: Script) -> None:
    for joined_at, left_at in [(1000.0, 1100.0), (1050.0, 1120.0), (1060.0, 1070.0), (1200.0, 1210.0)]:
        await script.leave(await script.join("ann", joined_at), left_at)
    person = await script.person("ann")
    assert (person.session_count, person.total_duration) == (4, 130.0)


async def test_attendance_lists_people_by_first_arrival_and_stays_in_order(script: Script) -> None:
    for user, joined_at, left_at in [
        ("cem", 1020.0, 1030.0),
        ("ann", 1010.0, 1040.0),
        ("bob", 1015.0, 1016.0),
    ]:
        await script.leave(await script.join(user, joined_at), left_at)
    await script.join("cem", 2000.0)
    await script.leave(await script.join("ann", 1005.0), 1006.0)

    report = await script.store.attendance("ROOM-1")
    assert report.meeting == await script.store.meeting("ROOM-1")
    listed = [(person.user_id, [stay.joined_at for stay in stays]) for person, stays in report.participants]
    assert listed == [("ann", [1005.0, 1010.0]), ("bob", [1015.0]), ("cem", [1020.0, 2000.0])]


async def test_a_meeting_nobody_joined_has_empty_attendance(store: Store) -> None:
    meeting, _ = await store.create_meeting("ROOM-1", "ann", "", 1000.0)
    report = await store.attendance("ROOM-1")
    assert report.meeting == meeting
    assert list(report.participants) == []


def union(intervals: list[tuple[int, int]]) -> int:
    return len({second for start, end in intervals for second in range(start, end)})


_rooms = count(1)


# Supabase has the functions of PostgreSQL.
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    intervals=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 40)).map(lambda pair: (pair[0], sum(pair))), max_size=7
    )
)
async def test_the_total_is_the_union_of_any_stays_in_any_order(
    store: Store, intervals: list[tuple[int, int]]
) -> None:
    script = Script(store, f"ROOM-{next(_rooms)}")
    anchor = await script.join("ann", 0.0)
    await script.leave(anchor, 0.0)
    for joined_at, left_at in intervals:
        await script.leave(await script.join("ann", float(joined_at)), float(left_at))
    person = await script.person("ann")
    assert (person.session_count, person.total_duration) == (len(intervals) + 1, union(intervals))


async def test_the_audit_has_the_first_end_with_the_end_itself(script: Script) -> None:
    await script.join("ann", 1000.0)
    store, room = script.store, script.room
    for by, action in (("ann", "end"), ("ben", "end"), ("", "without_host")):
        assert (await store.end_meeting(room, 1100.0, by, action)).ended_at == 1100.0
    found = [(entry.at, entry.action, entry.by, entry.whom) for entry in await store.audit(room, 10)]
    assert found == [(1100.0, "end", "ann", "")]


async def test_an_end_that_nobody_is_to_know_of_is_in_no_audit(script: Script) -> None:
    await script.join("ann", 1000.0)
    await script.store.end_meeting(script.room, 1100.0)
    assert await script.store.audit(script.room, 10) == []
