"""What was done in a meeting by those in charge: who, what, to whom, when. By names, never by user ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from signalling.rooms.member import rfc3339
from storage.moderation import AuditEntry
from storage.records import Participant

MOST = 1000
"""Entries that a report of attendance has: the latest."""


def users_of(entries: Iterable[AuditEntry]) -> set[str]:
    """All users that these entries name."""
    found: set[str] = set()
    for entry in entries:
        found |= {entry.by, *_whom(entry)}
    return found - {""}


def told(entries: Sequence[AuditEntry], people: Mapping[str, Participant]) -> list[dict[str, Any]]:
    """`people`: by user; those who are not among them were never in the meeting."""
    return [_entry(entry, people) for entry in entries]


def _whom(entry: AuditEntry) -> list[str]:
    return [entry.whom] if entry.whom else list(entry.detail.get("users", ()))


def _entry(entry: AuditEntry, people: Mapping[str, Participant]) -> dict[str, Any]:
    view: dict[str, Any] = {
        "at": rfc3339(entry.at),
        "by": _person(entry.by, people) if entry.by else None,
        "action": entry.action,
        "whom": [_person(user, people) for user in _whom(entry)],
    }
    detail = entry.detail
    for name in ("settings", "role", "back", "invite", "message"):
        if name in detail:
            view[name] = detail[name]
    if "may" in detail:
        # Of several the rights may differ; `whom` has the same order.
        view["may"] = [detail["may"].get(user, {}) for user in _whom(entry)]
    return view


def _person(user: str, people: Mapping[str, Participant]) -> dict[str, str | None]:
    found = people.get(user)
    return {"id": found.id, "name": found.name} if found else {"id": None, "name": None}
