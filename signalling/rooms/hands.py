"""Raised hands: since when each is up, and what is still to be recorded of that.

One order for all: a hand that is raised later has a later time, whatever is done to the clock meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from signalling.rooms.member import Member

if TYPE_CHECKING:
    from signalling.rooms.room import Room

LOWERED = 0.0
"""In the record, in place of a time: somebody else has lowered the hand, and the page has not heard of it yet."""

RECORDED = Mapping[str, float | None]
"""By user, since when the hand is up (epoch seconds), `LOWERED`, or None: it is down."""


class Hands:
    """`at` converts a time of the hub's clock to the record's clock."""

    def __init__(self, at: Callable[[float], float] = lambda moment: moment) -> None:
        self._at = at
        self._changed: dict[str, dict[str, float | None]] = {}

    def __bool__(self) -> bool:
        """Whether anything is to be recorded."""
        return bool(self._changed)

    def moment(self, now: float) -> float:
        """That time by the record's clock."""
        return self._at(now)

    def take(self) -> Mapping[str, RECORDED]:
        """What has changed since the last call, by room."""
        changed, self._changed = self._changed, {}
        return changed

    def restore(self, room: Room, member: Member, recorded: float | None) -> None:
        """The room does not know the member yet: what the record says counts."""
        if recorded == LOWERED:
            member.muted |= {"hand"}
        elif recorded is not None:
            member.hand_at = recorded
            room.hand_at = max(room.hand_at, recorded)
            room.touch()

    def compare(self, room: Room, member: Member, recorded: float | None) -> None:
        """What the room knows of the member counts, and is recorded again if the record says something else. (Where
        that took the stay for over, it has lowered the hand.)"""
        if recorded != member.hand_at and (member.hand or recorded != LOWERED):
            self._record(room, member, member.hand_at)

    def said(self, room: Room, member: Member, up: bool | None, now: float) -> dict[str, Any]:
        """The member's page says whether the hand is up. Returns the changes to tell the others."""
        if up is None:
            return {}
        member.muted -= {"hand"}
        if up is member.hand:
            return {}
        member.hand_at = None
        if up:
            member.hand_at = room.hand_at = round(max(self._at(now), room.hand_at + 0.001), 3)
            room.touch()
        return self._change(room, member, member.hand_at)

    def lower(self, room: Room, member: Member) -> dict[str, Any]:
        """Somebody else lowers the hand, or it may not be up any more. Returns the changes to tell the others."""
        if not member.hand:
            return {}
        member.hand_at = None
        # Also with a connection, which may be a dead one.
        member.muted |= {"hand"}
        return self._change(room, member, LOWERED if member.connection is None else None)

    def told(self, room: Room, member: Member) -> None:
        """The member's page, which is back, is told that the hand is down."""
        if "hand" in member.muted:
            self._record(room, member, None)

    def adopted(self, room: Room) -> None:
        """Record all hands again: whoever had the room before may not have."""
        for member in room:
            lowered = None if member.connection is not None or "hand" not in member.muted else LOWERED
            self._record(room, member, member.hand_at if member.hand else lowered)

    def gone(self, room: Room, member: Member) -> None:
        """The member has gone for good, and the hand with it."""
        if member.hand:
            self._record(room, member, None)

    def _change(self, room: Room, member: Member, recorded: float | None) -> dict[str, Any]:
        member.changed()
        self._record(room, member, recorded)
        return {"hand": member.hand, "hand_at": member.raised_at}

    def _record(self, room: Room, member: Member, recorded: float | None) -> None:
        self._changed.setdefault(room.id, {})[member.user_id] = recorded
