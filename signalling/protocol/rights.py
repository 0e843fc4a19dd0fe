"""Roles, rights and a meeting's settings, as both sides name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Role = Literal["host", "cohost", "participant"]

RANK: dict[Role, int] = {"participant": 0, "cohost": 1, "host": 2}

Right = Literal["audio", "video", "screen", "chat", "hand"]

MEDIA: tuple[Right, ...] = ("audio", "video", "screen")

Lobby = Literal["off", "guests", "everyone"]
"""Who has to knock. Guests are those without an identity of an outside issuer."""

WithoutHost = Literal["continue", "lock", "end"]
"""What happens when nobody has been in charge for a while."""


ChatMode = Literal["all", "hosts", "off"]
"""To whom those may write who are not in charge: to everyone and anyone, to those in charge alone, to nobody."""

ChatKeep = Literal["no", "meeting", "record"]
"""How long messages are kept: while somebody is there, a day longer, or as long as the record."""

ChatShown = Literal["all", "joined"]
"""What those who come later are shown: everything, or what was written since they first came."""


class Rights(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody may do. None: as the meeting's default says; in the default itself: yes."""

    audio: bool | None = None
    video: bool | None = None
    screen: bool | None = None
    chat: bool | None = None
    hand: bool | None = None


ALL = Rights()


def rights_of(record: Mapping[str, Any]) -> Rights:
    """The rights as the record has them."""
    # The very object, so that a look at it is enough.
    return msgspec.convert(record, Rights) if record else ALL


def allows(role: Role, own: Rights, default: Rights, right: Right) -> bool:
    """Whether somebody may do that: those in charge always, the others as allowed to them, or to everyone."""
    if RANK[role]:
        return True
    mine: bool | None = getattr(own, right)
    common: bool | None = getattr(default, right)
    return common is not False if mine is None else mine


class MeetingSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is so until somebody in charge changes it. A setting that is left out has its default.

    `may`: what everyone may do. `message`: for those who wait. `password`: whether there is one. `opens_at`, `ends_at`:
    RFC 3339; they are shown, and nothing comes of them but for `join_before_host`. `spotlight`: participants who are
    shown large to everyone.
    """

    locked: bool = False
    lobby: Lobby = "off"
    may: Rights = ALL
    message: str = ""
    password: bool = False
    password_skips_lobby: bool = False
    join_before_host: bool = True
    opens_at: str | None = None
    ends_at: str | None = None
    without_host: WithoutHost = "continue"
    spotlight: tuple[str, ...] = ()
    chat: ChatMode = "all"
    chat_keep: ChatKeep = "meeting"
    chat_history: ChatShown = "all"


DEFAULT = MeetingSettings()


def settings_of(record: Mapping[str, Any]) -> MeetingSettings:
    """The settings as the record has them: with the password's hash in place of `password`."""
    told = {key: value for key, value in record.items() if key != "password"}
    settings = msgspec.convert(told | {"password": "password_hash" in record}, MeetingSettings)
    # The very object, so that a look at it is enough.
    return settings if settings.may != ALL else msgspec.structs.replace(settings, may=ALL)
