"""What is asked about rooms and nodes, on every engine, and rooms that nobody came into."""

from __future__ import annotations

from dataclasses import replace

from server.cluster.engine.records import NOTHING, Beaten, Committed, Fenced, Head, Lost, Ownership, Taken
from tests.engines.owner import ROOM, Owner
from tests.engines.places import Place


async def test_the_members_of_a_room_are_counted(ann: Owner) -> None:
    assert await ann.engine.people(ROOM) == 0
    await ann.commit(members={"p_1": b"in", "p_2": b"in"})
    assert await ann.engine.people(ROOM) == 2
    await ann.commit(members={"p_1": None})
    assert await ann.engine.people(ROOM) == 1
    assert await ann.engine.people("NONE") == 0


async def test_who_looks_is_told_what_a_beat_is_told(ann: Owner, bob: Owner, place: Place) -> None:
    """And does not beat."""
    told = await bob.engine.beat("n_bob", b"about bob")
    assert isinstance(told, Beaten)
    await place.end_lease("n_ann")
    seen = await bob.engine.look()
    assert seen.incarnation == told.incarnation
    assert abs(seen.at - told.at) < 60
    about = {node.id: node.about for node in seen.nodes}
    assert about == {"n_ann": None, "n_bob": b"about bob"}


async def test_a_room_that_nobody_came_into_is_let_go(ann: Owner, bob: Owner) -> None:
    taken = await ann.engine.take("EMPTY", "n_ann")
    assert isinstance(taken, Taken)
    own = Ownership("EMPTY", "n_ann", taken.head.term, "", NOTHING)
    assert await ann.engine.drop(replace(own, revision=0)) == Lost()
    assert await ann.engine.drop(own) == Committed(0)
    assert await ann.engine.rooms_of("n_ann") == [ROOM]
    assert await ann.engine.head("EMPTY") == Head("", own.term + 1, "", 0, 0)
    # Somebody came meanwhile.
    again = await bob.engine.take("EMPTY", "n_bob")
    assert isinstance(again, Taken)
    assert await ann.engine.drop(own) == Fenced()
    assert await ann.engine.drop(Ownership(ROOM, "n_ann", ann.term, ann.epoch, NOTHING)) == Lost()
