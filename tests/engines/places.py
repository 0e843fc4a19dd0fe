"""What the contract suite runs against: an engine that is empty, nodes' ways to it, and what can happen to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Protocol

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import Beaten
from server.cluster.redis import keys
from server.cluster.redis.redis_engine import RedisEngine
from tests.databases.daemon import HOST
from tests.engines.cable import Cable
from tests.engines.memory import MemoryEngine
from tests.engines.memory_server import MemoryServer
from tests.engines.servers import EngineServer, redis_program, valkey_program
from tests.engines.space import Space

SETTLING = 0.03


class Place(Protocol):
    """`cut` breaks all connections. Until then `swallow` loses all answers, and `hold` all calls, which arrive with
    `release`. `fail_over` goes back to what `remember` kept, as another incarnation; `restart` to nothing, or not.
    """

    async def engine(self, settling: float = SETTLING) -> Engine:
        """A node's own way, opened."""

    async def end_lease(self, node: str) -> None: ...

    async def overflow(self, node: str) -> None:
        """Leave the newest message of an inbox alone."""

    async def remember(self) -> None: ...

    async def fail_over(self) -> None: ...

    async def restart(self, *, empty: bool) -> None: ...

    async def forget_scripts(self) -> None: ...

    def swallow(self) -> None: ...

    def hold(self) -> None: ...

    async def release(self) -> None: ...

    def cut(self) -> None: ...

    async def close(self) -> None: ...


class MemoryPlace(Place):
    def __init__(self) -> None:
        self.server = MemoryServer(Space(settling=SETTLING))
        self._engines: list[MemoryEngine] = []
        self._remembered = self.server.space

    async def engine(self, settling: float = SETTLING) -> Engine:
        self.server.space.settle_for = settling
        engine = MemoryEngine(self.server)
        self._engines.append(engine)
        await engine.open()
        return engine

    async def end_lease(self, node: str) -> None:
        del self.server.space.nodes[node]

    async def overflow(self, node: str) -> None:
        box = self.server.space.boxes[node]
        self.server.space.boxes[node] = replace(box, entries=box.entries[-1:])

    async def remember(self) -> None:
        self._remembered = self.server.space.copy()

    async def fail_over(self) -> None:
        self.server.space = self._remembered
        await self.restart(empty=False)

    async def restart(self, *, empty: bool) -> None:
        self.cut()
        self.server.restart(empty=empty)

    async def forget_scripts(self) -> None:
        """It has none."""

    def swallow(self) -> None:
        self.server.swallows = True

    def hold(self) -> None:
        self.server.holds = True

    async def release(self) -> None:
        self.server.release()

    def cut(self) -> None:
        self.server.swallows = self.server.holds = False
        for engine in self._engines:
            engine.break_connection()

    async def close(self) -> None:
        self.cut()


class ServerPlace(Place):
    """On a process that is kept between tests."""

    def __init__(self, server: EngineServer) -> None:
        self.server = server
        self._cable = Cable(server.port)
        self._engines: list[RedisEngine] = []
        self._remembered: dict[bytes, tuple[bytes, int]] = {}

    async def start(self) -> None:
        await self.server.do("FLUSHALL")
        await self._cable.start()

    async def engine(self, settling: float = SETTLING) -> Engine:
        engine = RedisEngine(f"redis://{HOST}:{self._cable.port}", settling=settling)
        await engine.open()
        self._engines.append(engine)
        return engine

    async def end_lease(self, node: str) -> None:
        await self.server.do("DEL", keys.node(node))

    async def overflow(self, node: str) -> None:
        await self.server.do("XTRIM", keys.inbox(node), "MAXLEN", 1)

    async def remember(self) -> None:
        do = self.server.do
        self._remembered = {
            key: (await do("DUMP", key), await do("PTTL", key)) for key in await do("KEYS", "*")
        }

    async def fail_over(self) -> None:
        await self.server.do("FLUSHALL")
        for key, (value, left) in self._remembered.items():
            await self.server.do("RESTORE", key, max(left, 0), value)
        await self.restart(empty=False)

    async def restart(self, *, empty: bool) -> None:
        if empty:
            await self.server.do("FLUSHALL")
        await self.server.kill()
        await self.server.start()

    async def forget_scripts(self) -> None:
        await self.server.do("SCRIPT", "FLUSH")

    def swallow(self) -> None:
        self._cable.swallows = True

    def hold(self) -> None:
        self._cable.holds = True

    async def release(self) -> None:
        await self._cable.release()

    def cut(self) -> None:
        self._cable.cut()

    async def close(self) -> None:
        for engine in self._engines:
            await engine.close()
        await self._cable.close()


class Servers:
    """Processes of engines, started when they are first asked for, and kept."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._started: dict[str, EngineServer] = {}

    async def of(self, binary: str) -> EngineServer:
        if binary not in self._started:
            # Written to the system when it is answered, which outlives a kill.
            server = EngineServer(binary, appendonly="yes", appendfsync="no")
            self._started[binary] = await self._stack.enter_async_context(server)
        return self._started[binary]

    async def close(self) -> None:
        await self._stack.aclose()


async def memory_place(_servers: Servers) -> Place:
    return MemoryPlace()


async def redis_place(servers: Servers) -> Place:
    return await _server_place(await servers.of(redis_program()))


async def valkey_place(servers: Servers) -> Place:
    return await _server_place(await servers.of(valkey_program()))


async def _server_place(server: EngineServer) -> Place:
    place = ServerPlace(server)
    await place.start()
    return place


ENGINES: Mapping[str, Callable[[Servers], Awaitable[Place]]] = {
    "memory": memory_place,
    "redis": redis_place,
    "valkey": valkey_place,
}


async def first_beat(engine: Engine, node: str) -> Beaten:
    """As soon as there is a connection: what was broken may not have been noticed yet."""
    while True:
        await engine.connected()
        try:
            beaten = await engine.beat(node, b"about")
        except EngineUnavailable:
            continue
        assert isinstance(beaten, Beaten)
        return beaten


async def alive(engine: Engine, node: str) -> Beaten:
    """Beat until rooms may be taken."""
    beaten = await first_beat(engine, node)
    if not beaten.settling:
        return beaten
    await asyncio.sleep(beaten.settling)
    return await alive(engine, node)
