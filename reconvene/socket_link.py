"""One WebSocket of a `MeetingSocket`, which makes another when this one is lost."""

from __future__ import annotations

import asyncio
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from reconvene.one_line import one_line

SUBPROTOCOL = Subprotocol("reconvene.v1")

CLOSE_TIMEOUT = 2.0
"""Seconds for the close handshake of a dropped socket before it is cut."""

MAX_SIZE = 16 * 1024 * 1024
"""Most bytes of one message; a roster of a thousand takes a third of a megabyte."""

LOST = 1006
"""The close code when no close frame arrived (RFC 6455 section 7.1.5)."""


class Owner(Protocol):
    """Hears what becomes of its links. `failure`: why the last one could not be opened, or broke off."""

    failure: str

    def opened(self, link: SocketLink) -> None: ...

    def received(self, link: SocketLink, text: str) -> None: ...

    def closed(self, link: SocketLink, code: int) -> None: ...


class SocketLink:
    """One WebSocket, from the attempt to connect to its end: one task reads, and one writes in order."""

    def __init__(self, owner: Owner, url: str) -> None:
        self._owner = owner
        self._outbox: asyncio.Queue[str | int] = asyncio.Queue()
        """Texts to send, and last the code to close with."""
        self._ws: ClientConnection | None = None
        self.task = asyncio.create_task(self._run(url))

    @property
    def local_port(self) -> int | None:
        return int(self._ws.local_address[1]) if self._ws is not None else None

    def send(self, text: str) -> None:
        self._outbox.put_nowait(text)

    def drop(self, code: int) -> None:
        """Close it after the texts sent before; nothing more is reported to the owner."""
        self._outbox.put_nowait(code)
        if self._ws is None:
            self.task.cancel()
        else:
            # A remote that does not read would delay the close frame for ever.
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self.task.cancel)

    def cut(self) -> None:
        if self._ws is not None:
            self._ws.transport.abort()

    async def _run(self, url: str) -> None:
        code = LOST
        try:
            # No pings by the library: the client has a heartbeat, and a time-out for connecting, of its own.
            async with connect(
                url,
                subprotocols=[SUBPROTOCOL],
                open_timeout=None,
                ping_interval=None,
                close_timeout=CLOSE_TIMEOUT,
                compression=None,
                proxy=None,
                max_size=MAX_SIZE,
            ) as self._ws:
                code = await self._talk(self._ws)
        except (OSError, WebSocketException) as error:
            self._owner.failure = one_line(error)
        self._owner.closed(self, code)

    async def _talk(self, ws: ClientConnection) -> int:
        self._owner.opened(self)
        writer = asyncio.create_task(self._write(ws))
        try:
            async for text in ws:
                if isinstance(text, str):
                    self._owner.received(self, text)
        except ConnectionClosed:
            pass
        finally:
            writer.cancel()
            await asyncio.wait([writer])
        return ws.close_code or LOST

    async def _write(self, ws: ClientConnection) -> None:
        try:
            while isinstance(item := await self._outbox.get(), str):
                await ws.send(item)
            await ws.close(item)
        except ConnectionClosed:
            pass  # the reading task reports it
