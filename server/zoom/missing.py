"""What a sync did not get, in words: what somebody can mend, and what Zoom has no more of. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.zoom.list_import import TOO_OLD, Result

INSTANCE_OF = "Instance of "
"""The beginning of the title of an instance's list; its date follows."""


def told(results: Mapping[str, Result], titles: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Reasons why the import is not complete, and notes, each with the title of its part."""
    missed = [(titles[part], result) for part, result in results.items() if not result.complete]
    reasons = [f"{title}: {result.reason}" for title, result in missed if not result.gone]
    gone = [(title, result.reason) for title, result in missed if result.gone]
    notes = [f"{title}: {reason}" for title, reason in gone if reason != TOO_OLD]
    if old := [title.removeprefix(INSTANCE_OF) for title, reason in gone if reason == TOO_OLD]:
        notes.append(f"{_instances(old)}: {TOO_OLD}")
    return reasons, notes


def _instances(days: Sequence[str]) -> str:
    """`3 instances, from 2025-09-21 14:13 UTC to 2025-10-05 14:13 UTC`"""
    if len(days) == 1:
        return f"1 instance, of {days[0]}"
    return f"{len(days)} instances, from {min(days)} to {max(days)}"
