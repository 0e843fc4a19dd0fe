"""The server's side of a simulated socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from websockets.datastructures import Headers

from server.realtime.connection import Connection
from server.realtime.handshake import Upgrade
from server.realtime.socket_writer import BEHIND
from tests.simulation.network import Link

if TYPE_CHECKING:
    from tests.simulation.server import Server

CLOSE_FRAME = 0x88
"""How one begins (RFC 6455, section 5.2). It is always written by itself."""

SOON_BEHIND = 100
"""Bytes that count as what a real connection may be behind."""


class Transport(asyncio.Transport):
    """The server's end of a link."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self._protocol: Connection | None = None
        self._link: Link | None = None
        self._unread = b""
        self._head: bytes | None = b""
        """What has come of the handshake, until all of it has."""
        self._paused = False
        self._over = False

    def begin(self, link: Link) -> None:
        self._link = link
        protocol = Connection(gateway=self._server.gateway, server_state=self._server.state)
        self._protocol = protocol
        protocol.connection_made(self)

    # The network's side.

    def arrived(self, data: bytes) -> None:
        if self._over or self._server.killed:
            return
        if self._server.stopped:
            self._server.loop.call_soon(self._arrived_late, data, context=self._server.context)
        elif self._paused:
            self._unread += data
        else:
            self._server.context.run(self._deliver, data)

    def ended(self) -> None:
        if self._server.stopped:
            self._server.loop.call_soon(self._ended_late, context=self._server.context)
        elif not self._over and not self._server.killed:
            self._server.context.run(self._end)

    def _arrived_late(self, data: bytes) -> None:
        """In the server's own code, which was stopped when it came."""
        if self._paused:
            self._unread += data
        elif not self._over:
            self._deliver(data)

    def _ended_late(self) -> None:
        if not self._over:
            self._end()

    def reset(self) -> None:
        self._close()

    def _deliver(self, data: bytes) -> None:
        assert self._protocol is not None
        if self._head is None:
            self._protocol.data_received(data)
            return
        # What the HTTP side makes of it.
        head, complete, behind = (self._head + data).partition(b"\r\n\r\n")
        self._head = None if complete else head
        if complete:
            request, *fields = head.decode("latin-1").split("\r\n")
            method, target, version = request.split(" ")
            headers = Headers((name, value) for name, _, value in (each.partition(": ") for each in fields))
            self._protocol.upgrade(Upgrade(method, version.removeprefix("HTTP/"), target, headers), behind)

    def _end(self) -> None:
        assert self._protocol is not None
        self._protocol.eof_received()
        self.close()

    def _close(self) -> None:
        if not self._over and not self._server.killed:
            self._over = True
            self._server.loop.call_soon(self._lost, context=self._server.context)

    def _lost(self) -> None:
        assert self._protocol is not None
        self._protocol.connection_lost(None)

    # asyncio's side.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self._over

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._over and self._link is not None:
            if data[0] == CLOSE_FRAME:
                self._link.closes()
            self._link.down.send(bytes(data))

    def get_write_buffer_size(self) -> int:
        """As if kernels kept little: a stalled link is soon behind."""
        unread = self._link.down.unread if self._link is not None else 0
        return unread * BEHIND // SOON_BEHIND

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if self._link is not None:
            self._link.down.end()

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        if self._unread:
            self._server.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        unread, self._unread = self._unread, b""
        if unread:
            self.arrived_now(unread)

    def arrived_now(self, data: bytes) -> None:
        """As `arrived`, in the server's own code."""
        if self._paused:
            self._unread = data + self._unread
        elif not self._over:
            self._deliver(data)

    def close(self) -> None:
        self.write_eof()
        self._close()

    def abort(self) -> None:
        if self._link is not None:
            self._link.down.end(reset=True)
        self._close()
