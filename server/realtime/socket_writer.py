"""The writing half of a WebSocket: frames, the library's answers, and closing."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence

from websockets.protocol import OPEN

from server.realtime.frames import Rfc6455
from signalling.protocol.client_messages import MAX_SIZE
from signalling.protocol.errors import CLOSE_REASONS, CloseCode

WRITE_LIMIT = 1024 * 1024
"""Bytes a client may be behind before it is closed (4100) and told to resume."""

BEHIND = WRITE_LIMIT // 4
"""Bytes a client may be behind before signals to it are refused, so that no other member can have it closed."""

CLOSE_TIMEOUT = 5.0
"""Seconds a closing handshake may take before the socket is cut."""

# The library's errors are the remotes' mistakes; these are answered, not logged.
_quiet = logging.getLogger("reconvene.websocket")
_quiet.setLevel(logging.CRITICAL)


class SocketWriter:
    """`write(frame)` is the transport's own while the socket is open."""

    __slots__ = ("_closer", "_descriptor", "_library", "_loop", "_transport", "closing", "write")

    _transport: asyncio.Transport
    _descriptor: int

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._library: Rfc6455 | None = None
        self._closer: asyncio.TimerHandle | None = None
        self.closing = False
        self.write: Callable[[bytes], None] = _nowhere

    def _writes_to(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.write = transport.write
        socket = transport.get_extra_info("socket")
        # -1 makes os.write fail in `tell`, so that the transport writes everything.
        self._descriptor = -1 if socket is None else socket.fileno()
        transport.set_write_buffer_limits(high=WRITE_LIMIT)

    @property
    def _ws(self) -> Rfc6455:
        """The library's side, which most connections need only when they close."""
        if self._library is None:
            # OPEN, since the HTTP parser has read the handshake and the library need not.
            self._library = Rfc6455(max_size=MAX_SIZE, logger=_quiet, state=OPEN)
        return self._library

    @property
    def close_code(self) -> int:
        """The code the server closed with, or answered a close with; 1006 if the socket was cut (RFC 6455, 7.1.5)."""
        sent = None if self._library is None else self._library.close_sent
        return sent.code if sent else 1006

    @property
    def goodbye(self) -> bool:
        """Whether the remote began the close, with 1000: the code a page's script sends."""
        ws = self._library
        if ws is None or ws.close_rcvd is None:
            return False
        return bool(ws.close_rcvd_then_sent) and ws.close_rcvd.code == CloseCode.NORMAL

    def tell(self, frame: bytes) -> None:
        """Write a frame that goes to many. Bypasses the transport if its buffer is empty: the transport's cost for one
        member exceeds all the work that is done once for a room."""
        if self.closing or self._transport.get_write_buffer_size():
            self.write(frame)
            return
        try:
            sent = os.write(self._descriptor, frame)
        except OSError:
            # The socket is full or gone; the transport finds out which.
            sent = 0
        if sent < len(frame):
            self.write(frame[sent:])

    @property
    def is_behind(self) -> bool:
        return self._transport.get_write_buffer_size() > BEHIND

    def _send_close(self, code: CloseCode) -> None:
        """Start the closing handshake; cut the socket if the remote does not finish it in time."""
        self.closing = True
        if self._ws.state is OPEN:
            if code is CloseCode.RATE_LIMITED:
                # Stop reading a flood (RFC 6455, 7.1.7): its pings are no longer parsed or answered.
                self._ws.fail(code, CLOSE_REASONS[code])
            else:
                self._ws.send_close(code, CLOSE_REASONS[code])
        self._flush()
        self.write = _nowhere
        self._closes_soon()

    def _flush(self) -> None:
        """Write the bytes that the library has to send."""
        self._write_out(self._ws.data_to_send())

    def _write_out(self, answers: Sequence[bytes]) -> None:
        """Write pongs and close frames; an empty answer means end of stream."""
        for data in answers:
            if data:
                self._transport.write(data)
            else:
                # Half-closed only: closing at once with bytes unread would reset the connection, and the remote
                # might never see the close frame.
                if self._transport.can_write_eof():
                    self._transport.write_eof()
                self.closing = True
                self.write = _nowhere
                self._closes_soon()

    def _closes_soon(self) -> None:
        if self._closer is None:
            self._closer = self._loop.call_later(CLOSE_TIMEOUT, self._transport.abort)

    def _is_gone(self) -> None:
        self.closing = True
        self.write = _nowhere
        if self._closer is not None:
            self._closer.cancel()
            self._closer = None


def _nowhere(_frame: object) -> None:
    """Discards frames for a socket that is closing."""
