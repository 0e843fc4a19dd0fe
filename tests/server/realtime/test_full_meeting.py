"""How many may be in a meeting, and who is let in all the same."""

from __future__ import annotations

import asyncio

import pytest

from server.runtime import clock
from signalling.protocol.client_messages import Join
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.effects import StayEnded
from signalling.rooms.inputs import Arrival
from tests.server.desk import Desk, stays


async def test_a_meeting_counts_those_who_are_on_their_way(desk: Desk) -> None:
    desk.store.open.clear()
    people = [desk.tokens.identity(f"u_{number}", 2e9) for number in range(5)]
    coming = [asyncio.create_task(desk.join(token)) for token in people]
    await desk.store.reached.wait()
    desk.store.open.set()
    outcomes = await asyncio.gather(*coming, return_exceptions=True)
    refused = [outcome.code for outcome in outcomes if isinstance(outcome, Refused)]
    assert refused == [ErrorCode.MEETING_FULL] * 3
    assert desk.hub.size("ABC123") == 2
    assert len(await stays(desk)) == 2, "who was refused left no record"


async def test_someone_who_is_in_may_always_come_back_to_a_full_meeting(desk: Desk) -> None:
    ann, bob = (desk.tokens.identity(f"u_{name}", 2e9) for name in ("ann", "bob"))
    await desk.join(ann)
    await desk.join(bob)
    await asyncio.gather(*(desk.join(ann) for _ in range(20)))
    assert desk.hub.size("ABC123") == 2
    assert len(await stays(desk)) == 2


async def test_the_host_has_a_place_in_a_full_meeting_and_nobody_else_has(desk: Desk) -> None:
    host, *guests = (desk.tokens.identity(f"u_{number}", 2e9) for number in range(4))
    await desk.store.real.create_meeting("ABC123", "u_0", "", 0.0)
    for guest in guests[:2]:
        await desk.join(guest)
    with pytest.raises(Refused) as refused:
        await desk.join(guests[2])
    assert refused.value.code == ErrorCode.MEETING_FULL
    await desk.join(host)
    assert desk.hub.size("ABC123") == 3
    with pytest.raises(Refused):
        await desk.join(guests[2])


async def test_the_host_of_a_full_meeting_is_told_to_ask_again_when_the_store_is_away(desk: Desk) -> None:
    host, *guests = (desk.tokens.identity(f"u_{number}", 2e9) for number in range(3))
    await desk.store.real.create_meeting("ABC123", "u_0", "", 0.0)
    for guest in guests:
        await desk.join(guest)
    desk.store.down = True
    with pytest.raises(Refused) as refused:
        await desk.join(host)
    assert refused.value.code == ErrorCode.UNAVAILABLE


async def test_who_is_away_keeps_a_place_and_takes_none_from_others(desk: Desk) -> None:
    people = [desk.tokens.identity(f"u_{number}", 2e9) for number in range(7)]
    first, _second = [await desk.join(token) for token in people[:2]]
    desk.hub.lost(first, 0.0)
    third = await desk.join(people[2])
    with pytest.raises(Refused):
        await desk.join(people[3])
    # Who was away is back all the same.
    await desk.join(people[0])
    assert len(desk.hub.rooms["ABC123"].audience()) == 3
    desk.hub.lost(third, 0.0)
    with pytest.raises(Refused):
        await desk.join(people[3])


async def test_those_who_are_away_are_bounded_too(desk: Desk) -> None:
    people = [desk.tokens.identity(f"u_{number}", 2e9) for number in range(5)]
    for token in people[:4]:
        desk.hub.lost(await desk.join(token), 0.0)
    with pytest.raises(Refused) as refused:
        await desk.join(people[4])
    assert refused.value.code == ErrorCode.MEETING_FULL


async def test_a_leave_while_the_host_asks_for_a_full_meeting_closes_no_stay_that_goes_on(desk: Desk) -> None:
    """The host joins twice. The first time nobody is there to be answered, which is noted while the second join asks
    whether it is the host's."""
    host, *guests = (desk.tokens.identity(f"u_{number}", 2e9) for number in range(3))
    await desk.store.real.create_meeting("ABC123", "u_0", "", 0.0)
    for guest in guests:
        await desk.join(guest)
    arrival, _ = await desk.admission.admit(object(), Join(id=1, meeting="ABC123", name="Ann", token=host))
    desk.store.meetings.clear()
    desk.store.asked.clear()
    coming = asyncio.create_task(desk.join(host))
    await desk.store.asked.wait()
    desk.store.down = True
    desk.store.reached.clear()
    gone(desk, arrival)
    await desk.store.reached.wait()
    desk.store.down = False
    desk.store.meetings.set()
    await coming
    assert await desk.writer.settle("ABC123", "u_0", 5)
    member = desk.hub.present("ABC123", "u_0")
    assert member is not None
    assert (member.session_id, True) in await stays(desk)


async def test_a_duplicate_is_told_at_once_whatever_is_still_to_be_written(desk: Desk) -> None:
    ann = desk.tokens.identity("u_ann", 2e9)
    message = Join(id=1, meeting="ABC123", name="Ann", token=ann, create=True)
    arrival, _ = await desk.admission.admit(object(), message)
    desk.hub.join(arrival, 0.0)
    desk.store.down = True
    gone(desk, arrival)
    with pytest.raises(Refused) as refused:
        await desk.join(ann, on_duplicate="reject")
    assert refused.value.code is ErrorCode.DUPLICATE
    assert desk.writer.has_to_write("ABC123", "u_ann")
    desk.store.down = False


def gone(desk: Desk, arrival: Arrival) -> None:
    """Nobody is there any more to come to that stay."""
    desk.admission.pending.stay_ended(arrival.room, arrival.user_id)
    stay = arrival.room, arrival.user_id, arrival.participant_id, arrival.session_id
    desk.writer.record(StayEnded(*stay, clock.monotonic(), "left", arrival.joined_at))
