"""What the stand-in has to show: webinars (or meetings), their instances, and the rows as Zoom would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Record = Mapping[str, Any]
Kind = Literal["webinar", "meeting"]
Refusal = tuple[int, int, str]
"""Status, code, message."""


@dataclass
class InstanceView:
    """`report` and `basic` are the rows of the two sources, in the order in which they are listed.

    `total` is told instead of their number when it is set. `refused` is answered for its rows, `report_refused` for
    those of the report. `turns` are pages of the report that lead to each other, or to themselves, for ever.
    """

    uuid: str
    start_time: str
    report: Sequence[Record]
    basic: Sequence[Record]
    total: int | None = None
    ended: bool = True
    refused: Refusal | None = None
    report_refused: Refusal | None = None
    turns: int = 0


@dataclass
class WebinarView:
    """Tests may change it while it is served."""

    external_id: str
    instances: list[InstanceView]
    registrants: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    """By status: approved, pending, denied."""
    registration: bool = True
    """Whether people can register for it at all."""
    unregistrable: Refusal = (404, 404, "Registration has not been enabled for this {kind}: {id}.")
    """What whoever asks for registrants is told then."""
    expired: bool = False
    """Its schedule is over or was deleted, or it never had one: details and registrants are not found."""
    tells_instances: bool = True
    topic: str = "A webinar"
    host_id: str = "x1yCzABCDEfg23HiJKl4mN"
    host_email: str = "host@example.com"
    panelists: Sequence[Record] = ()
    kind: Kind = "webinar"
    refused: Refusal | None = None
    """Answered for whatever is asked of it: status, code, message."""
