"""WebSocket frames (RFC 6455) as a client of many connections writes and reads them: as cheaply as Python can.

There are no extensions and no compression, which clients that generate load offer none of.
"""

from __future__ import annotations

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
CONTINUED = 0
FINAL = 0x80
"""In the first byte of a frame: it is the last of its message."""

Frame = tuple[int, bytes, bytes]
"""Its opcode, the whole of it, its payload."""


def upgrade(authority: str, path: str = "/ws") -> bytes:
    """The request that opens a WebSocket. `authority`: host and port, as in the address."""
    # One key for all: it is there to tell a server from one that speaks plain HTTP only.
    return (
        f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: reconvene.v1\r\n\r\n"
    ).encode()


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A final client frame (RFC 6455, 5.2), of less than 64 KiB (`OverflowError`).

    The mask is there, as it must be, and zero: it protects what is between from texts that somebody else chose, and
    nobody else chooses these.
    """
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([FINAL | opcode]) + length + b"\0\0\0\0" + payload


def frames(data: bytes) -> tuple[list[Frame], bytes]:
    """The frames of a server that are complete, and the rest that is not complete yet."""
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
