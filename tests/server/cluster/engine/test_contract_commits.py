"""Commits, on every engine: all of it or nothing, in order, and only by the owner."""

from __future__ import annotations

import asyncio

import pytest

from server.cluster.engine.bounds import LOG_KEPT, LOG_PAGE
from server.cluster.engine.records import Commit, Committed, Entry, Fenced, Gone, Lost, Message, RoomState
from tests.engines.owner import ROOM, Owner
from tests.engines.places import Place, alive


async def test_a_commit_is_in_the_log_the_room_and_the_inboxes(ann: Owner, bob: Owner) -> None:
    commit = ann.make(
        *(b"one", b"two \x00\r\n\xff"),
        members={"p_1": b"in"},
        fields={"settings": b"{}"},
        messages=[Message(["n_bob"], b"told"), Message(["n_bob"], b"again")],
    )
    assert await ann.call(commit) == Committed(1)
    entries = [Entry(1, b"one", 1000.5), Entry(2, b"two \x00\r\n\xff", 1000.5)]
    assert await ann.engine.load(ROOM) == RoomState(2, entries, {"p_1": b"in"}, {"settings": b"{}"})
    assert (await bob.engine.receive()).messages == [b"told", b"again"]
    head = await bob.engine.head(ROOM)
    assert head is not None
    assert (head.node, head.term, head.epoch, head.seq, head.revision) == ("n_ann", ann.term, ann.epoch, 2, 1)


async def test_an_entry_keeps_for_whom_and_when_it_was(ann: Owner) -> None:
    entry = Entry(1, b"signal", 1_899_999_999.123456, "p_2")
    commit = Commit(ROOM, ann.term, 0, 0, ann.incarnation, [entry])
    assert await ann.engine.commit(commit) == Committed(1)
    assert await ann.engine.log(ROOM, 0) == [entry]


async def test_what_is_set_to_none_goes(ann: Owner) -> None:
    await ann.commit(members={"p_1": b"in", "p_2": b"in"})
    assert await ann.call(ann.make(members={"p_1": None, "p_2": b"hand"}, fields={"no": None})) == Committed(
        2
    )
    assert await ann.engine.load(ROOM) == RoomState(0, [], {"p_2": b"hand"}, {})


async def test_what_is_withdrawn_or_cut_is_not_in_the_log_any_more(ann: Owner) -> None:
    await ann.commit(*(b"%d" % number for number in range(1, 9)))
    gone = ann.make(b"9", fields={"withdrawn": b"[5,8]"}, withdrawn=[5, 8, 4], cut=3)
    assert await ann.call(gone) == Committed(2)
    assert await ann.payloads() == [b"3", b"6", b"7", b"9"]
    # Also all of it: the numbers go on.
    assert await ann.call(ann.make(fields={"withdrawn": b"[]"}, cut=10)) == Committed(3)
    await ann.commit(b"10")
    assert [entry.seq for entry in await ann.engine.log(ROOM, 0)] == [10]


async def test_commits_go_out_in_order_and_wait_for_nothing(ann: Owner) -> None:
    told = [ann.call(ann.make(b"%d" % number)) for number in range(50)]
    assert await asyncio.gather(*told) == [Committed(number) for number in range(1, 51)]
    assert await ann.payloads() == [b"%d" % number for number in range(50)]


async def test_entries_out_of_order_are_no_commit(ann: Owner) -> None:
    with pytest.raises(ValueError, match="entry 3"):
        Commit(ROOM, ann.term, 0, 0, ann.incarnation, [Entry(1, b"", 0.0), Entry(3, b"", 0.0)])


@pytest.mark.parametrize(("revision", "seq"), [(0, 1), (2, 1), (1, 0), (1, 2)])
async def test_a_commit_that_counts_on_another_one_is_lost(
    ann: Owner, bob: Owner, revision: int, seq: int
) -> None:
    await ann.commit(b"one")
    ann.revision, ann.seq = revision, seq
    assert await ann.call(ann.make(b"no", messages=[Message(["n_bob"], b"no")])) == Lost()
    ann.revision, ann.seq = 1, 1
    assert await ann.call(ann.make(messages=[Message(["n_bob"], b"yes")])) == Committed(1)
    assert await ann.payloads() == [b"one"]
    assert (await bob.engine.receive()).messages == [b"yes"]


async def test_a_commit_counts_that_changed_a_member_alone(ann: Owner) -> None:
    """A failover that loses it is noticed, though no entry is missing."""
    await ann.commit(members={"p_1": b"in"})
    ann.revision = 0
    assert await ann.call(ann.make(b"no")) == Lost()


async def test_behind_a_refused_commit_all_are_refused(ann: Owner, bob: Owner) -> None:
    ann.revision = 7
    told = [ann.call(ann.make(b"no", messages=[Message(["n_bob"], b"no")])) for _ in range(3)]
    assert await asyncio.gather(*told) == [Lost()] * 3
    assert await ann.payloads() == []


async def test_a_commit_of_no_change_only_passes_its_messages_by_the_fence(ann: Owner, bob: Owner) -> None:
    await ann.commit(b"one")
    assert await ann.call(ann.make(messages=[Message(["n_bob"], b"answer")])) == Committed(1)
    assert (await bob.engine.receive()).messages == [b"answer"]
    await ann.engine.give(ann.own, "n_bob", b"yours")
    assert await ann.call(ann.make(messages=[Message(["n_bob"], b"late")])) == Fenced()
    assert (await bob.engine.receive()).messages == [b"yours"]


async def test_nobody_writes_to_the_inbox_of_the_dead(ann: Owner, bob: Owner) -> None:
    """It would come back, and never end."""
    assert await ann.call(ann.make(b"one", messages=[Message(["n_gone", "n_bob"], b"told")])) == Committed(1)
    await ann.engine.send(Message(["n_gone", "n_bob"], b"sent"))
    assert [(await bob.engine.receive()).messages for _ in range(1)] == [[b"told", b"sent"]]
    gone = Owner(ann.engine, "n_gone")
    await gone.live()
    assert await ann.engine.give(ann.own, "n_gone", b"no inbox") == Gone()


async def test_nothing_is_committed_before_an_epoch(bob: Owner) -> None:
    await bob.take()
    assert await bob.call(bob.make(b"no")) == Lost()


async def test_a_room_that_nobody_took_is_lost(ann: Owner) -> None:
    ann.room = "NEVER"
    assert await ann.call(ann.make(b"no")) == Lost()
    assert await ann.engine.load("NEVER") is None
    assert await ann.engine.head("NEVER") is None


async def test_a_commit_for_another_incarnation_is_lost(ann: Owner, place: Place) -> None:
    """Even if the engine has everything: others may have seen what it lost."""
    commit = ann.make(b"no")
    await place.restart(empty=False)
    await alive(ann.engine, "n_ann")
    assert await ann.engine.commit(commit) == Lost()
    assert await ann.payloads() == []


async def test_the_log_keeps_the_newest(ann: Owner) -> None:
    for _ in range(3):
        await ann.commit(*[b"x"] * 500)
    state = await ann.engine.load(ROOM)
    assert state is not None
    kept = [entry.seq for entry in state.entries]
    assert kept == list(range(kept[0], 1501))
    assert LOG_KEPT <= len(kept) < 1500
    page = await ann.engine.log(ROOM, 1200)
    assert [entry.seq for entry in page] == list(range(1201, 1201 + LOG_PAGE))
    assert (await ann.engine.log(ROOM, 10))[0].seq == kept[0]
    assert await ann.engine.log(ROOM, 1500) == []
