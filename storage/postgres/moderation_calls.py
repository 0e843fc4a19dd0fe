"""The calls for who may do what, as SQL functions. `function_store` carries them out.

Each is sent by itself: it locks a meeting first, and the other calls of a batch hold rows of people already.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from storage.moderation import (
    Admission,
    AuditEntry,
    Change,
    Changed,
    Denial,
    Invite,
    NewInvite,
    Removal,
    Rights,
)
from storage.postgres.driver import Call
from storage.postgres.rows import columns, participant, time
from storage.records import Participant

_EMPTY: tuple[object, ...] = (None, {}, (), [])


class ModerationCalls(ABC):
    """`Moderation` for a class that carries the calls out."""

    @abstractmethod
    async def _directly(self, call: Call) -> Any:
        """A short call, which must not be carried out late."""

    async def change(self, change: Change) -> Changed:
        parts = {
            name: value
            for name, value in columns(change).items()
            if value not in _EMPTY or (name in ("detail", "settings") and value is not None)
        }
        found = await self._directly({"call": "change", **parts})
        return Changed(
            found["again"], float(found["at"]), found["settings"], found["revision"], found["sitting"]
        )

    async def set_hands(self, room: str, hands: Mapping[str, float | None]) -> None:
        await self._directly({"call": "set_hands", "room": room, "hands": dict(hands)})

    async def people(
        self, room: str, participants: Sequence[str] = (), users: Sequence[str] = ()
    ) -> Sequence[Participant]:
        call = {"call": "people", "room": room, "participants": list(participants), "users": list(users)}
        return [participant(row) for row in await self._directly(call)]

    async def rights(self, room: str) -> Rights:
        found = await self._directly({"call": "rights", "room": room})
        return Rights(
            found["settings"],
            found["revision"],
            found["sitting"],
            [Removal(**_timed(row)) for row in found["removals"]],
            [Admission(**_timed(row)) for row in found["admissions"]],
            [Denial(**_timed(row)) for row in found["denials"]],
            [_invite(row) for row in found["invites"]],
        )

    async def audit(self, room: str, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        call = {"call": "audit", "room": room, "limit": limit, "before": before}
        return [AuditEntry(**_timed(row)) for row in await self._directly(call)]

    async def invites(self, room: str) -> Sequence[Invite]:
        return [_invite(row) for row in await self._directly({"call": "invites", "room": room})]

    async def invite(self, room: str, invite_id: str) -> Invite | None:
        row = await self._directly({"call": "invite", "room": room, "id": invite_id})
        return None if row is None else _invite(row)

    async def make_invite(self, invite: NewInvite) -> Invite:
        return _invite(await self._directly({"call": "make_invite", **columns(invite)}))

    async def is_host_link(self, room: str, hash: str, at: float) -> bool:  # noqa: A002
        call = {"call": "is_host_link", "room": room, "hash": hash, "at": at}
        return bool(await self._directly(call))

    async def revoke_invite(self, room: str, invite_id: str, at: float, by: str = "") -> bool:
        call = {"call": "revoke_invite", "room": room, "id": invite_id, "at": at, "by": by}
        return bool(await self._directly(call))


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "at": float(row["at"])}


def _invite(row: Mapping[str, Any]) -> Invite:
    return Invite(
        row["id"],
        row["role"],
        row["uses"],
        row["used"],
        time(row["expires_at"]),
        time(row["revoked_at"]),
        float(row["created_at"]),
        row["by"],
    )
