"""Answers that are lost, calls that come late, engines that come back with less: on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import (
    Committed,
    Entry,
    Fenced,
    Lost,
    Message,
    RoomState,
    Settling,
)
from tests.engines.owner import ROOM, Owner
from tests.engines.places import Place, first_beat


async def unanswered(call: Awaitable[Any], place: Place) -> None:
    """The call, until the connection breaks."""
    waiting = asyncio.ensure_future(call)
    # Nothing tells that an answer does not come.
    await asyncio.wait([waiting], timeout=0.05)
    assert not waiting.done()
    place.cut()
    with pytest.raises(EngineUnavailable) as raised:
        await waiting
    assert raised.value.may_have_happened


async def test_after_a_lost_answer_a_take_tells_that_it_happened(ann: Owner, place: Place) -> None:
    place.swallow()
    await unanswered(ann.engine.commit(ann.make(b"one")), place)
    await ann.live()
    before = ann.term
    taken = await ann.take()
    assert (taken.previous, taken.head.seq, taken.head.revision) == ("n_ann", 1, 1)
    assert ann.term > before
    await ann.commit(b"two")
    assert await ann.payloads() == [b"one", b"two"]


async def test_a_commit_that_lay_in_a_buffer_comes_too_late_after_a_take(ann: Owner, place: Place) -> None:
    """Its owner had given up on it, and begins another in its place."""
    place.hold()
    await unanswered(ann.engine.commit(ann.make(b"late")), place)
    await ann.live()
    assert (await ann.take()).head.seq == 0
    await place.release()
    await ann.commit(b"one")
    assert await ann.payloads() == [b"one"]


async def test_without_a_take_such_a_commit_is_still_carried_out(ann: Owner, place: Place) -> None:
    """Which is why it is not enough to ask for the head."""
    place.hold()
    await unanswered(ann.engine.commit(ann.make(b"late")), place)
    await ann.live()
    head = await ann.engine.head(ROOM)
    assert head is not None
    assert head.seq == 0
    await place.release()
    assert await ann.payloads() == [b"late"]


async def test_a_take_whose_answer_was_lost_is_repeated(ann: Owner, bob: Owner, place: Place) -> None:
    await place.end_lease("n_ann")
    place.swallow()
    await unanswered(bob.engine.take(ROOM, "n_bob"), place)
    await bob.live()
    taken = await bob.take()
    assert (taken.previous, taken.head.epoch) == ("n_bob", ann.epoch)


async def test_an_engine_that_kept_everything_is_confirmed(ann: Owner, bob: Owner, place: Place) -> None:
    """Its scripts are gone all the same, which nobody notices."""
    await ann.commit(b"one", members={"p_1": b"in"})
    old = ann.incarnation
    await place.restart(empty=False)
    await ann.live()
    assert ann.incarnation != old
    assert await ann.engine.confirm(ann.own) == Committed(1)
    await ann.commit(b"two")
    await bob.live()
    await place.end_lease("n_ann")
    taken = await bob.take()
    assert taken.is_complete, "it was confirmed under this incarnation"
    assert await bob.payloads() == [b"one", b"two"]


async def test_without_a_confirmation_the_next_owner_begins_an_epoch(
    ann: Owner, bob: Owner, place: Place
) -> None:
    """Also the one after it, if it dies before it has begun one."""
    await ann.commit(b"one")
    await place.restart(empty=False)
    await bob.live()
    await place.end_lease("n_ann")
    assert not (await bob.take()).is_complete
    assert not (await bob.take()).is_complete
    bob.epoch, bob.seq, bob.revision = "another", 0, 0
    assert await bob.engine.establish(bob.own, RoomState(0)) == Committed(0)
    assert (await bob.take()).is_complete


async def test_an_engine_that_lost_everything_is_told_by_owners(ann: Owner, bob: Owner, place: Place) -> None:
    await ann.commit(b"one", b"two", members={"p_1": b"in"})
    await place.restart(empty=True)
    await ann.live()
    assert await ann.engine.confirm(ann.own) == Lost()
    state = RoomState(2, [Entry(1, b"one", 1000.5), Entry(2, b"two", 1000.5)], {"p_1": b"in"})
    assert await ann.engine.establish(ann.own, state) == Committed(1)
    assert await ann.engine.load(ROOM) == state
    assert await ann.engine.establish(ann.own, RoomState(0)) == Committed(1), "told twice, it is as it was"
    assert await ann.engine.load(ROOM) == state
    await ann.commit(b"three")
    await bob.live()
    await place.end_lease("n_ann")
    assert (await bob.take()).is_complete
    assert await bob.payloads() == [b"one", b"two", b"three"]


async def test_what_a_failover_lost_is_told_by_the_owner(ann: Owner, place: Place) -> None:
    await ann.commit(b"one")
    await place.remember()
    await ann.commit(b"two")
    await place.fail_over()
    await ann.live()
    assert await ann.engine.commit(ann.make(b"three")) == Lost()
    assert await ann.engine.confirm(ann.own) == Lost()
    assert await ann.engine.establish(ann.own, RoomState(2, [Entry(2, b"two", 1000.5)])) == Committed(2)
    await ann.commit(b"three")
    assert await ann.payloads() == [b"two", b"three"]


async def test_of_two_who_say_they_own_a_room_the_later_term_wins(
    ann: Owner, bob: Owner, place: Place
) -> None:
    """A failover lost that it was taken over; the lease of the old owner is as it was."""
    await place.remember()
    await place.end_lease("n_ann")
    await bob.take()
    await bob.commit(b"of bob")
    await place.fail_over()
    await ann.live()
    await bob.live()
    assert await ann.engine.confirm(ann.own) == Committed(0), "nobody has said anything else yet"
    assert await bob.engine.confirm(bob.own) == Lost()
    state = RoomState(1, [Entry(1, b"of bob", 1000.5)])
    assert await bob.engine.establish(bob.own, state) == Committed(1)
    assert await ann.engine.confirm(ann.own) == Fenced()
    assert await ann.engine.commit(ann.make(b"of ann")) == Fenced()
    assert await bob.payloads() == [b"of bob"]
    assert await bob.engine.rooms_of("n_ann") == []


async def test_while_an_engine_settles_no_room_is_taken(ann: Owner, bob: Owner, place: Place) -> None:
    """Else a room whose owner lives, and has not said so yet, would be somebody else's."""
    await place.restart(empty=True)
    patient = await place.engine(settling=60)
    for node in ("n_ann", "n_bob"):
        assert 0 < (await first_beat(patient, node)).settling <= 60
    told = await patient.take(ROOM, "n_bob")
    assert isinstance(told, Settling)
    assert 0 < told.seconds <= 60
    assert await patient.establish(ann.own, RoomState(0)) == Committed(0)
    head = await patient.head(ROOM)
    assert head is not None
    assert (head.node, head.term) == ("n_ann", ann.term)


async def test_scripts_that_were_flushed_are_loaded_again(ann: Owner, place: Place) -> None:
    await place.forget_scripts()
    await ann.live()
    try:
        await ann.engine.commit(ann.make(b"one"))
    except EngineUnavailable:
        # Those behind it count on it: it is not simply sent again.
        await ann.live()
        await ann.take()
        await ann.engine.commit(ann.make(b"one"))
    assert await ann.payloads() == [b"one"]


async def test_messages_of_a_lost_commit_do_not_arrive(ann: Owner, bob: Owner, place: Place) -> None:
    ann.revision = 5
    assert await ann.engine.commit(ann.make(b"no", messages=[Message(["n_bob"], b"no")])) == Lost()
    await ann.engine.send(Message(["n_bob"], b"yes"))
    assert (await bob.engine.receive()).messages == [b"yes"]
