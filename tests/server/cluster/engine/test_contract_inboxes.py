"""Inboxes, on every engine: in order, once, and whoever reads notices what is missing."""

from __future__ import annotations

import asyncio

from server.cluster.engine.records import Message, Received
from tests.engines.owner import Owner
from tests.engines.places import Place


async def test_messages_arrive_in_the_order_of_commits_and_sends(ann: Owner, bob: Owner) -> None:
    calls: list[asyncio.Future[object]] = []
    for number in range(0, 300, 2):
        to_bob = [Message(["n_bob"], b"%d" % number)]
        calls.append(asyncio.ensure_future(ann.call(ann.make(b"event", messages=to_bob))))
        calls.append(asyncio.ensure_future(ann.engine.send(Message(["n_bob"], b"%d" % (number + 1)))))
    await asyncio.gather(*calls)
    got: list[bytes] = []
    while len(got) < 300:
        received = await bob.engine.receive()
        assert not received.has_gap
        got += received.messages
    assert got == [b"%d" % number for number in range(300)]


async def test_a_reader_waits_for_what_is_to_come(ann: Owner, bob: Owner) -> None:
    waiting = asyncio.ensure_future(bob.engine.receive())
    await asyncio.wait([waiting], timeout=0.05)
    assert not waiting.done()
    await ann.engine.send(Message(["n_bob"], b"told"))
    assert await waiting == Received([b"told"])


async def test_one_message_goes_to_many_inboxes(ann: Owner, bob: Owner) -> None:
    await ann.engine.open_inbox("n_ann")
    await bob.engine.send(Message(["n_ann", "n_bob"], b"all"))
    assert await ann.engine.receive() == await bob.engine.receive() == Received([b"all"])


async def test_over_a_broken_connection_nothing_is_lost_or_doubled(
    ann: Owner, bob: Owner, place: Place
) -> None:
    await ann.engine.send(Message(["n_bob"], b"one"))
    assert await bob.engine.receive() == Received([b"one"])
    waiting = asyncio.ensure_future(bob.engine.receive())
    place.swallow()
    await asyncio.wait([waiting], timeout=0.02)
    place.cut()
    await ann.live()
    await ann.engine.send(Message(["n_bob"], b"two"))
    assert await waiting == Received([b"two"])
    await ann.engine.send(Message(["n_bob"], b"three"))
    assert await bob.engine.receive() == Received([b"three"])


async def test_a_reader_notices_that_messages_were_trimmed_away(ann: Owner, bob: Owner, place: Place) -> None:
    for number in range(3):
        await ann.engine.send(Message(["n_bob"], b"%d" % number))
    await place.overflow("n_bob")
    assert await bob.engine.receive() == Received([b"2"], has_gap=True)
    await ann.engine.send(Message(["n_bob"], b"3"))
    assert await bob.engine.receive() == Received([b"3"])


async def test_a_reader_notices_that_its_inbox_went_with_the_engines_data(
    ann: Owner, bob: Owner, place: Place
) -> None:
    await place.restart(empty=True)
    assert await bob.engine.receive() == Received([], has_gap=True)
    await ann.live()
    await ann.engine.send(Message(["n_bob"], b"one"))
    assert await bob.engine.receive() == Received([b"one"])


async def test_an_inbox_that_an_engine_kept_is_read_on(ann: Owner, bob: Owner, place: Place) -> None:
    await ann.engine.send(Message(["n_bob"], b"one"))
    assert await bob.engine.receive() == Received([b"one"])
    await ann.engine.send(Message(["n_bob"], b"two"))
    await place.restart(empty=False)
    assert await bob.engine.receive() == Received([b"two"])


async def test_an_opened_inbox_is_empty(ann: Owner, bob: Owner) -> None:
    await ann.engine.send(Message(["n_bob"], b"before"))
    await bob.engine.open_inbox("n_bob")
    await ann.engine.send(Message(["n_bob"], b"behind"))
    assert await bob.engine.receive() == Received([b"behind"])
