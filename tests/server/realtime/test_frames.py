"""Frames read or written without the library are the same as with it, and in order."""

from __future__ import annotations

import asyncio
import os
import socket
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

from server.realtime.connection import Connection
from server.realtime.frames import Rfc6455, least_size, text_frame, whole_text
from server.realtime.open_sockets import OpenSockets
from server.runtime.metrics import Metrics
from signalling.protocol.errors import CloseCode
from tests.server.raw import CONT, PING, PONG, TEXT, frame

SIZES = (0, 1, 125, 126, 127, 8000, 65535, 65536)


def read(data: bytes) -> list[Any]:
    """As the library reads it."""
    library = Rfc6455(state=OPEN)
    library.receive_data(data)
    return library.events_received()


@pytest.mark.parametrize("size", SIZES)
def test_a_text_in_one_frame_is_read_as_the_library_reads_it(size: int) -> None:
    text = bytes(number % 251 for number in range(size))
    whole = frame(TEXT, text)
    (event,) = read(whole)
    assert whole_text(whole) == (event.data if size < 65536 else None)
    assert least_size(event) == len(whole)


OTHERS = {
    "a part of one": frame(TEXT, b"hello")[:-1],
    "its first byte": frame(TEXT, b"hello")[:1],
    "a part of a long one": frame(TEXT, b"x" * 200)[:7],
    "more than one": frame(TEXT, b"hello") * 2,
    "a fragment": frame(TEXT, b"hello", fin=False),
    "the end of a message": frame(CONT, b"hello"),
    "a ping": frame(PING, b"hello"),
    "not masked": frame(TEXT, b"hello", masked=False),
    "not masked, long": frame(TEXT, b"x" * 200, masked=False),
    "a reserved bit": frame(TEXT, b"hello", rsv=1),
}


@pytest.mark.parametrize("other", OTHERS)
def test_whatever_else_comes_is_left_to_the_library(other: str) -> None:
    assert whole_text(OTHERS[other]) is None


@given(st.binary(max_size=300))
def test_nothing_is_read_that_the_library_reads_otherwise(data: bytes) -> None:
    for asked in (data, b"\x81" + data, b"\x81\xfe" + data):
        text = whole_text(asked)
        if text is not None:
            assert read(asked) == [Frame(Opcode.TEXT, text)]


def test_a_whole_message_within_the_bytes_of_another_is_none() -> None:
    """Whatever the library has begun to read, it reads to the end."""
    inner, fragments = frame(TEXT, b"inner"), frame(TEXT, b"one ", fin=False)
    # A mask of zeros leaves the content as it is.
    head = frame(PONG, b"x" * len(inner))[:2] + b"\0" * 4
    heard: list[bytes] = []
    gateway: Any = SimpleNamespace(message_rate=0, received=lambda _, data: heard.append(bytes(data)))

    async def listen() -> None:
        connection = Connection(gateway=gateway, server_state=None)
        connection._transport = cast(Any, SimpleNamespace(write=lambda _: None))
        for piece in (
            head,
            inner,
            frame(TEXT, b"outer"),
            fragments,
            frame(PONG),
            frame(CONT, b"whole"),
            inner,
        ):
            connection.data_received(piece)

    asyncio.run(listen())
    assert heard == [b"outer", b"one whole", b"inner"]


async def test_what_a_socket_does_not_take_at_once_comes_in_order() -> None:
    """Frames for many are written past the transport, and answers to one are not: the order is the same."""
    frames = [text_frame(b"%d " % number + b"x" * 2000) for number in range(600)]
    async with _Pair() as (connection, client):
        received = b""
        for number, each in enumerate(frames):
            (connection.write if number % 7 == 0 else connection.tell)(each)
            if number == len(frames) // 2:
                # There is room again that the transport does not know of.
                assert connection.is_behind
                received += client.recv(65536)
        received += await _read(client, sum(map(len, frames)) - len(received))
        assert received == b"".join(frames)
        connection.tell(frames[0])
        assert await _read(client, len(frames[0])) == frames[0]


async def test_nothing_is_told_to_a_socket_that_is_closing_or_gone() -> None:
    async with _Pair() as (connection, client):
        connection.close(CloseCode.GOING_AWAY)
        connection.tell(text_frame(b"late"))
        connection._transport.abort()
        connection.tell(text_frame(b"later"))
        said = await _read(client, 1000)
        assert said.startswith(b"\x88")
        assert b"late" not in said
        # Its descriptor may be another's by now.
        other, connection._descriptor = os.pipe()
        connection.tell(text_frame(b"much later"))
        os.close(connection._descriptor)
        assert os.read(other, 100) == b""
        os.close(other)


class _Pair:
    """A connection on a real socket, and its client's end."""

    async def __aenter__(self) -> tuple[Connection, socket.socket]:
        nothing: Any = SimpleNamespace(
            message_rate=0, behind=lambda _: None, closing=lambda _: None, lost=lambda _: None
        )
        nothing.sockets = OpenSockets(0, Metrics(), lambda: 10)
        state = SimpleNamespace(connections=set())
        ours, self._client = socket.socketpair()
        self._client.setblocking(False)
        self._transport, connection = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: Connection(gateway=nothing, server_state=state), ours
        )
        return connection, self._client

    async def __aexit__(self, *_: object) -> None:
        self._client.close()
        self._transport.abort()
        await asyncio.sleep(0)


async def _read(client: socket.socket, size: int) -> bytes:
    """So many bytes, or all there are until the end."""
    received = b""
    async with asyncio.timeout(30):
        while len(received) < size:
            data = await asyncio.get_running_loop().sock_recv(client, size - len(received))
            if not data:
                break
            received += data
    return received
