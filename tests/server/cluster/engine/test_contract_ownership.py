"""Whose a room is, on every engine: one owner for each term, and who is fenced."""

from __future__ import annotations

import asyncio

from server.cluster.engine.records import (
    Buried,
    Committed,
    Fenced,
    Gone,
    Head,
    Held,
    Lost,
    Ownership,
    RoomState,
    Taken,
)
from tests.engines.owner import ROOM, Owner
from tests.engines.places import Place, alive


async def test_a_room_that_is_nobodys_is_taken(ann: Owner) -> None:
    beaten = await ann.live()
    taken = await ann.engine.take("NEW", "n_ann")
    assert isinstance(taken, Taken)
    term = taken.head.term
    assert abs(term / 1e6 - beaten.at) < 60, "the term is the engine's time"
    assert taken == Taken("", 0, Head("n_ann", term, "", 0, 0), is_complete=False)
    assert set(await ann.engine.rooms_of("n_ann")) == {ROOM, "NEW"}
    assert await ann.engine.load("NEW") is None


async def test_the_room_of_a_living_node_is_held(ann: Owner, bob: Owner) -> None:
    assert await bob.engine.take(ROOM, "n_bob") == Held("n_ann", ann.term)
    await ann.commit(b"one")


async def test_the_room_of_a_dead_node_is_taken_as_it_was_left(ann: Owner, bob: Owner, place: Place) -> None:
    await ann.commit(b"one", members={"p_1": b"in"})
    await place.end_lease("n_ann")
    taken = await bob.take()
    assert (taken.previous, taken.previous_term) == ("n_ann", ann.term)
    assert taken.head == Head("n_bob", bob.term, ann.epoch, 1, 1)
    assert bob.term > ann.term
    assert taken.is_complete
    assert await bob.engine.rooms_of("n_ann") == []
    assert await bob.engine.rooms_of("n_bob") == [ROOM]
    bob.incarnation = ann.incarnation
    await bob.commit(b"two")
    assert await bob.payloads() == [b"one", b"two"]


async def test_after_a_take_over_the_old_owner_is_fenced(ann: Owner, bob: Owner, place: Place) -> None:
    """It was stopped for longer than its lease, and wakes."""
    await place.end_lease("n_ann")
    await bob.take()
    assert await ann.call(ann.make(b"zombie")) == Fenced()
    own = Ownership(ROOM, "n_ann", ann.term, ann.epoch, 0)
    assert await ann.engine.give(own, "n_bob", b"") == Fenced()
    assert await ann.engine.drop(own) == Fenced()
    assert await ann.engine.beat("n_ann", b"") == Buried()
    assert await ann.engine.confirm(own) == Buried()
    assert await ann.engine.establish(own, RoomState(0)) == Buried()
    assert await ann.engine.take(ROOM, "n_ann") == Buried()
    assert await bob.payloads() == []


async def test_a_higher_term_fences_a_living_owner_in_all_it_does(ann: Owner, bob: Owner) -> None:
    before = ann.own
    await ann.take()
    assert ann.term > before.term
    for told in (
        ann.engine.confirm(before),
        ann.engine.establish(before, RoomState(0)),
        ann.engine.drop(before),
    ):
        assert await told == Fenced()
    await ann.commit(b"one")


async def test_who_does_not_live_takes_nothing(bob: Owner, place: Place) -> None:
    assert await bob.engine.take(ROOM, "n_never") == Buried()
    await place.end_lease("n_bob")
    assert await bob.engine.take(ROOM, "n_bob") == Buried()
    await bob.live()
    await bob.take()


async def test_a_lease_that_is_over_is_renewed_while_nobody_has_taken_anything(
    ann: Owner, place: Place
) -> None:
    await place.end_lease("n_ann")
    await ann.live()
    await ann.commit(b"one")


