"""Members who are away: when others are told, and when they have left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from signalling.rooms.effects import Departure
from signalling.rooms.member import Member
from signalling.rooms.room import Room

SHOWN_AFTER = 1.0
"""Seconds before others are told of a lost connection."""

GOODBYE = 3.0
"""Seconds for which a place is kept after its page closed the socket normally: the page may be reloading, which pages
cannot tell."""

RELOAD_MOST = 15.0
"""Most seconds that a page can ask for, in case it is reloading; the least is `GOODBYE`."""


def uncounted(seconds: float, since: float, now: float) -> float:
    """How much of the last `seconds` lies after `since`: so much later runs out what has run since then, if nothing is
    to count them."""
    return min(seconds, max(0.0, now - since))


class Due(NamedTuple):
    """An absence to act on. `reason`: why the member has left; None: others are to be told that it is away."""

    room: Room
    member: Member
    lost_at: float
    reason: Departure | None


class Absences:
    """Each member without a connection, with the room that keeps its place."""

    def __init__(self) -> None:
        self._rooms: dict[Member, Room] = {}

    def begin(self, room: Room, member: Member, now: float) -> None:
        member.connection = None
        member.lost_at = now
        self._rooms[member] = room
        member.touch()
        room.connections_changed()

    def adopt(self, room: Room, members: Iterable[Member]) -> None:
        """They were away where the room was before."""
        for member in sorted(members, key=lambda each: each.lost_at or 0.0):
            self._rooms[member] = room

    def end(self, member: Member) -> None:
        """The member is back, or gone for good."""
        self._rooms.pop(member, None)

    def back_in(self, member: Member, seconds: float, now: float) -> None:
        """The member said goodbye: it has left unless it is back within `seconds` from now."""
        lost_at = now if member.lost_at is None else member.lost_at
        member.touch()
        member.back_in = now - lost_at - member.excused + min(max(seconds, GOODBYE), RELOAD_MOST)

    def excuse(self, room: Room, seconds: float, now: float) -> None:
        """Do not count `seconds` in which nobody could have come back."""
        for member in room:
            if member in self._rooms and member.lost_at is not None:
                member.excused += uncounted(seconds, member.lost_at, now)
                member.touch()

    def known(self) -> Iterator[tuple[Room, Member, float]]:
        """Members whose connection was lost here, each with the time. For restored members only the store has it."""
        for room, member, lost_at in self._lost():
            if not member.restored:
                yield room, member, lost_at

    def due(self, now: float, grace: float) -> list[Due]:
        """`grace`: for how many seconds a place is kept.

        A member that said goodbye leaves when its page should be back, and is shown as away only after `GOODBYE`.
        """
        found: list[Due] = []
        for room, member, lost_at in self._lost():
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

    def _lost(self) -> Iterator[tuple[Room, Member, float]]:
        for member, room in self._rooms.items():
            if member.lost_at is not None:
                yield room, member, member.lost_at
