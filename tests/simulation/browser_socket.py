"""The browser's WebSocket: websockets' Sans-I/O client at the page's end of a link."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.signalling.frames import Dialogue
from tests.simulation.clock import VirtualLoop
from tests.simulation.network import Link

URI = parse_uri("ws://meet.example/ws")
SUBPROTOCOL = Subprotocol("reconvene.v1")
CLOSE_TIMEOUT = 2.0
"""Seconds a browser gives a closing handshake."""

LOST = 1006
_quiet = logging.getLogger("simulation.websocket")
_quiet.setLevel(logging.CRITICAL)


class Owner(Protocol):
    """The page, which is told of everything. `malformed`: what was wrong in frames either way."""

    malformed: list[str]

    def opened(self, socket: Socket) -> None: ...
    def received(self, socket: Socket, data: bytes) -> None: ...
    def closed(self, socket: Socket, code: int) -> None: ...


class Socket:
    def __init__(self, page: Owner, loop: VirtualLoop) -> None:
        self.page = page
        self.link: Link | None = None
        self.since = loop.time()
        self.given_up = False
        self._loop = loop
        self._ws = ClientProtocol(URI, subprotocols=[SUBPROTOCOL], max_size=None, logger=_quiet)
        self._over = False
        self._dialogue = Dialogue()

    def connected(self, link: Link) -> None:
        self.link = link
        self._ws.send_request(self._ws.connect())
        self._flush()

    def refused(self) -> None:
        self._close(LOST)

    def send(self, text: str) -> None:
        self._hold(text.encode(), self._dialogue.sent)
        if self._ws.state is OPEN:
            self._ws.send_text(text.encode())
            self._flush()

    def drop(self, code: int) -> None:
        """Close it; the page hears no more of it."""
        self.given_up = True
        if self.link is None or self._ws.state is not OPEN:
            self.abort()
            return
        self._ws.send_close(code)
        self._flush()
        self._loop.call_later(CLOSE_TIMEOUT, self.abort)

    def abort(self, *, heard: bool = True) -> None:
        self.given_up = True
        if self.link is not None and not self._over:
            if heard:
                self.link.up.end(reset=True)
            else:
                self.link.vanish()
        self._over = True

    # The network's side.

    def arrived(self, data: bytes) -> None:
        if self._over:
            return
        ws = self._ws
        ws.receive_data(data)
        for event in ws.events_received():
            if isinstance(event, Response):
                if ws.state is OPEN:
                    self.page.opened(self)
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._hold(bytes(event.data), self._dialogue.received)
                self.page.received(self, bytes(event.data))
        self._flush()
        if ws.close_rcvd is not None and not self.given_up:
            self._loop.call_later(CLOSE_TIMEOUT, self._close, ws.close_rcvd.code)

    def _hold(self, frame: bytes, check: Callable[[bytes], None]) -> None:
        """Against what the protocol says is in it."""
        try:
            check(frame)
        except AssertionError as error:
            self.page.malformed.append(str(error))

    def ended(self) -> None:
        if not self._over:
            self._ws.receive_eof()
            self._flush()
            if self.link is not None:
                self.link.up.end()
        self._close(self._code)

    def reset(self) -> None:
        self._close(self._code)

    @property
    def _code(self) -> int:
        return self._ws.close_rcvd.code if self._ws.close_rcvd is not None else LOST

    def _close(self, code: int) -> None:
        if not self._over:
            self._over = True
            self.page.closed(self, code)

    def _flush(self) -> None:
        for data in self._ws.data_to_send():
            if data and self.link is not None:
                self.link.up.send(data)
