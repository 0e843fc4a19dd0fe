"""Stays, as they are reported to the store, or would be reported again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from signalling.rooms.absences import Absences
from signalling.rooms.effects import Departure, StayEnded, StayResumed
from signalling.rooms.inputs import Arrival, took_up
from signalling.rooms.member import Member
from signalling.rooms.room import Room

MOST = 50_000
"""Stays that are known to have been corrected, the latest."""


def stay_resumed(room: str, member: Member, now: float, *, returned: bool = False) -> StayResumed:
    who = room, member.user_id, member.id, member.session_id
    return StayResumed(*who, member.instance, now, returned, member.began_at)


def stay_ended(room: str, member: Member, at: float, reason: Departure) -> StayEnded:
    return StayEnded(room, member.user_id, member.id, member.session_id, at, reason, member.began_at)


class Stays:
    """The stays of everyone who is in a room, connected or within grace."""

    def __init__(self, rooms: Mapping[str, Room], absences: Absences) -> None:
        self._rooms = rooms
        self._absences = absences
        # When they began, by the store's current clock: stays of members who were restored and did not come back. Until
        # the store closes them, whoever joins goes on with them.
        self._left_open: dict[str, float] = {}
        # The same, of those who were in when the clock was set. One of them may leave and come back before the store
        # has heard anything of it, and then goes on with a stay that it has by the old clock.
        self._corrected: dict[str, float] = {}

    def of(self, room: str, user_id: str, now: float) -> StayResumed | None:
        """The user's stay in the room; None when it does not go on here."""
        member = self._member(room, user_id)
        return None if member is None or member.restored else stay_resumed(room, member, now)

    def _member(self, room: str, user_id: str) -> Member | None:
        found = self._rooms.get(room)
        return found.member_of(user_id) if found else None

    def present(self, now: float) -> Iterator[StayResumed]:
        """The stays that go on here."""
        for room in self._rooms.values():
            for member in room:
                if not member.restored:
                    yield stay_resumed(room.id, member, now)

    def took_up(self, arrival: Arrival, member: Member) -> bool:
        """Update the member from the arrival. False: the store has the start of its stay by a clock that was set
        since."""
        is_right = took_up(arrival, member)
        session_id = arrival.session_id
        began_at = self._left_open.pop(session_id, self._corrected.get(session_id))
        if began_at is None:
            return is_right
        member.began_at = began_at
        return began_at == arrival.joined_at

    def start_of(self, room: str, user_id: str, session_id: str) -> float | None:
        """When the stay began by the store's current clock; None: the store knows, as far as is known here."""
        member = self._member(room, user_id)
        if member is not None and member.session_id == session_id:
            return member.began_at
        return self._left_open.get(session_id, self._corrected.get(session_id))

    def leave_open(self, member: Member) -> None:
        """The place of a restored member is given up. The store knows better when the member was last seen."""
        self._left_open[member.session_id] = member.began_at

    def clock_was_set(self, seconds: float) -> None:
        """The store's clock was set by `seconds`: the starts that it has of these stays are wrong until told again."""
        for room in self._rooms.values():
            for member in room:
                member.began_at += seconds
                member.touch()
        for starts in (self._left_open, self._corrected):
            for session_id in starts:
                starts[session_id] += seconds
        for room in self._rooms.values():
            for member in room:
                self.corrected(member.session_id, member.began_at)

    def corrected(self, session_id: str, began_at: float) -> None:
        """The start of the stay is `began_at` by the store's current clock, whatever the store has."""
        self._corrected.pop(session_id, None)
        self._corrected[session_id] = began_at
        if len(self._corrected) > MOST:
            del self._corrected[next(iter(self._corrected))]

    def lost(self) -> Iterator[StayEnded]:
        """The stays of members who are away, as they will end if the members stay away."""
        for room, member, lost_at in self._absences.known():
            # Also after a goodbye: while the place is kept, the page may just be reloading.
            yield stay_ended(room.id, member, lost_at, "lost")
