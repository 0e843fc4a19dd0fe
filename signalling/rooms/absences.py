"""Who is away, and what becomes of them as time passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from signalling.rooms.effects import Departure
from signalling.rooms.member import Member
from signalling.rooms.room import Room

SHOWN_AFTER = 1.0
"""Seconds a lost connection stays unmentioned."""

GOODBYE = 3.0
"""Seconds the place of a page that closed its socket in good order is kept: it may have been reloaded, which pages
cannot tell."""

RELOAD_MOST = 15.0
"""Seconds a page that says how long its reload may take can ask for; the least is `GOODBYE`."""


class Due(NamedTuple):
    """An absence that comes to something. `reason`: the member has left for it; None: the others are to be shown."""

    room: Room
    member: Member
    lost_at: float
    reason: Departure | None


class Absences:
    """Each member that has no connection, with the room that keeps the place."""

    def __init__(self) -> None:
        self._rooms: dict[Member, Room] = {}

    def begin(self, room: Room, member: Member, now: float) -> None:
        member.connection = None
        member.lost_at = now
        self._rooms[member] = room

    def end(self, member: Member) -> None:
        """The member is back, or gone for good."""
        self._rooms.pop(member, None)

    def back_in(self, member: Member, seconds: float, now: float) -> None:
        """The member said goodbye: unless it is back so many seconds from now, it has left."""
        lost_at = now if member.lost_at is None else member.lost_at
        member.back_in = now - lost_at - member.excused + min(max(seconds, GOODBYE), RELOAD_MOST)

    def excuse(self, seconds: float, now: float) -> None:
        """In that time nobody could have come back."""
        for member in self._rooms:
            if member.lost_at is not None:
                member.excused += min(seconds, max(0.0, now - member.lost_at))

    def known(self) -> Iterator[tuple[Room, Member, float]]:
        """Those who were seen to go, each with the moment. Of who was restored only the record knows that."""
        for member, room in self._rooms.items():
            if member.lost_at is not None and not member.restored:
                yield room, member, member.lost_at

    def due(self, now: float, grace: float) -> list[Due]:
        """`grace`: for how many seconds a place is kept.

        Who said goodbye is due when they said they would be back, and until then a slow reload is shown later.
        """
        found: list[Due] = []
        for member, room in self._rooms.items():
            lost_at = member.lost_at
            if lost_at is None:  # pragma: no cover - a member that is connected is taken out
                continue
            away = now - lost_at - member.excused
            reason: Departure = "lost"
            kept, show = grace, away >= SHOWN_AFTER
            if member.back_in is not None:
                reason = "left"
                kept = min(grace, member.back_in)
                show = away >= GOODBYE and kept - away > SHOWN_AFTER
            if away >= kept:
                found.append(Due(room, member, lost_at, reason))
            elif show and member.state == "connected":
                found.append(Due(room, member, lost_at, None))
        return found
