"""When to look again: Zoom's reports settle for a day after the end, so they are read until two readings agree. Pure.

Times are seconds since the epoch.
"""

from __future__ import annotations

SETTLES = (30 * 60.0, 6 * 3600.0, 24 * 3600.0)
"""Seconds after the end at which it is worth looking."""
SOON = 60.0
"""Seconds before a report that has long settled is read a second time."""
MOST_LOOKS = 8
"""After this many looks without agreement, the import is reported as not settled."""


def next_look(ended_at: float | None, now: float, looks: int) -> float | None:
    """When to look next, after `looks` without two that agree. None: no more."""
    if looks >= MOST_LOOKS:
        return None
    # A wrong clock somewhere must not postpone it for years.
    ended = now if ended_at is None else min(ended_at, now)
    for after in SETTLES:
        if ended + after > now:
            return ended + after
    # Long over: the report now changes rarely, if at all.
    return now + SOON * float(2 ** max(0, looks - 1))


def may_agree(ended_at: float | None, now: float) -> bool:
    """Whether two equal walks mean that the report has settled: not right after the end, when nothing changes yet."""
    return ended_at is None or now >= ended_at + SETTLES[0]
