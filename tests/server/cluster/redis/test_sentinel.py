"""A primary that Sentinels know: found, lost, and found again elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import Committed
from server.cluster.redis.address import parse_address
from server.cluster.redis.redis_engine import RedisEngine
from tests.databases.daemon import HOST, free_port
from tests.engines.owner import Owner
from tests.engines.servers import EngineServer, redis_program

NAME = "mymaster"


@asynccontextmanager
async def sentinel_of(primary: EngineServer) -> AsyncIterator[EngineServer]:
    async with EngineServer(redis_program(), is_sentinel=True) as sentinel:
        await sentinel.do("SENTINEL", "MONITOR", NAME, HOST, primary.port, 1)
        for option, ms in (("down-after-milliseconds", 1500), ("failover-timeout", 2000)):
            await sentinel.do("SENTINEL", "SET", NAME, option, ms)
        yield sentinel


async def test_a_primary_that_is_unknown() -> None:
    at = f"{HOST}:{free_port()}"
    engine = RedisEngine(f"redis+sentinel://{at}/{NAME}")
    with pytest.raises(EngineUnavailable) as raised:
        await engine.open()
    asked = f"no Sentinel at {at} knows a primary 'mymaster' that lives; 1 of 1 cannot be asked"
    assert str(raised.value) == asked


async def test_a_search_that_is_ended_ends() -> None:
    """At whatever point, though redis-py may take it for a Sentinel that does not answer."""
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, HOST, 0) as silent:
        address = parse_address(f"redis+sentinel://{HOST}:{silent.sockets[0].getsockname()[1]}/{NAME}")
        for steps in range(30):
            search = asyncio.create_task(address.find(0.2))
            for _ in range(steps):
                await asyncio.sleep(0)
            search.cancel()
            with pytest.raises(asyncio.CancelledError):
                await search
        over.set()


async def test_after_a_failover_nodes_are_at_the_new_primary() -> None:
    async with AsyncExitStack() as stack:
        # Else it waits for more replicas.
        primary = await stack.enter_async_context(EngineServer(redis_program(), repl_diskless_sync_delay="0"))
        replica = await stack.enter_async_context(
            EngineServer(redis_program(), replicaof=f"{HOST} {primary.port}")
        )
        sentinel = await stack.enter_async_context(sentinel_of(primary))
        # One that is away is no reason not to ask the others.
        engine = RedisEngine(
            f"redis+sentinel://{HOST}:{free_port()},{HOST}:{sentinel.port}/{NAME}", settling=0.05
        )
        await engine.open()
        stack.push_async_callback(engine.close)
        owner = Owner(engine, "n_ann")
        await owner.begin()
        await owner.commit(b"one")
        assert await primary.do("WAIT", 1, 20_000) == 1
        # It asks its primary now and then who they are.
        while not await sentinel.do("SENTINEL", "REPLICAS", NAME):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        before = owner.incarnation
        await primary.kill()
        await owner.live()
        assert owner.incarnation != before
        assert await engine.confirm(owner.own) == Committed(1)
        await owner.commit(b"two")
        assert await owner.payloads() == [b"one", b"two"]
        assert (await replica.do("ROLE"))[0] == b"master"
