"""A TCP proxy that does to connections what networks do to them.

    async with Proxy(server.port) as proxy:
        ...                                 # clients connect to proxy.port
        proxy.stall()                       # nothing arrives any more, in either direction,
        proxy.release()                     # until now, and nothing of it is lost
        proxy.cut()                         # both sides are reset
        proxy.half_open(cut="server")       # the server is reset, and the client never hears of it

Each may also be done to one connection only: `proxy.wires` has them in the order in which they came. The port behind
it may close and open again, or be another one (`proxy.target`); who connects meanwhile is reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Literal, cast

HOST = "127.0.0.1"

Side = Literal["client", "server"]

# Closing then sends RST and drops what is unsent (socket(7), SO_LINGER).
_RESET = struct.pack("ii", 1, 0)


class End(asyncio.Protocol):
    """One of the two sockets of a wire. Whatever it reads goes to `other`, as does the end of it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.transport: asyncio.Transport | None = None
        self.other: End
        self._at_end = False
        self.gone = asyncio.Event()
        """The remote, or we, closed this side."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        # Nothing is read before there is somewhere to write it.
        self.transport.pause_reading()
        self.wire.opened(self)

    def data_received(self, data: bytes) -> None:
        # What comes for a side that has gone has nowhere to go, as on a real network.
        if not self.wire.dead and self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        self._at_end = True
        if self.wire.dead:
            return False
        if self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.write_eof()
        # Half-closed: the other direction may go on.
        return not self.other._at_end

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        if not self.wire.dead:
            if exc is None and self.other.transport is not None:
                self.other.transport.close()
            else:
                self.other.reset()
        self.wire.ended()

    def reset(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            sock = self.transport.get_extra_info("socket")
            # The remote may have been faster: then there is nothing to set.
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()

    def reads(self, on: bool) -> None:
        if self.transport is not None and not self.transport.is_closing():
            if on:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()


class Wire:
    """One connection through the proxy: the socket that came from the client, and the one to the server."""

    def __init__(self, proxy: Proxy) -> None:
        self.client = End(self)
        self.server = End(self)
        self.client.other, self.server.other = self.server, self.client
        self.dead = False
        """Nothing is passed on any more, not even that a side closed."""
        self._proxy = proxy
        self._stalled = proxy.stalled

    @property
    def client_port(self) -> int:
        """The client's own port, by which a test finds its wire."""
        assert self.client.transport is not None
        return int(self.client.transport.get_extra_info("peername")[1])

    @property
    def is_open(self) -> bool:
        """Both sides are connected."""
        return self.server.transport is not None and not (
            self.client.gone.is_set() or self.server.gone.is_set()
        )

    def cut(self) -> None:
        """Reset both sides."""
        self.client.reset()
        self.server.reset()

    def stall(self) -> None:
        """Stop reading: what the sides send waits in the kernel, as does the end of it."""
        self._stalled = True
        self._let_flow()

    def release(self) -> None:
        """Deliver what waits, and go on."""
        self._stalled = False
        self._let_flow()

    def half_open(self, *, cut: Side | None = None) -> None:
        """Pass nothing on from now on, for good, and reset one side if asked: the other stays open and hears nothing.
        Without `cut` both stay open."""
        self.dead = True
        self._let_flow()
        if cut is not None:
            (self.client if cut == "client" else self.server).reset()

    def opened(self, end: End) -> None:
        if end is self.client:
            self._proxy.accepted(self)
        else:
            self._let_flow()

    def ended(self) -> None:
        if self.client.gone.is_set() and (self.server.transport is None or self.server.gone.is_set()):
            self._proxy.forget(self)

    def _let_flow(self) -> None:
        # A dead wire reads on and drops the bytes: only a reader learns that the remote gives up.
        flows = self.dead or not self._stalled
        if self.server.transport is not None:
            self.client.reads(flows)
            self.server.reads(flows)


class Proxy:
    """Listens on a free port of loopback and forwards to `target`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.wires: list[Wire] = []
        """Those that are not closed on both sides."""
        self.refusing = False
        """New connections are reset at once."""
        self.stalled = False
        self._server: asyncio.Server | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None, "was not started"
        return int(self._server.sockets[0].getsockname()[1])

    def wire_of(self, client_port: int) -> Wire:
        return next(wire for wire in self.wires if wire.client_port == client_port)

    def cut(self) -> None:
        for wire in list(self.wires):
            wire.cut()

    def stall(self) -> None:
        """New connections, too, are stalled until the release."""
        self.stalled = True
        for wire in self.wires:
            wire.stall()

    def release(self) -> None:
        self.stalled = False
        for wire in list(self.wires):
            wire.release()

    def half_open(self, *, cut: Side | None = None) -> None:
        for wire in list(self.wires):
            wire.half_open(cut=cut)

    async def __aenter__(self) -> Proxy:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Wire(self).client, HOST, 0, backlog=1024)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        if self._connecting:
            await asyncio.wait(self._connecting)
        wires = list(self.wires)
        self.cut()
        await asyncio.gather(*(wire.client.gone.wait() for wire in wires))

    # What wires report.

    def accepted(self, wire: Wire) -> None:
        if self.refusing:
            wire.client.reset()
            return
        self.wires.append(wire)
        task = asyncio.create_task(self._connect(wire))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def forget(self, wire: Wire) -> None:
        if wire in self.wires:
            self.wires.remove(wire)

    async def _connect(self, wire: Wire) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: wire.server, HOST, self.target)
        except OSError:
            wire.client.reset()
            return
        if wire.client.gone.is_set() and not wire.dead:
            wire.server.reset()
