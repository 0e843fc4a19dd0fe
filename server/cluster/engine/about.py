"""What a node says of itself with each beat, for the other nodes and for whoever looks at the cluster."""

from __future__ import annotations

import msgspec


class About(msgspec.Struct, omit_defaults=True):
    """All fields have a default, so that nodes of other releases can leave out what they do not know.

    `wire` and `state`: the versions of the formats that it writes messages and rooms in. `secrets`: fingerprints of the
    secrets that it knows. `since`: when it started (epoch seconds). `leaving`: it stops, and takes no rooms. `reads`:
    it knows `wire.Read`. `cpu`: processor seconds per second. `edges`: how many nodes have sockets of rooms that it
    owns, added up over its rooms. `lag`: seconds that its inbox is behind.
    """

    version: str = ""
    wire: int = 1
    state: int = 1
    host: str = ""
    pid: int = 0
    since: float = 0.0
    secrets: list[str] = []
    leaving: bool = False
    reads: bool = False
    rooms: int = 0
    people: int = 0
    connections: int = 0
    edges: int = 0
    cpu: float = 0.0
    lag: float = 0.0


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(About).decode


def encode(about: About) -> bytes:
    return _encode(about)


def decode(text: bytes) -> About:
    """What cannot be read says nothing: anybody can have written it."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return About()
