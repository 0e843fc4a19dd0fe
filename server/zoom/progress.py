"""How far a sync is: what it tells whoever shows it, anew at every change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartStage = Literal["waiting", "walking", "complete", "partial", "unknown", "unchanged", "too_old"]
Stage = Literal["looking", "walking", "waiting", "watching", "done", "failed"]


@dataclass(frozen=True, slots=True)
class PartProgress:
    """One list: `title` for people, `rows` that Zoom gave of `total` (None: not told yet). `unchanged`: complete, and
    as before.

    `note` says why it is not complete, or why the source is no better one.
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
    """`note` says what it is at, or what stopped it; `wakes_at` (seconds since the epoch) until when it waits."""

    external_id: str
    room: str
    title: str
    stage: Stage
    parts: tuple[PartProgress, ...] = ()
    note: str = ""
    wakes_at: float | None = None
