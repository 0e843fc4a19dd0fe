"""Names of what a client or a server can do beyond the first version of the protocol.

A client lists its features when it joins or resumes; `joined` lists the server's. Unknown names are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable

BATCH = "batch"
"""The client accepts several events in one frame (`server_messages.Batch`)."""

BUSY = "busy"
"""The client repeats commands answered with `busy`. Signals between two such clients are at most `flow.SMALL` bytes."""

ICE = "ice"
"""The client accepts new ICE servers during its stay (`ice_servers`), so their credentials may be short-lived."""

MODERATION = "moderation"
"""The client obeys those in charge: it plays what others may send alone, and turns off what it may not."""

CHAT = "chat"
"""The client shows what people write, and reactions."""

FEATURES = (BATCH, BUSY, ICE, MODERATION, CHAT)
"""The server's features."""

_KNOWN = frozenset(FEATURES)


def known(names: Iterable[str]) -> frozenset[str]:
    """The names that this server knows."""
    return _KNOWN.intersection(names)
