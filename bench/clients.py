"""One simulated client and its room, and the frames it sends."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field

CONNECTING, UPGRADING, JOINING, JOINED = range(4)
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: reconvene.v1\r\n\r\n"
)


class LoadError(Exception):
    """The server did not do what the load needs; the run has no figures."""


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A final client frame (RFC 6455, 5.2). The mask is there, as it must be, and zero."""
    size = len(payload)
    assert size < 65536
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload


def frames(data: bytes) -> tuple[list[tuple[int, bytes, bytes]], bytes]:
    """The complete frames (opcode, the whole frame, its payload), and the rest that is not complete yet."""
    found = []
    position, size = 0, len(data)
    while size - position >= 2:
        length, head = data[position + 1], 2
        if length == 126:
            length, head = int.from_bytes(data[position + 2 : position + 4], "big"), 4
        elif length == 127:
            length, head = int.from_bytes(data[position + 2 : position + 10], "big"), 10
        end = position + head + length
        if end > size or position + head > size:
            break
        found.append((data[position] & 15, data[position:end], data[position + head : end]))
        position = end
    return found, data[position:]


@dataclass(eq=False, slots=True)
class Room:
    """``pending`` deliveries of the flip under way, whose frame, once checked, is ``expected``."""

    name: str
    clients: list[Client] = field(default_factory=list)
    flips: tuple[bytes, bytes] = (b"", b"")
    audio: bool = False
    sent: int = 0
    pending: int = 0
    expected: bytes = b""
    since: float = 0.0

    def flip(self) -> None:
        """The first member switches the microphone."""
        self.audio = not self.audio
        self.expected = b""
        self.pending = len(self.clients)
        self.sent += 1
        self.since = time.perf_counter()
        self.clients[0].send(self.flips[self.audio])


@dataclass(eq=False, slots=True)
class Client:
    """One connection. ``roster``: how many members of its room it knows of; ``count``: deliveries."""

    index: int
    room: Room
    socket: socket.socket
    state: int = CONNECTING
    rest: bytes = b""
    id: bytes = b""
    roster: int = 0
    count: int = 0
    message: bytes = b""

    def send(self, data: bytes) -> None:
        # A closed loop has so little under way that a full buffer means that the server stopped reading.
        if self.socket.send(data) != len(data):
            raise LoadError(f"the server does not read from client {self.index}")
