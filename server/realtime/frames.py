"""Makes and reads WebSocket frames (RFC 6455, section 5), where this is faster than the library.

The library can read all input. Nearly all of it is one whole text message in one read, which is decoded here in a
tenth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from server.realtime.handshake import chosen_subprotocol

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

PING_FRAME = b"\x89\x00"

_FINAL_TEXT = 0x81
_MASKED = 0x80
_TWO_BYTES = _MASKED | 126

_SIZE_UNTIL_NOW = ("cur_size", "current_size")
"""Names of the library's attribute (up to version 15; later) for the size of a fragmented message so far, or None."""


def text_frame(payload: bytes) -> bytes:
    """An unmasked, final text frame (section 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def whole_text(data: bytes) -> bytes | None:
    """The unmasked payload, if the data is exactly one text message in one frame from a client; otherwise None."""
    size = len(data)
    if size < 6 or data[0] != _FINAL_TEXT:
        return None
    length = data[1]
    if _MASKED <= length < _TWO_BYTES:
        if size != length - _MASKED + 6:
            return None
        return apply_mask(data[6:], data[2:6])
    if length != _TWO_BYTES or size < 8 or size != int.from_bytes(data[2:4], "big") + 8:
        return None
    return apply_mask(data[8:], data[4:8])


def least_size(frame: Frame) -> int:
    """The fewest bytes that a client's frame can take. (Its length may be encoded in more bytes than needed.)"""
    length = len(frame.data)
    return length + 6 + (0 if length < 126 else 2 if length < 65536 else 8)


class Rfc6455(ServerProtocol):
    """The library's protocol, which reads all other frames and makes the answers to them."""

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        return chosen_subprotocol(subprotocols)

    def recv_frame(self, frame: Frame) -> None:
        """Allow a close frame within a fragmented message (section 5.4); the library would fail the connection."""
        if frame.opcode is Opcode.CLOSE:
            for size in _SIZE_UNTIL_NOW:
                setattr(self, size, None)
        super().recv_frame(frame)
