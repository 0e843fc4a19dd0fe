"""When to look again: Zoom's reports settle for a day after the end, so one reads them until two walks agree. Pure.

Times are seconds since the epoch.
"""

from __future__ import annotations

SETTLES = (30 * 60.0, 6 * 3600.0, 24 * 3600.0)
"""Seconds after the end at which it is worth looking."""
SOON = 60.0
"""Seconds after which what has long settled is read a second time."""
MOST_LOOKS = 8
"""After so many that did not agree, whoever asks is told so."""


def next_look(ended_at: float | None, now: float, looks: int) -> float | None:
    """When to look for the next time, after `looks` of them without two that agree. None: enough."""
    if looks >= MOST_LOOKS:
        return None
    # A clock that is wrong somewhere must not put it off for years.
    ended = now if ended_at is None else min(ended_at, now)
    for after in SETTLES:
        if ended + after > now:
            return ended + after
    # Long over: whatever changes now changes by itself, and slowly.
    return now + SOON * float(2 ** max(0, looks - 1))


def may_agree(ended_at: float | None, now: float) -> bool:
    """Whether two walks that find the same mean that it stays so: not right after the end, when nothing changes yet."""
    return ended_at is None or now >= ended_at + SETTLES[0]
