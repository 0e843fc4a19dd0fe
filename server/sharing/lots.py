"""Which of several nodes it is: the same for all that know the same nodes, and for every room another."""

from __future__ import annotations

import hashlib


def lot(node: str, room: str) -> bytes:
    """Whoever has the highest."""
    return hashlib.sha256(f"{node} {room}".encode()).digest()
