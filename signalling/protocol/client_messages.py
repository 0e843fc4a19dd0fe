"""What clients send: one frozen type per message, and the one place where bytes become messages.

msgspec checks types and required fields while it decodes. Unknown fields are ignored, as the protocol promises, so
that a newer client can talk to an older server.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from signalling.protocol import identifiers
from signalling.protocol.chat import ChatCommand, React
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.fields import MAX_ID, Media, MessageId
from signalling.protocol.moderation import Command, Key

MAX_SIZE = 64 * 1024
"""Bytes in a message, at most."""

Attempt = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]


Secret = Annotated[str, msgspec.Meta(max_length=1024)]

Features = Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=64)]
"""Names of what a client can do beyond the first version of the protocol."""

Program = Literal["bot", "recorder"]
"""Kinds of participants that are programs. A recorder is a bot that records the meeting."""

Password = Annotated[str, msgspec.Meta(max_length=128)]


class Join(msgspec.Struct, frozen=True, tag_field="type", tag="join"):
    """`kind`: the kind of the identity that the server makes if the message names none. `knock`: from a `waiting`
    before. `invite`: as the invite link has it."""

    id: MessageId
    meeting: str
    name: str
    token: str | None = None
    create: bool = False
    title: str = ""
    media: Media = Media()
    session: str | None = None
    on_duplicate: Literal["replace", "reject"] = "replace"
    page: str | None = None
    attempt: Attempt = 0
    kind: Program | None = None
    features: Features = []
    knock: Secret | None = None
    password: Password | None = None
    invite: Secret | None = None


class Resume(msgspec.Struct, frozen=True, tag_field="type", tag="resume"):
    """`media` and `hand`: what the page sends by now, for a server that was restarted and cannot know it. `token`: the
    page's identity, for a server that has given its place up when the session has expired. `knock`: from a `waiting`
    since, if the place was given up and the page waits. `password`, `invite`: as in the page's join, which the server
    carries out anew if the place was given up."""

    id: MessageId
    session: str
    epoch: str
    seq: Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
    attempt: Attempt = 0
    media: Media = Media()
    hand: bool | None = None
    token: str | None = None
    features: Features = []
    knock: Secret | None = None
    password: Password | None = None
    invite: Secret | None = None


class Status(msgspec.Struct, frozen=True, tag_field="type", tag="status"):
    id: MessageId | None = None
    media: Media = Media()
    hand: bool | None = None


class Signal(msgspec.Struct, frozen=True, tag_field="type", tag="signal"):
    """`data` stays the bytes that came: the server checks that they are JSON, and never rebuilds them."""

    to: str
    data: msgspec.Raw
    id: MessageId | None = None


class Leave(msgspec.Struct, frozen=True, tag_field="type", tag="leave"):
    id: MessageId | None = None


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping"):
    id: MessageId | None = None
    t: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Rename(msgspec.Struct, frozen=True, tag_field="type", tag="rename"):
    """Another name for oneself. `key` and `again`: as in commands of those in charge (`protocol.moderation`)."""

    id: MessageId
    key: Key
    name: str
    again: bool = False


class Authenticate(msgspec.Struct, frozen=True, tag_field="type", tag="authenticate"):
    """A newer token of the same user of an application."""

    id: MessageId
    token: str


RoomMessage = Join | Resume | Status | Signal | Leave | Ping | Rename | Command | ChatCommand | React
"""What the rooms handle."""

ClientMessage = RoomMessage | Authenticate

_decoder: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)


class _Head(msgspec.Struct, frozen=True):
    id: msgspec.Raw = msgspec.Raw(b"null")


_head = msgspec.json.Decoder(_Head)
_id = msgspec.json.Decoder(MessageId)


class BadMessage(Refused):
    """Bytes that are not a valid message. `message_id` pairs the error with the message, if it could be read."""

    def __init__(self, text: str, message_id: int | None = None) -> None:
        super().__init__(ErrorCode.BAD_MESSAGE, text)
        self.message_id = message_id


def decode(data: bytes | bytearray | memoryview) -> ClientMessage:
    """One client message from one text frame's bytes. Raises `BadMessage` and nothing else."""
    try:
        message = _decoder.decode(data)
    except msgspec.ValidationError as error:
        raise BadMessage(str(error), _readable_id(data)) from None
    except msgspec.DecodeError as error:
        raise BadMessage(str(error)) from None
    except (RecursionError, UnicodeDecodeError):
        raise BadMessage("JSON is nested too deeply or not valid UTF-8") from None
    if type(message) is Join:
        return _checked(message)
    return _renamed(message) if type(message) is Rename else message


def _checked(join: Join) -> Join:
    """The join with normalized texts."""
    try:
        return msgspec.structs.replace(
            join,
            meeting=identifiers.meeting_id(join.meeting),
            # The token may name its bearer.
            name=identifiers.person_name(join.name) if join.name or not join.token else "",
            title=identifiers.meeting_title(join.title),
            page=None if join.page is None else identifiers.page(join.page),
        )
    except ValueError as error:
        raise BadMessage(str(error), join.id) from None


def _renamed(rename: Rename) -> Rename:
    try:
        return msgspec.structs.replace(rename, name=identifiers.person_name(rename.name))
    except ValueError as error:
        raise BadMessage(str(error), rename.id) from None


def _readable_id(data: bytes | bytearray | memoryview) -> int | None:
    """The id of an invalid message, so that its sender learns which one failed."""
    try:
        return _id.decode(_head.decode(data).id)
    except (msgspec.DecodeError, RecursionError):
        return None
