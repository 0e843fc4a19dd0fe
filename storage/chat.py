"""What people wrote in a meeting's chat.

Messages go with their meeting, however it is deleted. The caller makes their ids and moments: it tells everybody at
once, and the store says afterwards what it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

TO_HOSTS = ""
"""In place of the user a message is for: whoever is in charge when it is read."""

EDITED_WITHIN = 900.0
"""Seconds after which a message is edited no more (in `sql/postgres`, too)."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """`key`: made by the author's client; the first message of a user with it counts. `to_user`: None is everybody.
    `reply_to`: the id of a message."""

    id: str
    user_id: str
    key: str
    text: str
    at: float
    to_user: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class MessageEdit:
    """By its author (`user_id`). `only_to`: whom the message has to be for (`TO_HOSTS`: those in charge); None: it may
    be for everybody, too."""

    id: str
    user_id: str
    text: str
    at: float
    only_to: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class MessageDeletion:
    """By `user_id` ("": the admin key). `any_author`: also what others wrote, which the audit notes."""

    id: str
    user_id: str
    at: float
    any_author: bool = False


MessageWrite = NewMessage | MessageEdit | MessageDeletion


@dataclass(frozen=True, slots=True)
class Message:
    """`participant` and `name` are the author's, `to` is the participant behind `to_user`, `deleted_by` the one who
    deleted it; "" or None, if that user was never in the meeting. A deleted message has no text."""

    id: str
    user_id: str
    to_user: str | None
    reply_to: str | None
    text: str
    at: float
    edited_at: float | None
    deleted_at: float | None
    participant: str
    name: str
    to: str | None
    deleted_by: str | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """All that a user wrote was deleted at the moment `at`. `messages`: the ids of what was deleted then, in no order.
    `until`: the time of the last of these, or `at`, if that is later. `deleted_by`: the participant."""

    at: float
    messages: Sequence[str]
    until: float
    deleted_by: str | None


Fate = Literal["done", "again", "unknown", "forbidden", "late", "elsewhere", "used"]
"""`again`: it was so before. `unknown`: there is no such message, or it was deleted. `forbidden`: it is somebody
else's. `late`: see `EDITED_WITHIN`. `elsewhere`: it is for somebody whom it may not be for. `used`: the key names
another message."""


@dataclass(frozen=True, slots=True)
class Written:
    """`message`: as it is now; None where there is none to show, or where it is new."""

    fate: Fate
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads. `user_id` None: the admin key, which sees what is for everybody or for those in charge.

    `since`: messages before that are not shown.
    """

    user_id: str | None
    in_charge: bool = False
    since: float | None = None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Oldest first. `more`: whether there are older ones."""

    messages: Sequence[Message]
    more: bool


class Chat(Protocol):
    """Each call is atomic, durable when it returns, and may be repeated. All may raise `StoreUnavailable`."""

    async def write_messages(self, room: str, writes: Sequence[MessageWrite]) -> Sequence[Written]:
        """Carry these out in order; returns what became of each. A deletion erases the text, and leaves the rest.

        Raises `UnknownMeeting`.
        """

    async def erase_messages(self, room: str, author: str, by: str, key: str, at: float) -> Erasure:
        """Delete all that the user `author` wrote, as `MessageDeletion` does; `by` as `user_id` there. The audit notes
        it once, with the number of messages. `key`: as that of a `Change`; again it deletes nothing, and is answered
        as the first time.

        Raises `UnknownMeeting`.
        """

    async def message_of_key(self, room: str, user_id: str, key: str) -> Message | None:
        """The message that the user wrote with this key."""

    async def messages(self, room: str, reader: Reader, limit: int, before: str | None = None) -> MessagePage:
        """The latest that the reader may see; with `before` (an id), those before that one. None, if it is unknown."""

    async def messages_after(
        self, room: str, reader: Reader, limit: int, after: Message | None = None
    ) -> Sequence[Message]:
        """The first that the reader may see, oldest first; with `after`, those that follow that one, which may be gone
        by now. Fewer than `limit`: there are no more."""

    async def forget_messages(self, unkept_before: float, kept_before: float) -> int:
        """Delete all messages of meetings in which nobody is, and nobody was since `kept_before`; where the setting
        `chat_keep` is "no", since `unkept_before`; where it is "record", never. Returns from how many meetings."""
