"""What a client or a server can do beyond the first version of the protocol, each by a name.

A client says its names when it joins or resumes, `joined` answers with the server's. A name that the other side does
not know is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable

BATCH = "batch"
"""The client takes several events in one frame (`events.batch`)."""

BUSY = "busy"
"""The client sends again what is answered with `busy`. Signals between two such clients are at most `flow.SMALL`."""

ICE = "ice"
"""The client takes new ICE servers while it stays (`ice_servers`), so that their credentials may be short-lived."""

FEATURES = (BATCH, BUSY, ICE)
"""The server's."""

_KNOWN = frozenset(FEATURES)


def known(names: Iterable[str]) -> frozenset[str]:
    """Those that mean something here."""
    return _KNOWN.intersection(names)
