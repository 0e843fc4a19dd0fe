"""The proxy does what it says, so that a test that uses it tests what it means to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.server.proxy import HOST, Proxy

pytestmark = pytest.mark.timeout(20)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Target:
    """A server that hands over each connection it gets."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[Streams] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self, port: int = 0) -> int:
        self._server = await asyncio.start_server(self._accept, HOST, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.connections.put_nowait((reader, writer))


class Pair:
    """A connection through the proxy, seen from its two ends."""

    def __init__(self, client: Streams, server: Streams) -> None:
        self.from_server, self.to_server = client
        self.from_client, self.to_client = server

    async def talks(self) -> None:
        """What is sent arrives, in both directions."""
        self.to_server.write(b"hello")
        assert await self.from_client.readexactly(5) == b"hello"
        self.to_client.write(b"world")
        assert await self.from_server.readexactly(5) == b"world"


class Bench:
    def __init__(self, proxy: Proxy, target: Target) -> None:
        self.proxy, self.target = proxy, target
        self.clients: list[asyncio.StreamWriter] = []

    async def connect(self) -> Streams:
        reader, writer = await asyncio.open_connection(HOST, self.proxy.port)
        self.clients.append(writer)
        return reader, writer

    async def pair(self) -> Pair:
        client = await self.connect()
        return Pair(client, await self.target.connections.get())


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    target = Target()
    async with Proxy(await target.open()) as proxy:
        bench = Bench(proxy, target)
        yield bench
        for writer in bench.clients:
            writer.transport.abort()
    await target.close()


async def reset(reader: asyncio.StreamReader) -> None:
    with pytest.raises(ConnectionResetError):
        await reader.read()


async def test_it_forwards_both_ways_and_passes_the_end_on(bench: Bench) -> None:
    pair = await bench.pair()
    (wire,) = bench.proxy.wires
    await pair.talks()
    pair.to_server.write(b"last words")
    pair.to_server.write_eof()
    assert await pair.from_client.read() == b"last words"
    pair.to_client.write(b"answered")
    pair.to_client.close()
    assert await pair.from_server.read() == b"answered"
    await asyncio.gather(wire.client.gone.wait(), wire.server.gone.wait())
    assert bench.proxy.wires == []


async def test_a_cut_resets_both_sides(bench: Bench) -> None:
    pair, other = await bench.pair(), await bench.pair()
    bench.proxy.wires[0].cut()
    await reset(pair.from_server)
    await reset(pair.from_client)
    await other.talks()
    bench.proxy.cut()
    await reset(other.from_server)
    await reset(other.from_client)
    assert bench.proxy.wires == []


async def test_a_reset_by_one_side_reaches_the_other_as_an_end(bench: Bench) -> None:
    pair = await bench.pair()
    pair.to_server.transport.abort()
    assert await pair.from_client.read() == b""


async def test_a_stall_holds_what_is_sent_and_the_release_delivers_it(bench: Bench) -> None:
    pair, other = await bench.pair(), await bench.pair()
    wire = bench.proxy.wires[0]
    wire.stall()
    arrived = asyncio.create_task(pair.from_client.read())
    heard = asyncio.create_task(pair.from_server.readexactly(4))
    pair.to_client.write(b"eins")
    pair.to_server.write(b"one")
    pair.to_server.write_eof()
    # What is sent later by another wire arrives; what is stalled would have, too.
    await other.talks()
    assert wire.is_open
    assert not arrived.done()
    assert not heard.done()
    wire.release()
    assert await arrived == b"one"
    assert await heard == b"eins"


async def test_bytes_held_in_both_directions_come_in_order(bench: Bench) -> None:
    pair = await bench.pair()
    bench.proxy.stall()
    late = await bench.connect()
    for number in range(10):
        pair.to_server.write(b"%d " % number)
        pair.to_client.write(b"%d " % number)
    bench.proxy.release()
    assert await pair.from_client.readexactly(20) == b"0 1 2 3 4 5 6 7 8 9 "
    assert await pair.from_server.readexactly(20) == b"0 1 2 3 4 5 6 7 8 9 "
    await Pair(late, await bench.target.connections.get()).talks()


async def test_a_half_open_client_hears_nothing(bench: Bench) -> None:
    pair, other = await bench.pair(), await bench.pair()
    wire = bench.proxy.wires[0]
    wire.half_open(cut="server")
    await reset(pair.from_client)
    pair.to_server.write(b"is anybody there?")
    heard = asyncio.create_task(pair.from_server.read())
    await other.talks()
    assert not heard.done()
    assert not wire.client.gone.is_set()
    pair.to_server.transport.abort()
    await wire.client.gone.wait()


async def test_a_half_open_server_hears_nothing(bench: Bench) -> None:
    pair, other = await bench.pair(), await bench.pair()
    wire = bench.proxy.wires[0]
    wire.half_open(cut="client")
    await reset(pair.from_server)
    pair.to_client.write(b"is anybody there?")
    heard = asyncio.create_task(pair.from_client.read())
    await other.talks()
    assert not heard.done()
    assert not wire.server.gone.is_set()
    pair.to_client.transport.abort()
    await wire.server.gone.wait()


async def test_a_dead_wire_carries_nothing_and_tells_neither_side(bench: Bench) -> None:
    pair, other = await bench.pair(), await bench.pair()
    wire = bench.proxy.wires[0]
    wire.half_open()
    pair.to_server.write(b"lost")
    heard = asyncio.create_task(pair.from_client.read())
    pair.to_server.transport.abort()
    await wire.client.gone.wait()
    await other.talks()
    assert not heard.done()
    assert not wire.server.gone.is_set()


async def test_it_can_refuse(bench: Bench) -> None:
    pair = await bench.pair()
    bench.proxy.refusing = True
    refused, _ = await bench.connect()
    await reset(refused)
    await pair.talks()
    bench.proxy.refusing = False
    await (await bench.pair()).talks()


async def test_the_target_may_go_away_and_come_back(bench: Bench) -> None:
    pair = await bench.pair()
    await bench.target.close()
    assert await pair.from_server.read() == b""
    turned_away, _ = await bench.connect()
    await reset(turned_away)
    await bench.target.open(bench.proxy.target)
    await (await bench.pair()).talks()


async def test_wires_are_found_by_the_port_of_the_client(bench: Bench) -> None:
    await bench.pair()
    pair = await bench.pair()
    port = pair.to_server.get_extra_info("sockname")[1]
    bench.proxy.wire_of(port).cut()
    await reset(pair.from_server)
