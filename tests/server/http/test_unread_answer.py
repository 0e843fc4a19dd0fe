"""Whoever goes on reading an answer is not cut off, however long it is; whoever reads nothing is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from server.http.unread_answer import LEAST, UnreadAnswer, unread

PATIENCE = 30.0


class Transport:
    """A connection on which so many bytes are still to be read."""

    def __init__(self, size: int) -> None:
        self.size = size

    def get_write_buffer_size(self) -> int:
        return self.size

    def get_extra_info(self, _name: str) -> None:
        return None


class Loop:
    """A loop on which time passes when a test says so."""

    def __init__(self) -> None:
        self.due: Callable[[], None] | None = None

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        assert seconds == PATIENCE
        assert self.due is None
        self.due = call
        return self

    def cancel(self) -> None:
        self.due = None

    def patience_is_over(self) -> None:
        call, self.due = self.due, None
        assert call is not None
        call()


class Scene:
    def __init__(self, size: int) -> None:
        self.transport, self.loop, self.cuts = Transport(size), Loop(), 0
        self.answer = UnreadAnswer(cast(Any, self.loop))

    def watch(self) -> None:
        def cut() -> None:
            self.cuts += 1

        self.answer.watch(cast(Any, self.transport), PATIENCE, cut)


def test_a_slow_steady_reader_is_not_cut() -> None:
    scene = Scene(40 * LEAST)
    scene.watch()
    for _ in range(40):
        scene.transport.size -= LEAST
        scene.watch()
        scene.loop.patience_is_over()
    assert scene.cuts == 0
    scene.answer.forget()
    assert scene.loop.due is None


def test_who_reads_nothing_or_next_to_nothing_is_cut() -> None:
    for read in (0, 1, LEAST - 1):
        scene = Scene(40 * LEAST)
        scene.watch()
        scene.transport.size -= LEAST
        scene.loop.patience_is_over()
        scene.transport.size -= read
        scene.loop.patience_is_over()
        assert (scene.cuts, scene.loop.due) == (1, None)


def test_the_last_bytes_have_their_time_too() -> None:
    scene = Scene(LEAST // 2)
    scene.watch()
    scene.transport.size = 1
    scene.loop.patience_is_over()
    assert scene.cuts == 1


async def test_what_the_kernel_has_counts() -> None:
    """A slow line takes bytes out of the kernel long before the kernel takes more of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        remote, _ = listener.accept()
        with client, remote:
            client.setblocking(False)
            transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=client)
            transport.write(b"x" * 2**24)
            before, ours = unread(transport), transport.get_write_buffer_size()
            transport.abort()
    assert before > ours > 0


def test_of_a_connection_that_is_closed_by_now_nothing_is_unread() -> None:
    class Closed(Transport):
        def get_extra_info(self, _name: str) -> Any:
            sock = socket.socket()
            sock.close()
            return sock

    assert unread(cast(asyncio.Transport, Closed(0))) == 0
