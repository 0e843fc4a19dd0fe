"""What the stand-in has to show: webinars (or meetings), their instances, and the rows as Zoom would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Record = Mapping[str, Any]
Kind = Literal["webinar", "meeting"]


@dataclass
class ShownInstance:
    """`report` and `basic` are the rows of the two sources, in the order in which they are listed.

    `total` is told instead of their number when it is set. `refused` is answered for its rows: status, code, message.
    """

    uuid: str
    start_time: str
    report: Sequence[Record]
    basic: Sequence[Record]
    total: int | None = None
    ended: bool = True
    refused: tuple[int, int, str] | None = None


@dataclass
class ShownWebinar:
    """Tests may change it while it is served."""

    external_id: str
    instances: list[ShownInstance]
    registrants: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    """By status: approved, pending, denied."""
    registration: bool = True
    """Whether people can register for it at all."""
    topic: str = "A webinar"
    kind: Kind = "webinar"
    refused: tuple[int, int, str] | None = None
    """Answered for whatever is asked of it: status, code, message."""
