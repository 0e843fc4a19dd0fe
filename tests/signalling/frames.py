"""Frames held against the definitions and the schemas that are published: every field is known, every type exact.
Clients in tests check each one that they send or are sent.

Programs that read messages ignore what they do not know, as the protocol asks; only here nothing may be left over.
"""

from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema_rs
import msgspec

from signalling.protocol import schema
from signalling.protocol.answers import ANSWERS
from signalling.protocol.client_messages import ClientMessage
from signalling.protocol.server_messages import ServerMessage


def check_client_frame(frame: str | bytes) -> None:
    """Raises `AssertionError` with what is wrong in a frame that a client sends."""
    _CLIENT.checked(frame)


def check_server_frame(frame: str | bytes) -> None:
    """Raises `AssertionError` with what is wrong in a frame that the server sends."""
    _SERVER.checked(frame)


class Dialogue:
    """The frames of one client, both ways. Raises `AssertionError` if one is wrong, or no answer to what it answers."""

    def __init__(self) -> None:
        self._asked: dict[Any, str] = {}

    def sent(self, frame: str | bytes) -> None:
        message = _CLIENT.checked(frame)
        if "id" in message:
            self._asked[message["id"]] = message["type"]

    def received(self, frame: str | bytes) -> None:
        message = _SERVER.checked(frame)
        asked = self._asked.get(message.get("id"))
        assert asked is None or message["type"] in _ANSWERS[asked], f"no answer to {asked}: {frame!r}"


class _Side:
    """What one side sends. `union`: of its messages."""

    def __init__(self, union: Any) -> None:
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(union)
        closed = {name: _closed(each) for name, each in schema.document()["$defs"].items()}
        self._validators = {
            _tag(message): jsonschema_rs.Draft202012Validator(
                {"$ref": f"#/$defs/{message.__name__}", "$defs": closed}
            )
            for message in get_args(union)
        }

    def checked(self, frame: str | bytes) -> dict[str, Any]:
        """The message in the frame."""
        try:
            self._decoder.decode(frame)
            message: dict[str, Any] = json.loads(frame)
            self._validators[message["type"]].validate(message)
        except (msgspec.DecodeError, jsonschema_rs.ValidationError) as error:
            raise AssertionError(f"{error}: {frame!r}") from None
        return message


def _closed(definition: dict[str, Any]) -> dict[str, Any]:
    """With no other fields than those it has."""
    return definition | {"additionalProperties": False} if definition.get("type") == "object" else definition


def _tag(message: Any) -> str:
    """The type on the wire."""
    return str(message.__struct_config__.tag)


_ANSWERS = {_tag(message): {*map(_tag, answers)} for message, answers in ANSWERS.items()}
_CLIENT, _SERVER = _Side(ClientMessage), _Side(ServerMessage)
