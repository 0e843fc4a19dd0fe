"""Which connection sits where."""

from __future__ import annotations

from typing import NamedTuple

from signalling.rooms.member import Handle, Member
from signalling.rooms.room import Room


class Seat(NamedTuple):
    """A connection's, with the generation that its member then had."""

    room: Room
    member: Member
    generation: int

    @property
    def is_taken_over(self) -> bool:
        """Whether a newer connection has the place: what this one says, or its late close, changes nothing."""
        return self.generation != self.member.generation


class Seats(dict[Handle, Seat]):
    """One for each connection that was seated and is not gone yet."""

    def current(self, connection: Handle) -> Seat | None:
        """Where the connection sits, unless a newer one took over."""
        seat = self.get(connection)
        return None if seat is None or seat.is_taken_over else seat

    def take(self, room: Room, member: Member, connection: Handle, attempt: int) -> None:
        self[connection] = Seat(room, member, member.connect(connection, attempt))
        room.connections_changed()
