"""What a sync must read after an interrupted one: nothing twice, in an order that makes progress. Pure.

Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage.imports import INSTANCE, Part, Walk

TOKEN_LIFE = 14 * 60.0
"""Seconds for which a page token is worth trying; Zoom keeps it for 15 minutes."""

READ_LIFE = 3600.0
"""Seconds for which a walk that was read to its last page, but not finished, still counts as current."""

SETTLED_AFTER = 2 * 86_400.0
"""Seconds after the end of an instance from which Zoom no longer changes its report."""


def can_go_on(walk: Walk, now: float) -> bool:
    """Whether the walk can continue at its cursor: it has all pages, or Zoom still knows the token of the next."""
    return now - walk.touched_at < (READ_LIFE if walk.cursor == "" else TOKEN_LIFE)


def to_read(
    parts: Sequence[str], known: Mapping[str, Part], now: float, *, unsettled: bool = False
) -> Sequence[str]:
    """Which parts to read, and in which order. `unsettled` leaves out those that no longer change. Those that are too
    old are left out unless there is only one instance.

    Interrupted parts come first, then those never read. If a part was interrupted, those that the same sync completed
    just before are not read again: otherwise runs that are each interrupted early would never come to an end.
    """
    if unsettled:
        parts = [part for part in parts if part not in known or not _has_settled(known[part], now)]
    instances = [part for part in parts if part.startswith(INSTANCE)]
    if len(instances) > 1:
        parts = [part for part in parts if part not in known or known[part].state != "too_old"]
    left = [part for part in parts if part in known and known[part].walking]
    goes_on = any(can_go_on(walk, now) for part in left for walk in known[part].walking)
    unread = [
        part for part in parts if part not in left and (part not in known or known[part].state == "unread")
    ]
    others = [part for part in parts if part not in left and part not in unread]
    return [*left, *unread, *(part for part in others if not (goes_on and _was_just_read(known[part], now)))]


def _has_settled(part: Part, now: float) -> bool:
    over = (
        part.part.startswith(INSTANCE) and part.ended_at is not None and now - part.ended_at > SETTLED_AFTER
    )
    return over and part.state == "complete" and part.reason == "" and part.agreed > 0


def _was_just_read(part: Part, now: float) -> bool:
    is_complete = part.state == "complete" and part.reason == ""
    return is_complete and part.checked_at is not None and now - part.checked_at < TOKEN_LIFE
