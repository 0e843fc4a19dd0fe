"""How far a sync is: a new record at every change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartStage = Literal["waiting", "walking", "complete", "partial", "unknown", "unchanged", "too_old"]
Stage = Literal["looking", "walking", "waiting", "watching", "done", "failed"]


@dataclass(frozen=True, slots=True)
class PartProgress:
    """One list. `title`: for people. `rows`: those that Zoom gave, of `total` (None: not told yet). `unchanged`:
    complete, and as before.

    `note` says why the list is not complete, or why no better source was read.
    """

    part: str
    title: str
    rows: int = 0
    total: int | None = None
    state: PartStage = "waiting"
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """`note`: the current step, or what stopped it. `wakes_at`: when it stops waiting (seconds since the epoch)."""

    external_id: str
    room: str
    title: str
    stage: Stage
    parts: tuple[PartProgress, ...] = ()
    note: str = ""
    wakes_at: float | None = None
