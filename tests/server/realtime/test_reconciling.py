"""Differences between the record and the rooms are found, whatever caused them."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import replace

import pytest

from server.realtime.reconciling import EVERY
from server.runtime import clock
from signalling.protocol.errors import ErrorCode, Refused
from storage.records import Stay, StayEnd
from tests.server.desk import Desk, stays


def token(desk: Desk, user: str = "u_ann") -> str:
    return desk.tokens.identity(user, 2e9)


async def settled(desk: Desk, *users: str) -> None:
    for user in users or ("u_ann",):
        assert await desk.writer.settle("ABC123", user, within=10)


async def stay(desk: Desk) -> Stay:
    ((_, (only,)),) = (await desk.store.real.attendance("ABC123")).participants
    return only


async def whose(desk: Desk) -> tuple[str, str, str, str]:
    ((person, (only,)),) = (await desk.store.real.attendance("ABC123")).participants
    return person.room, person.user_id, person.id, only.session_id


async def test_an_end_that_was_dropped_is_found_and_is_when_they_were_last_seen(desk: Desk) -> None:
    connection = await desk.join(token(desk))
    before = time.time()
    await desk.reconciler.reconcile()
    after = time.time()
    desk.writer._limit = 0
    desk.leave(connection)
    assert desk.metrics.given_up == 1
    desk.writer._limit = 10
    await desk.reconciler.reconcile()
    await settled(desk)
    closed = await stay(desk)
    assert closed.left_at is not None
    assert before - 0.01 <= closed.left_at <= after + 0.01
    assert (closed.reason, closed.estimated) == ("lost", True)


async def test_who_is_away_was_seen_until_they_were_lost(desk: Desk) -> None:
    connection = await desk.join(token(desk))
    # The earliest possible loss: no stay ends before it began.
    desk.hub.lost(connection, 0.0)
    await desk.reconciler.reconcile()
    desk.writer._limit = 0
    desk.leave(connection)
    assert desk.metrics.given_up == 1
    desk.writer._limit = 10
    await desk.reconciler.reconcile()
    await settled(desk)
    closed = await stay(desk)
    assert closed.left_at == closed.joined_at


async def test_what_closes_a_stay_may_be_lost_as_well(desk: Desk) -> None:
    connection = await desk.join(token(desk))
    await desk.reconciler.reconcile()
    desk.writer._limit = 0
    desk.leave(connection)
    desk.writer._limit = 10
    before = time.time()
    for desk.store.loses in (True, True, False):
        await desk.reconciler.reconcile()
        await settled(desk)
    closed = await stay(desk)
    assert closed.left_at is not None
    assert closed.joined_at < closed.left_at <= before + 0.01
    assert (closed.reason, closed.estimated) == ("lost", True)


async def test_stays_that_another_process_closed_go_on(desk: Desk) -> None:
    """As when this one was silent for so long that it was taken for dead."""
    await desk.join(token(desk))
    gone = await desk.join(token(desk, "u_bob"))
    desk.leave(gone)
    await settled(desk, "u_bob")
    await desk.join(token(desk, "u_cat"))
    before = await stays(desk)
    await desk.store.real.close_dead_nodes(math.inf)
    assert not any(is_open for _, is_open in await stays(desk))
    desk.reconciler.due()
    await desk.reconciler.look()
    await settled(desk, "u_ann", "u_cat")
    assert await stays(desk) == before


async def test_it_looks_at_every_few_heartbeats_and_at_once_when_it_is_due(desk: Desk) -> None:
    await desk.join(token(desk))
    await desk.store.real.close_dead_nodes(math.inf)
    for _ in range(EVERY - 1):
        await desk.reconciler.look()
    assert [is_open for _, is_open in await stays(desk)] == [False]
    await desk.reconciler.look()
    await settled(desk)
    assert [is_open for _, is_open in await stays(desk)] == [True]


async def test_whose_end_is_still_to_be_written_is_left_alone(desk: Desk) -> None:
    connection = await desk.join(token(desk))
    await desk.reconciler.reconcile()
    desk.store.down = True
    desk.leave(connection)
    await desk.reconciler.reconcile()
    assert desk.writer.count == 1
    desk.store.down = False
    await settled(desk)
    assert ((await stay(desk)).reason, (await stay(desk)).estimated) == ("lost", False)


async def test_whoever_comes_in_while_the_store_answers_is_no_difference(desk: Desk) -> None:
    """The answer is older than the room."""
    leaving = await desk.join(token(desk))
    await desk.reconciler.reconcile()
    desk.store.compare.clear()
    looking = asyncio.create_task(desk.reconciler.reconcile())
    await asyncio.sleep(0)
    desk.leave(leaving)
    await settled(desk)
    await desk.join(token(desk))
    desk.store.compare.set()
    await looking
    await settled(desk)
    assert [is_open for _, is_open in await stays(desk)] == [False, True]


async def test_what_the_record_has_of_a_page_or_a_beginning_is_put_right(desk: Desk) -> None:
    await desk.join(token(desk))
    member = desk.hub.present("ABC123", "u_ann")
    assert member is not None
    before = await stay(desk)
    member.began_at += 3600.0
    member.instance = "another.page"
    await desk.reconciler.reconcile()
    await settled(desk)
    assert await stay(desk) == replace(before, joined_at=before.joined_at + 3600.0, instance="another.page")
    assert desk.writer.count == 0
    await desk.reconciler.reconcile()
    assert desk.writer.count == 0, "nothing differs any more"


async def lost_answer(desk: Desk) -> None:
    desk.store.forgetful = True
    with pytest.raises(Refused) as refused:
        await desk.join(token(desk))
    assert refused.value.code == ErrorCode.UNAVAILABLE
    desk.store.forgetful = False


async def test_a_join_whose_answer_was_lost_leaves_no_stay_open(desk: Desk) -> None:
    await lost_answer(desk)
    await desk.reconciler.reconcile()
    assert [is_open for _, is_open in await stays(desk)] == [True], "the joiner may still ask again"
    desk.hub.grace = 0.0
    await desk.reconciler.reconcile()
    await settled(desk)
    closed = await stay(desk)
    assert (closed.left_at, closed.reason) == (closed.joined_at, "left")


async def test_who_asks_again_after_a_lost_answer_goes_on_with_the_stay(desk: Desk) -> None:
    await lost_answer(desk)
    await desk.reconciler.reconcile()
    await desk.join(token(desk))
    await desk.reconciler.reconcile(is_last=True)
    assert [is_open for _, is_open in await stays(desk)] == [True]


async def test_nobody_is_closed_whose_join_is_on_its_way(desk: Desk) -> None:
    await lost_answer(desk)
    again = await desk.held_back(token(desk))
    await desk.reconciler.reconcile(is_last=True)
    desk.store.open.set()
    await again
    assert [is_open for _, is_open in await stays(desk)] == [True]


async def test_in_a_drain_who_is_away_has_left_when_they_were_lost(desk: Desk) -> None:
    """Also where another process had to guess when that was."""
    connection = await desk.join(token(desk))
    desk.hub.lost(connection, clock.monotonic())
    await desk.store.real.close_dead_nodes(math.inf)
    desk.reconciler.is_draining = True
    desk.reconciler.due()
    await desk.reconciler.look()
    await settled(desk)
    closed = await stay(desk)
    assert (closed.reason, closed.estimated) == ("lost", False)
    await desk.store.real.leave(StayEnd(*await whose(desk), "n_1", 5e9, "left"))
    assert await stay(desk) == closed
