"""Fields that several messages have."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

MAX_ID = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259 section 6)."""

Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
"""The number of an event within an epoch."""

MessageId = Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)]

Kind = Literal["", "bot", "recorder"]
"""The kind of a participant: empty for a person."""


class Media(msgspec.Struct, frozen=True, omit_defaults=True):
    """What someone sends. A field that is left out is not changed (in `join`: is off)."""

    audio: bool | None = None
    video: bool | None = None
    screen: bool | None = None
