"""What those in charge of a meeting send: one frozen type per command.

Commands that set something that lasts carry a `key`, which their client made: sent again, they take effect once. One
with `again` may have taken effect before, so the record is asked first.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from signalling.protocol.fields import MAX_ID, Media, MessageId
from signalling.protocol.rights import ChatKeep, ChatMode, ChatShown, Lobby, Role, WithoutHost

Key = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,64}$")]
"""Names one command of one client, so that it takes effect once."""

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Of a participant, or of a knock. Another text is nobody's, and not all stores take any."""

Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=1000)]

Back = Literal["never", "knock", "freely"]
"""How somebody who was removed may come back."""

MOST_SPOTLIGHT = 3


class RightsChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rights that are given and taken. What is left out stays; null: the meeting's default."""

    audio: bool | UnsetType | None = UNSET
    video: bool | UnsetType | None = UNSET
    screen: bool | UnsetType | None = UNSET
    chat: bool | UnsetType | None = UNSET
    hand: bool | UnsetType | None = UNSET


class Remove(msgspec.Struct, frozen=True, tag_field="type", tag="remove"):
    id: MessageId
    key: Key
    participant: Id
    back: Back = "never"
    again: bool = False


class Readmit(msgspec.Struct, frozen=True, tag_field="type", tag="readmit"):
    """`participant`: somebody who was removed."""

    id: MessageId
    key: Key
    participant: Id
    again: bool = False


class Mute(msgspec.Struct, frozen=True, tag_field="type", tag="mute"):
    """Turns off what `media` names as false, once: everybody may turn it on again."""

    id: MessageId
    participants: Ids | Literal["others"]
    media: Media = Media(audio=False)


class Allow(msgspec.Struct, frozen=True, tag_field="type", tag="allow"):
    id: MessageId
    key: Key
    participants: Ids
    may: RightsChange
    again: bool = False


class SetRole(msgspec.Struct, frozen=True, tag_field="type", tag="set_role"):
    """With the role `host` the sender hands the meeting over, and becomes a co-host."""

    id: MessageId
    key: Key
    participant: Id
    role: Role
    again: bool = False


class Ask(msgspec.Struct, frozen=True, tag_field="type", tag="ask"):
    """Asks somebody to turn on what `media` names as true."""

    id: MessageId
    participant: Id
    media: Media = Media(audio=True)


HASHED = "scrypt$"
"""How the hash of a password begins, which the server puts in place of the password."""


class SettingsChange(msgspec.Struct, frozen=True):
    """What is to change. `password`: null takes it away. `opens_at`, `ends_at`: RFC 3339, or null."""

    locked: bool | UnsetType = UNSET
    lobby: Lobby | UnsetType = UNSET
    may: RightsChange | UnsetType = UNSET
    message: Annotated[str, msgspec.Meta(max_length=200)] | UnsetType = UNSET
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | UnsetType | None = UNSET
    password_skips_lobby: bool | UnsetType = UNSET
    join_before_host: bool | UnsetType = UNSET
    opens_at: str | UnsetType | None = UNSET
    ends_at: str | UnsetType | None = UNSET
    without_host: WithoutHost | UnsetType = UNSET
    chat: ChatMode | UnsetType = UNSET
    chat_keep: ChatKeep | UnsetType = UNSET
    chat_history: ChatShown | UnsetType = UNSET


class Settings(msgspec.Struct, frozen=True, tag_field="type", tag="settings"):
    """`if_revision`: change nothing (`changed`) if the settings have another revision by now."""

    id: MessageId
    key: Key
    settings: SettingsChange
    if_revision: Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)] | None = msgspec.field(default=None, name="if")
    again: bool = False


class Spotlight(msgspec.Struct, frozen=True, tag_field="type", tag="spotlight"):
    """Who is shown large to everyone, in place of those before."""

    id: MessageId
    key: Key
    participants: Annotated[list[Id], msgspec.Meta(max_length=MOST_SPOTLIGHT)]
    again: bool = False


class LowerHands(msgspec.Struct, frozen=True, tag_field="type", tag="lower_hands"):
    id: MessageId
    participants: Ids


class Admit(msgspec.Struct, frozen=True, tag_field="type", tag="admit"):
    id: MessageId
    key: Key
    knocks: Ids
    again: bool = False


class Deny(msgspec.Struct, frozen=True, tag_field="type", tag="deny"):
    id: MessageId
    key: Key
    knocks: Ids
    again: bool = False


class End(msgspec.Struct, frozen=True, tag_field="type", tag="end"):
    """Ends the meeting for all."""

    id: MessageId


Lasting = Remove | Readmit | Allow | SetRole | Settings | Spotlight | Admit | Deny
"""Commands that are acknowledged once the record has them."""

Passing = Mute | Ask | LowerHands
"""Commands of the moment, which are acknowledged at once."""

Command = Lasting | Passing | End

PEOPLE_OF_A_MESSAGE = 10
"""People whom a command names that count like one more message: each is work for the store, and for everyone."""


def counts_for(command: Command) -> float:
    """How many messages it counts for besides itself."""
    if isinstance(command, Admit | Deny):
        return len(command.knocks) / PEOPLE_OF_A_MESSAGE
    named = getattr(command, "participants", "")
    return len(named) / PEOPLE_OF_A_MESSAGE if isinstance(named, list) else 0.0


COMMANDS: frozenset[type] = frozenset(get_args(Command))
