"""What was done in a meeting by those in charge: who, what, to whom, when. By names, never by user ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from server.reports.attendance_report import Cell, date, harmless, written
from signalling.rooms.member import rfc3339
from storage.moderation import AuditEntry
from storage.records import Participant
from storage.store import Store

MOST = 1000
"""Entries that a report of attendance has: the latest."""


async def everything(store: Store, room: str) -> tuple[list[AuditEntry], Mapping[str, Participant]]:
    """All entries of a meeting, the earliest first, and whom they name, by user."""
    entries: list[AuditEntry] = []
    before: int | None = None
    while page := await store.audit(room, MOST, before):
        entries += page
        before = page[-1].n
    people = await store.people(room, users=sorted(users_of(entries))) if entries else ()
    return entries[::-1], {person.user_id: person for person in people}


def as_csv(entries: Sequence[AuditEntry], people: Mapping[str, Participant]) -> bytes:
    """One row per person to whom something was done; one where it was done to nobody in particular."""
    return written(_rows(entries, people))


def _rows(entries: Sequence[AuditEntry], people: Mapping[str, Participant]) -> Iterator[Sequence[Cell]]:
    yield "at (UTC)", "by", "action", "whom", "detail", "by_participant_id", "whom_participant_id"
    for entry in entries:
        told = _entry(entry, people)
        by = told["by"] or NOBODY
        for n, user in enumerate(_whom(entry) or [""]):
            whom = told["whom"][n] if user else NOBODY
            detail = {name: told[name] for name in DETAILS if name in told}
            if told.get("may"):
                detail["may"] = told["may"][n]
            yield (
                date(entry.at),
                harmless(by["name"] or ""),
                entry.action,
                harmless(whom["name"] or ""),
                msgspec.json.encode(detail).decode() if detail else "",
                by["id"] or "",
                whom["id"] or "",
            )


DETAILS = ("settings", "role", "back", "invite", "message", "messages", "name", "before")
"""What an entry says besides, where there is more to say."""


def users_of(entries: Iterable[AuditEntry]) -> set[str]:
    """All users that these entries name."""
    found: set[str] = set()
    for entry in entries:
        found |= {entry.by, *_whom(entry)}
    return found - {""}


def told(entries: Sequence[AuditEntry], people: Mapping[str, Participant]) -> list[dict[str, Any]]:
    """`people`: by user; those who are not among them were never in the meeting: they have no id, and are called as
    they called themselves when they knocked."""
    return [_entry(entry, people) for entry in entries]


def _whom(entry: AuditEntry) -> list[str]:
    return [entry.whom] if entry.whom else list(entry.detail.get("users", ()))


def _entry(entry: AuditEntry, people: Mapping[str, Participant]) -> dict[str, Any]:
    detail = entry.detail
    names = detail.get("names", {})
    view: dict[str, Any] = {
        "at": rfc3339(entry.at),
        "by": _person(entry.by, people) if entry.by else None,
        "action": entry.action,
        "whom": [_person(user, people, names.get(user)) for user in _whom(entry)],
    }
    for name in DETAILS:
        if name in detail:
            view[name] = detail[name]
    if "may" in detail:
        # Of several the rights may differ; `whom` has the same order.
        view["may"] = [detail["may"].get(user, {}) for user in _whom(entry)]
    return view


NOBODY: Mapping[str, str | None] = {"id": None, "name": None}


def _person(
    user: str, people: Mapping[str, Participant], name: str | None = None
) -> Mapping[str, str | None]:
    found = people.get(user)
    return {"id": found.id, "name": found.name} if found else {**NOBODY, "name": name}
