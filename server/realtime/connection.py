"""One WebSocket: the protocol class that uvicorn hands upgraded connections to.

An `asyncio.Protocol` around websockets' Sans-I/O `ServerProtocol`, which implements RFC 6455 (masks, fragments, control
frames, closing handshake). There is no task and no queue per connection: messages that arrive go to the gateway, and
frames are written directly to the transport. Server frames are unmasked and carry no state of the connection
(permessage-deflate is not offered), so the bytes of one frame serve a whole room.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from typing import Any, cast

from websockets.frames import Frame, Opcode

from server.network.client_address import UNKNOWN, Client
from server.network.hosts import asked_by
from server.realtime.connection_owner import Buffer, ConnectionOwner
from server.realtime.frames import PING_FRAME, least_size, whole_text
from server.realtime.handshake import Upgrade, answer, elsewhere
from server.realtime.socket_writer import SocketWriter
from signalling.protocol.errors import CloseCode

_NO_CLOSE_FRAME = 1006
"""Fails the connection without sending a close frame (RFC 6455, section 7.1.5)."""

PIECE = 8192
"""Bytes parsed at once, and so the most that are parsed of a flood past its limit."""

_TEXT, _CONT, _BINARY, _PING, _CLOSE = Opcode.TEXT, Opcode.CONT, Opcode.BINARY, Opcode.PING, Opcode.CLOSE

_numbers = itertools.count(1)


class Connection(SocketWriter, asyncio.Protocol):
    """States: connecting (until the 101 is sent), open, closing (a close frame was sent), gone."""

    __slots__ = (
        "_allowance",
        "_allowance_at",
        "_clock",
        "_fragments",
        "_gateway",
        "_held",
        "_server_state",
        "_unread",
        "answered",
        "client",
        "joined",
        "number",
        "pinged_at",
        "renew_ice_at",
        "renew_login_at",
        "since",
        "vouched_until",
        "waits",
    )

    def __init__(self, *, gateway: ConnectionOwner, server_state: Any, **_uvicorn: Any) -> None:
        super().__init__()
        self._gateway = gateway
        self._server_state = server_state
        self._clock = self._loop.time
        self._fragments: bytearray | None = None
        self._held: list[Buffer] | None = None
        # Upper bound of the bytes of an incomplete frame that the library holds.
        self._unread = 0
        self._allowance = gateway.message_rate * 10
        self._allowance_at = self._clock()
        self.number = next(_numbers)
        self.since = self._allowance_at
        self.pinged_at = self._allowance_at
        self.answered = True
        self.joined = False
        self.waits = False
        self.client = UNKNOWN
        self.renew_ice_at = math.inf
        self.renew_login_at = self.vouched_until = math.inf

    def __repr__(self) -> str:
        return f"<Connection {self.number}>"

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # create_server makes no other kind. uvloop's transports only imitate asyncio's, so there is no class to check.
        self._writes_to(cast(asyncio.Transport, transport))
        remote = transport.get_extra_info("peername")
        self.client = Client(str(remote[0]) if remote else "", "")
        self._server_state.connections.add(self)
        self._gateway.sockets.waits(self._transport)

    def data_received(self, data: bytes) -> None:
        if len(data) > PIECE:
            for at in range(0, len(data), PIECE):
                self.data_received(data[at : at + PIECE])
            return
        self.answered = True
        if not self._unread and self._fragments is None and not self.closing:
            text = whole_text(data)
            if text is not None:
                self._text(text)
                return
        ws = self._ws
        ws.receive_data(data)
        # One pong per ping, in order, then the answer to a close frame or a protocol error.
        answers = ws.data_to_send()
        pings = 0
        frames: list[Frame] = ws.events_received()  # type: ignore[assignment] # only frames, no handshake
        self._unread += len(data)
        for frame in frames:
            self._unread -= least_size(frame)
            if frame.opcode is _PING:
                pings += 1
            if self._gateway.message_rate and not self._allowed():
                self._flooded()
            elif self.closing:
                continue
            elif frame.opcode is _PING:
                # Keeps the pong's place between the answers to the frames before and after the ping.
                self.write(answers[pings - 1])
            else:
                self._frame(frame)
        if answers:
            self._write_out(answers[pings:])

    def eof_received(self) -> None:
        self._ws.receive_eof()
        self._flush()

    def pause_writing(self) -> None:
        self._gateway.behind(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server_state.connections.discard(self)
        self._gateway.sockets.closed(self._transport)
        self._is_gone()
        self._gateway.lost(self)

    def shutdown(self) -> None:
        """Called by uvicorn when the server stops."""
        self._gateway.going_away(self)

    # Called by the gateway; `write` and `tell` are the socket writer's.

    def close(self, code: CloseCode) -> None:
        """Start the closing handshake; cut the socket if the remote does not finish it in time."""
        if self.closing:
            return
        self._send_close(code)
        self._gateway.closing(self)
        self.release()

    def ping(self, now: float) -> None:
        """`now` is the loop's time. `answered` becomes true again when the next bytes arrive."""
        self.pinged_at = now
        self.answered = False
        self.write(PING_FRAME)

    def seat(self) -> None:
        """Mark the connection as joined."""
        self.joined = True
        self._gateway.sockets.joined(self._transport)

    def wait(self) -> None:
        """Mark the connection as waiting to be let in."""
        self.waits = True
        self._gateway.sockets.joined(self._transport)

    def wait_no_more(self) -> None:
        """It is not let in, or had no place to wait in."""
        self.waits = False
        if not self.joined:
            self._gateway.sockets.parted(self._transport)

    def hold(self) -> None:
        """Keep later messages until `release`, so that they are handled after the pending join is answered."""
        self._gateway.sockets.works(self._transport)
        self._held = []
        self._transport.pause_reading()

    @property
    def is_held(self) -> bool:
        """Whether its join is pending."""
        return self._held is not None

    def release(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        self._gateway.sockets.waits(self._transport)
        # Nothing was read meanwhile, so a pong may be waiting.
        self.answered = True
        if not self._transport.is_closing():
            self._transport.resume_reading()
        for position, data in enumerate(held):
            if self.closing:
                return
            self._gateway.received(self, data)
            if self._held is not None:
                self._held += held[position + 1 :]
                return

    def pause(self, *, is_over: bool) -> None:
        """Read nothing for a while, or again."""
        if is_over and self._held is None and not self._transport.is_closing():
            self._transport.resume_reading()
        elif not is_over:
            self._transport.pause_reading()

    # RFC 6455

    def upgrade(self, asked: Upgrade, behind: bytes) -> None:
        """Answer the handshake. `behind`: bytes that came after it."""
        gateway, remote, header = self._gateway, self.client.address, asked.headers.get_all
        names = asked_by(header, trusted=gateway.proxies.trusts(remote))
        self.client = client = gateway.proxies.client(remote, header)
        gateway.sockets.comes_from(self._transport, None if client.hidden else client.network or None)
        origins = gateway.allowed_origins
        response = answer(asked, lambda: self._ws, names, gateway.hosts, origins, gateway.base_path)
        if response.status == 101 and gateway.refuses_sockets:
            response = elsewhere(self._ws)
        self._transport.write(response.data)
        if response.status == 101:
            self._gateway.opened(self)
            self._gateway.count(self)
            if behind:
                self.data_received(behind)
            return
        self._ws.fail(_NO_CLOSE_FRAME)
        self._flush()
        self._gateway.upgrade_refused(self, response.status, response.why)

    def _frame(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is _TEXT and frame.fin:
            self._message(frame.data)
        elif opcode is _TEXT:
            self._fragments = bytearray(frame.data)
        elif opcode is _CONT and self._fragments is not None:
            self._fragments += frame.data
            if frame.fin:
                message, self._fragments = bytes(self._fragments), None
                self._message(message)
        elif opcode is _BINARY:
            self.close(CloseCode.UNSUPPORTED_DATA)
        # The library answers close frames; data_received() notes pongs.

    def _text(self, text: bytes) -> None:
        if self._gateway.message_rate and not self._allowed():
            self._flooded()
        else:
            self._message(text)

    def _message(self, data: Buffer) -> None:
        try:
            # RFC 6455 section 8.1. The JSON decoder does not check strings that are only relayed.
            str(data, "utf-8")
        except UnicodeDecodeError:
            self.close(CloseCode.INVALID_DATA)
            return
        if self._held is not None:
            self._held.append(data)
        else:
            self._gateway.received(self, data)

    def _allowed(self) -> bool:
        """Take one token from the bucket, which fills at the message rate up to ten seconds' worth."""
        now = self._clock()
        rate = self._gateway.message_rate
        self._allowance = min(rate * 10, self._allowance + (now - self._allowance_at) * rate)
        self._allowance_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def count_more(self, messages: float) -> None:
        """The message that was just received counts for so many besides itself."""
        self._allowance -= messages

    def _flooded(self) -> None:
        if not self.closing:
            self._gateway.flooded(self)
        elif not self._ws.eof_sent:
            self._ws.fail(CloseCode.RATE_LIMITED)
            self._flush()
