"""WebSocket frames (RFC 6455), written and read as cheaply as Python can, for one process with many connections.

No extensions and no compression: the clients offer none.
"""

from __future__ import annotations

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
CONTINUED = 0
FINAL = 0x80
"""The bit in a frame's first byte that marks the last frame of a message."""

Frame = tuple[int, bytes, bytes]
"""The opcode, the whole frame, the payload."""


def upgrade(authority: str, path: str = "/ws") -> bytes:
    """The request that opens a WebSocket. `authority`: host and port, as in the address."""
    # One key for all sockets: it only tells a WebSocket server from one that speaks plain HTTP.
    return (
        f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: reconvene.v1\r\n\r\n"
    ).encode()


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A final client frame (RFC 6455, 5.2), of less than 64 KiB (`OverflowError`).

    The mask is required, and zero here: it protects proxies from text that a third party chose, and no third party
    chooses this text.
    """
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([FINAL | opcode]) + length + b"\0\0\0\0" + payload


def frames(data: bytes) -> tuple[list[Frame], bytes]:
    """The complete frames that the server sent, and the incomplete rest."""
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