async def test_a_room_is_given_to_who_lives(ann: Owner, bob: Owner) -> None:
    await ann.commit(b"one", members={"p_1": b"in"})
    given = await ann.engine.give(ann.own, "n_bob", b"yours")
    assert isinstance(given, Taken)
    assert given == Taken(
        "n_ann", ann.term, Head("n_bob", given.head.term, ann.epoch, 1, 1), is_complete=True
    )
    assert (await bob.engine.receive()).messages == [b"yours"]
    assert await ann.call(ann.make(b"late")) == Fenced()
    assert await ann.engine.rooms_of("n_ann") == []
    taken = await bob.take()
    assert (taken.previous, taken.previous_term) == ("n_bob", given.head.term)
    assert taken.head.term > given.head.term
    await bob.commit(b"two")
    assert await bob.payloads() == [b"one", b"two"]


async def test_a_room_is_not_given_away_over_a_commit(ann: Owner, bob: Owner) -> None:
    before = ann.own
    await ann.commit(b"one")
    assert await ann.engine.give(before, "n_bob", b"yours") == Lost()
    assert await ann.engine.drop(before) == Lost()
    assert await ann.engine.give(ann.own, "n_gone", b"yours") == Gone()
    await ann.commit(b"two")


async def test_a_room_given_to_who_dies_before_taking_it_is_taken_by_others(
    ann: Owner, bob: Owner, place: Place
) -> None:
    await ann.engine.give(ann.own, "n_bob", b"yours")
    await place.end_lease("n_bob")
    assert (await ann.take()).previous == "n_bob"


async def test_a_dropped_room_is_gone_and_stays_gone(ann: Owner, bob: Owner) -> None:
    """Also for an owner before it that wakes later: the term is remembered."""
    await ann.commit(b"one", members={"p_1": b"in"})
    await ann.commit(members={"p_1": None})
    assert await ann.engine.drop(ann.own) == Committed(2)
    assert await ann.engine.load(ROOM) is None
    assert await ann.payloads() == []
    assert await ann.engine.rooms_of("n_ann") == []
    head = await ann.engine.head(ROOM)
    assert head is not None
    assert (head.node, head.epoch) == ("", "")
    assert await ann.call(ann.make(b"late")) == Fenced()
    assert await ann.engine.confirm(ann.own) == Fenced()
    assert await ann.engine.establish(ann.own, RoomState(2)) == Fenced()
    taken = await bob.take()
    assert taken == Taken("", ann.term + 1, Head("n_bob", bob.term, "", 0, 0), is_complete=False)
    assert bob.term > ann.term + 1


async def test_a_new_epoch_replaces_all_of_the_old(ann: Owner, bob: Owner, place: Place) -> None:
    await ann.commit(b"one", b"two", members={"p_1": b"in", "p_2": b"in"})
    await place.end_lease("n_ann")
    await bob.take()
    bob.epoch, bob.seq, bob.revision = "another", 0, 0
    state = RoomState(0, [], {"p_1": b"back"}, {"settings": b"{}"})
    assert await bob.engine.establish(bob.own, state) == Committed(0)
    assert await bob.engine.load(ROOM) == state
    await bob.commit(b"first")
    assert await bob.payloads() == [b"first"]
    head = await bob.engine.head(ROOM)
    assert head is not None
    assert (head.epoch, head.seq, head.revision) == ("another", 1, 1)


async def test_of_many_that_want_a_room_one_has_it(ann: Owner, bob: Owner) -> None:
    told = await asyncio.gather(
        *(owner.engine.take("NEW", owner.node) for _ in range(10) for owner in (ann, bob))
    )
    owners = {each.head.node for each in told if isinstance(each, Taken)}
    assert len(owners) == 1
    terms = [each.head.term for each in told if isinstance(each, Taken)]
    assert len(set(terms)) == 10
    assert sum(isinstance(each, Held) for each in told) == 10


async def test_a_beat_tells_of_all_who_beat(ann: Owner, bob: Owner, place: Place) -> None:
    await place.end_lease("n_ann")
    beaten = await alive(bob.engine, "n_bob")
    seen = {node.id: node for node in beaten.nodes}
    assert seen["n_bob"].about == b"about"
    assert seen["n_ann"].about is None
    assert seen["n_ann"].beat_at <= seen["n_bob"].beat_at <= beaten.at
    assert beaten.incarnation == await bob.engine.connected()
