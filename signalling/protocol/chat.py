"""The chat of a meeting: what people write to everyone, to one person, or to those in charge; and reactions.

A message carries a `key`, which its client made: sent again, it is the same message. Those who come later are shown
what was written before, a page at a time.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from signalling.protocol.fields import MessageId, Number
from signalling.protocol.moderation import Id, Key

TEXT_LENGTH = 2000
"""Characters in a message, at most, as others see it."""

MOST_PAGE = 100

Emoji = Literal["👍", "❤️", "😂", "😮", "👏", "🎉"]

Text = Annotated[str, msgspec.Meta(max_length=16 * TEXT_LENGTH)]
"""As it is typed: with what nobody sees, it may be longer than others get it."""


class Chat(msgspec.Struct, frozen=True, tag_field="type", tag="chat"):
    """`to`: a participant, or "hosts": those in charge; without it everyone. `reply_to`: a message. `again`: it may
    have been told before, so the record is asked first."""

    id: MessageId
    key: Key
    text: Text
    to: Id | None = None
    reply_to: Id | None = None
    again: bool = False


class ChatEdit(msgspec.Struct, frozen=True, tag_field="type", tag="chat_edit"):
    id: MessageId
    message: Id
    text: Text


class ChatDelete(msgspec.Struct, frozen=True, tag_field="type", tag="chat_delete"):
    id: MessageId
    message: Id


class ChatErase(msgspec.Struct, frozen=True, tag_field="type", tag="chat_erase"):
    """Deletes all that `participant` wrote in this meeting by then. With a `key` it is carried out once, at the moment
    of the first time. `again`: it may have been sent before."""

    id: MessageId
    participant: Id
    key: Key | None = None
    again: bool = False


class ChatHistory(msgspec.Struct, frozen=True, tag_field="type", tag="chat_history"):
    """`before`: a message; without it, the latest are meant."""

    id: MessageId
    before: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGE)] = 50


class React(msgspec.Struct, frozen=True, tag_field="type", tag="react"):
    emoji: Emoji
    id: MessageId | None = None


Written = Chat | ChatEdit | ChatDelete | ChatErase
"""What is acknowledged once the record has it."""

ChatCommand = Written | ChatHistory

HOSTS = "hosts"


class Message(msgspec.Struct, frozen=True):
    """`name`: the author's. `at`, `edited_at`: RFC 3339, UTC; messages are ordered by `at`, which differs for any two.
    `deleted_by`: a participant, null if it was the admin key. A deleted message has no text."""

    id: str
    sender: str = msgspec.field(name="from")
    name: str
    text: str
    at: str
    to: str | UnsetType = UNSET
    reply_to: str | UnsetType = UNSET
    edited_at: str | UnsetType = UNSET
    deleted_by: str | UnsetType | None = UNSET


class MessageChange(msgspec.Struct, frozen=True):
    """A new text, or that the message is deleted."""

    id: str
    text: str | UnsetType = UNSET
    edited_at: str | UnsetType = UNSET
    deleted_by: str | UnsetType | None = UNSET


class ChatMessage(msgspec.Struct, frozen=True, tag_field="type", tag="chat_message"):
    seq: Number
    message: Message


class ChatChanged(msgspec.Struct, frozen=True, tag_field="type", tag="chat_changed"):
    seq: Number
    message: MessageChange


class ChatErased(msgspec.Struct, frozen=True, tag_field="type", tag="chat_erased"):
    """All that a participant (`from`) wrote until then (RFC 3339, UTC) is deleted. `deleted_by` as of a message."""

    seq: Number
    sender: str = msgspec.field(name="from")
    until: str
    deleted_by: str | None


class ChatPage(msgspec.Struct, frozen=True, tag_field="type", tag="chat_page"):
    """The answer to `chat_history`: the oldest first. `more`: whether there are older ones."""

    id: MessageId
    messages: list[Message]
    more: bool


class Reaction(msgspec.Struct, frozen=True, tag_field="type", tag="reaction"):
    """No event: it is shown once, to whoever is there."""

    sender: str = msgspec.field(name="from")
    emoji: Emoji
