"""Which connection belongs to which member."""

from __future__ import annotations

from typing import NamedTuple

from signalling.rooms.member import Handle, Member
from signalling.rooms.room import Room


class Seat(NamedTuple):
    """A connection's room and member, with the member's generation when it was seated."""

    room: Room
    member: Member
    generation: int

    @property
    def is_taken_over(self) -> bool:
        """Whether a newer connection has the place: messages and a late close from this one are ignored."""
        return self.generation != self.member.generation


class Seats(dict[Handle, Seat]):
    """A seat for each connection that was seated and is not gone yet."""

    def current(self, connection: Handle) -> Seat | None:
        """The connection's seat, unless a newer connection took it over."""
        seat = self.get(connection)
        return None if seat is None or seat.is_taken_over else seat

    def adopt(self, room: Room, member: Member) -> None:
        """The member's connection has the seat already."""
        self[member.connection] = Seat(room, member, member.generation)

    def take(self, room: Room, member: Member, connection: Handle, attempt: int) -> None:
        self[connection] = Seat(room, member, member.connect(connection, attempt))
        room.connections_changed()
