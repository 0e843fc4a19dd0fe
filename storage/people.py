"""What a store knows of one person, over all meetings: to be told to that person, or to be erased.

People of imports have no user id here: they go with their import (`Store.delete_meeting`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from storage.records import PROGRAMS

ERASED = "erased"
"""The name of somebody who was erased (in `sql/postgres`, too)."""

Export = Mapping[str, Any]
"""JSON. By kind, lists of what is on record, in the order of meetings and times; nothing of others."""

KINDS = (
    "hosted",
    "participants",
    "stays",
    "removals",
    "admissions",
    "invites",
    "invite_uses",
    "messages",
    "audit",
)
"""Of an export. `audit` has what the person did (`as`: "by"), and what others did to the person ("whom").
`messages`: those that the person wrote."""


def alias(user_id: str, room: str, salt: str) -> str:
    """Who the person is in the record of that meeting from then on: another one in each, and in each erasure."""
    prefix = next((prefix for prefix in PROGRAMS if user_id.startswith(prefix)), "e_")
    return prefix + hashlib.sha256(f"{salt}{room}".encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class OwnStay:
    """`left_at`: None while it goes on."""

    joined_at: float
    left_at: float | None
    estimated: bool


class People(Protocol):
    """All may raise `StoreUnavailable`."""

    async def export_person(self, user_id: str) -> Export:
        """All of `KINDS`, each empty where nothing is known, and `revoked_before`: see `Revocations`."""

    async def own_stays(self, room: str, user_id: str) -> Sequence[OwnStay]:
        """Those of the user in this meeting, the oldest first."""

    async def erase_person(self, user_id: str, salt: str) -> int:
        """Erase the person from all meetings; returns from how many. `salt` is random.

        Removals, admissions, uses of invites, keys of changes, chat messages and names in the audit are deleted.
        Participants and their stays stay, by `ERASED` and ids that nobody knew, so that counts and durations stay true;
        so do what they did in the audit, the invites they made and the meetings they host. Revocations stay: without
        them old tokens would be good again.

        Raises `PersonPresent` while a stay is open, and has then changed nothing.
        """
