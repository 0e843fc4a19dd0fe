"""What the server sends of those who wait to be let in: to them, and to those in charge."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from signalling.protocol.fields import MessageId, Number

KnockReason = Literal["admitted", "denied", "left"]


class Knock(msgspec.Struct, frozen=True):
    """Somebody who waits to be let in. `at`: since when (RFC 3339, UTC). `anonymous`: without an identity of an outside
    issuer, so the name is only what they say."""

    id: str
    name: str
    at: str
    anonymous: bool


class Waiting(msgspec.Struct, frozen=True, tag_field="type", tag="waiting"):
    """The answer to a join (`id`) that somebody in charge has to admit. Sent again, without `id` and `knock`, when the
    rest changes. `knock`: to be sent with the next join, which keeps the position. `message`: of those in charge.
    `hosted`: whether one of them is connected, and knows of it. `heartbeat`: seconds. `opens_at`: when the meeting is
    to open, if that was set (RFC 3339, UTC). `token`: as in `joined`."""

    position: int
    message: str
    hosted: bool
    heartbeat: float
    opens_at: str | UnsetType = UNSET
    id: MessageId | UnsetType = UNSET
    knock: str | UnsetType = UNSET
    token: str | UnsetType = UNSET


class Knocked(msgspec.Struct, frozen=True, tag_field="type", tag="knock"):
    """For those in charge: somebody waits."""

    seq: Number
    knock: Knock


class KnockEnded(msgspec.Struct, frozen=True, tag_field="type", tag="knock_ended"):
    """For those in charge: the knock with this id is over."""

    seq: Number
    id: str
    reason: KnockReason
    by: str | UnsetType = UNSET
