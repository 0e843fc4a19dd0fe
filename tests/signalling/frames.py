"""Frames held against the definitions: every field is known, every type exact. Clients in tests check each one that
they send or are sent.

Programs that read messages ignore what they do not know, as the protocol asks; only here nothing may be left over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from signalling.protocol.client_messages import ClientMessage
from signalling.protocol.server_messages import ServerMessage

_client: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ClientMessage)
_server: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ServerMessage)


def check_client_frame(frame: str | bytes) -> None:
    """Raises `AssertionError` with what is wrong in a frame that a client sends."""
    _check(_client, frame)


def check_server_frame(frame: str | bytes) -> None:
    """Raises `AssertionError` with what is wrong in a frame that the server sends."""
    _check(_server, frame)


def _check(decoder: msgspec.json.Decoder[Any], frame: str | bytes) -> None:
    try:
        message = decoder.decode(frame)
    except msgspec.DecodeError as error:
        raise AssertionError(f"{error}: {frame!r}") from None
    # What a definition has no field for does not come back.
    unknown = list(_unknown(json.loads(frame), json.loads(msgspec.json.encode(message)), "$"))
    assert not unknown, f"no such field: {', '.join(unknown)}: {frame!r}"


def _unknown(sent: Any, read: Any, path: str) -> Iterator[str]:
    if isinstance(sent, dict):
        for key, value in sent.items():
            if key in read:
                yield from _unknown(value, read[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(sent, list):
        for number, (value, kept) in enumerate(zip(sent, read, strict=True)):
            yield from _unknown(value, kept, f"{path}[{number}]")
