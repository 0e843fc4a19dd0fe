"""What can happen to the engine in memory, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import Buried, Committed, Held, Lost, Message, Received, Taken
from tests.engines.memory import TIMEOUT, MemoryEngine
from tests.engines.memory_server import MemoryServer
from tests.engines.owner import Owner
from tests.simulation.clock import VirtualLoop


def run(story: Callable[[MemoryServer, Owner, Owner], Awaitable[None]]) -> None:
    """With two nodes, of which the first owns the room, and both have an inbox."""

    async def all_of_it() -> None:
        server = MemoryServer()
        owners = []
        for name in ("n_ann", "n_bob"):
            owner = Owner(MemoryEngine(server), name)
            await owner.engine.open()
            await owner.live()
            await owner.engine.open_inbox(name)
            owners.append(owner)
        await owners[0].begin()
        await story(server, *owners)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(all_of_it())


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_lease_ends_by_the_clock() -> None:
    async def story(server: MemoryServer, ann: Owner, bob: Owner) -> None:
        await asyncio.sleep(3.0)
        await bob.live()
        assert isinstance(await bob.engine.take(bob.room, "n_bob"), Held)
        await asyncio.sleep(1.5)
        assert (await bob.take()).previous == "n_ann"
        assert await ann.engine.beat("n_ann", b"") == Buried()

    run(story)


def test_a_room_that_nobody_keeps_ends_after_an_hour() -> None:
    async def story(server: MemoryServer, ann: Owner, bob: Owner) -> None:
        await asyncio.sleep(3000.0)
        await ann.engine.beat("n_ann", b"", [ann.room])
        await asyncio.sleep(3000.0)
        assert await ann.engine.head(ann.room) is not None
        await asyncio.sleep(1000.0)
        assert await ann.engine.head(ann.room) is None

    run(story)


def test_an_engine_that_is_away_takes_nothing_and_readers_wait() -> None:
    async def story(server: MemoryServer, ann: Owner, bob: Owner) -> None:
        waiting = asyncio.ensure_future(bob.engine.receive())
        await asyncio.sleep(1.0)
        server.away = True
        with pytest.raises(EngineUnavailable) as raised:
            await ann.engine.commit(ann.make(b"no"))
        assert not raised.value.may_have_happened
        back = asyncio.ensure_future(ann.engine.connected())
        await asyncio.sleep(60.0)
        assert not back.done()
        assert not waiting.done()
        server.away = False
        assert await back == ann.incarnation
        await bob.live()
        assert await waiting == Received([], has_gap=True), "its inbox had ended meanwhile"
        await ann.engine.send(Message(["n_bob"], b"one"))
        assert await bob.engine.receive() == Received([b"one"])

    run(story)


def test_a_node_that_is_cut_off_is_alone() -> None:
    async def story(server: MemoryServer, ann: Owner, bob: Owner) -> None:
        assert isinstance(ann.engine, MemoryEngine)
        ann.engine.cut_off = True
        with pytest.raises(EngineUnavailable):
            await ann.engine.head(ann.room)
        assert await bob.engine.head(ann.room) is not None

    run(story)


def test_a_slow_engine_is_away_and_does_what_was_sent() -> None:
    async def story(server: MemoryServer, ann: Owner, bob: Owner) -> None:
        server.latency = 0.5
        began = now()
        await ann.commit(b"one")
        assert now() - began == 1.0
        server.latency = TIMEOUT
        late = [ann.call(ann.make(b"two")), ann.call(ann.make(b"three"))]
        for call in late:
            with pytest.raises(EngineUnavailable) as raised:
                await call
            assert raised.value.may_have_happened
        server.latency = 0.0
        await asyncio.sleep(TIMEOUT)
        assert await bob.payloads() == [b"one", b"two", b"three"]

    run(story)


def test_a_failover_loses_the_last_writes_and_settles() -> None:
    async def story(server: MemoryServer, ann: Owner, bob: Owner) -> None:
        for payload in (b"one", b"two", b"three"):
            await ann.commit(payload)
        server.fail_over(lost=2)
        assert await ann.engine.commit(ann.make(b"four")) == Lost(), "of another incarnation"
        assert await bob.payloads() == [b"one"]
        began = now()
        await bob.live()
        assert now() - began == pytest.approx(4.0)
        taken = await bob.engine.take(ann.room, "n_bob")
        assert isinstance(taken, Taken)
        assert (taken.previous, taken.is_complete) == ("n_ann", False), "its lease was over by then"

    run(story)


def test_calls_on_their_way_end_with_the_engine() -> None:
    async def story(server: MemoryServer, ann: Owner, bob: Owner) -> None:
        server.latency = 0.5
        call = ann.call(ann.make(b"one"))
        server.restart(empty=False)
        with pytest.raises(EngineUnavailable):
            await call
        server.latency = 0.0
        assert await bob.payloads() == []
        await ann.live()
        ann.seq, ann.revision = 0, 0
        assert await ann.engine.confirm(ann.own) == Committed(0)

    run(story)
