"""How members are away, and go for good: they leave, are away for too long, are removed, or the meeting has ended."""

from __future__ import annotations

from signalling.protocol.client_messages import Leave
from signalling.protocol.errors import CloseCode
from signalling.rooms import server_messages
from signalling.rooms.absences import Absences
from signalling.rooms.coalescing import Coalescing
from signalling.rooms.effects import Close, Departure, Effect, Send
from signalling.rooms.member import Handle, Member
from signalling.rooms.room import Room
from signalling.rooms.seats import Seat, Seats
from signalling.rooms.stays import Stays, stay_ended
from signalling.rooms.telling import Telling
from signalling.rooms.waiting import Waiting


class Departures:
    def __init__(
        self,
        rooms: dict[str, Room],
        seats: Seats,
        absences: Absences,
        stays: Stays,
        coalescing: Coalescing,
        told: Telling,
        waiting: Waiting,
    ) -> None:
        self._rooms = rooms
        self._seats = seats
        self._absences = absences
        self._stays = stays
        self._coalescing = coalescing
        self._telling = told
        self._waiting = waiting

    def show_away(self, room: Room, member: Member, now: float) -> None:
        """The member has been away for a while, and may come back. The caller tells the others next."""
        member.state = "reconnecting"
        member.changed()
        event = server_messages.participant_updated(room.log.next(), member, {"state": member.state})
        self._telling.add(room, event, now)

    def leave(self, connection: Handle, seat: Seat, message: Leave, now: float) -> list[Effect]:
        del self._seats[connection]
        effects = self.depart(seat.room, seat.member, "left", now, now) + self._telling.tell(seat.room, now)
        if message.id is not None:
            effects.append(Send(connection, server_messages.ack(message.id)))
        return [*effects, Close(connection, CloseCode.NORMAL)]

    def depart(
        self, room: Room, member: Member, reason: Departure, at: float, now: float, by: str | None = None
    ) -> list[Effect]:
        """`at`: when the stay ended. `by`: the participant who removed the member. The caller tells the others next."""
        effects = self._coalescing.release_all_of(member, now)
        room.remove(member)
        room.hands.gone(room, member)
        member.connection = None
        self._absences.end(member)
        self._telling.add(room, server_messages.participant_left(room.log.next(), member, reason, by), now)
        if room.is_empty:
            del self._rooms[room.id]
            self._telling.forget(room)
        if member.restored:
            self._stays.leave_open(member)
        else:
            effects.append(stay_ended(room.id, member, at, reason))
        return effects

    def remove(
        self, room: Room, member: Member, code: CloseCode, now: float, by: str | None = None
    ) -> list[Effect]:
        connection = member.connection
        self._seats.pop(connection, None)
        closing: list[Effect] = [] if connection is None else [Close(connection, code)]
        at = now if member.lost_at is None else member.lost_at
        return self.depart(room, member, "removed", at, now, by) + self._telling.tell(room, now) + closing

    def end(self, room: Room, now: float) -> list[Effect]:
        """The meeting has ended for all."""
        self._telling.add(room, server_messages.meeting_ended(room.log.next(), "ended"), now)
        effects = self._telling.tell_now(room)
        for member in room:
            self._absences.end(member)
            self._coalescing.forget(member)
            if member.connection is not None:
                self._seats.pop(member.connection, None)
                effects.append(Close(member.connection, CloseCode.MEETING_ENDED))
                member.connection = None
        return effects + self._waiting.meeting_ended(room)
