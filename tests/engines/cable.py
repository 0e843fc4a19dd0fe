"""What lies between a node and the engine, and can be cut there."""

from __future__ import annotations

import asyncio
import contextlib

from tests.databases.daemon import HOST


class Cable:
    """A port that leads to the engine's.

    `swallows`: what the engine answers is lost. `holds`: what nodes send lies here. `cut` breaks all connections, and
    ends both; what is held arrives with `release` all the same, as from the buffers of a network.
    """

    def __init__(self, to: int) -> None:
        self.port = 0
        self.swallows = False
        self.holds = False
        self._to = to
        self._server: asyncio.Server | None = None
        self._nodes: set[asyncio.StreamWriter] = set()
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self._answered: dict[asyncio.StreamWriter, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        for node in self._nodes:
            node.transport.abort()
        self._nodes.clear()
        self.swallows = self.holds = False

    async def release(self) -> None:
        """Return when the engine has answered, which nobody hears."""
        held, self._held = self._held, []
        for engine, data in held:
            self._answered[engine].clear()
            engine.write(data)
            await self._answered[engine].wait()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, from_node: asyncio.StreamReader, to_node: asyncio.StreamWriter) -> None:
        self._nodes.add(to_node)
        try:
            from_engine, to_engine = await asyncio.open_connection(HOST, self._to)
        except OSError:
            to_node.close()
            return
        answered = self._answered[to_engine] = asyncio.Event()
        answers = asyncio.create_task(self._answer(from_engine, to_node, answered))
        try:
            with contextlib.suppress(OSError):
                while data := await from_node.read(2**16):
                    if self.holds:
                        self._held.append((to_engine, data))
                    else:
                        to_engine.write(data)
            if any(engine is to_engine for engine, _ in self._held):
                # Its end comes behind what is held.
                await answers
        finally:
            answers.cancel()
            to_engine.close()
            del self._answered[to_engine]

    async def _answer(
        self, from_engine: asyncio.StreamReader, to_node: asyncio.StreamWriter, answered: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await from_engine.read(2**16):
                answered.set()
                if not self.swallows and not to_node.is_closing():
                    to_node.write(data)
        to_node.close()
