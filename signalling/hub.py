"""The hub: every room and every connection, as a reducer from messages and time to effects.

The life of a member, and what moves it on:

    (absent) --join--> connected --lost()--> away --1 s--> reconnecting --grace--> (absent) "lost"
                        |    ^                |                |
                        |    +------join------+------join------+      same participant, same stay
                        +--leave--> (absent) "left"                   new instance, new generation
                        +--end----> (absent) "ended"

"Away" is a second of silence: nobody is told, because most reloads are over by then.

A connection is seated with the generation its member then had. When the two differ, a newer connection has taken
over, and whatever the older one still says, or its late close, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from signalling import events
from signalling.effects import Broadcast, Close, Departure, Effect, Send, StayEnded
from signalling.errors import ERRORS, CloseCode, ErrorCode, Refused
from signalling.messages import ClientMessage, Join, Leave, Media, Ping, Signal, Status
from signalling.room import Handle, Member, Role, Room

SHOWN_AFTER = 1.0
"""Seconds a lost connection stays unmentioned."""


class Arrival(NamedTuple):
    """A join that the store has recorded, with everything the hub cannot know by itself.

    `session` and `token` are the credentials handed back; `epoch` names the log if the room is opened by this.
    """

    connection: Handle
    message_id: int
    room: str
    title: str
    created: bool
    hosting: bool
    participant_id: str
    user_id: str
    name: str
    role: Role
    session_id: str
    session: str
    token: str | None
    instance: str
    epoch: str
    rejoined: bool
    joined_at: float
    media: Media
    ice_servers: Sequence[dict[str, Any]]


class Seat(NamedTuple):
    room: Room
    member: Member
    generation: int


class Hub:
    """All rooms of this process. `grace` and `heartbeat` are in seconds."""

    def __init__(self, *, grace: float = 30.0, heartbeat: float = 15.0) -> None:
        self.grace = grace
        self.heartbeat = heartbeat
        self.rooms: dict[str, Room] = {}
        self._seats: dict[Handle, Seat] = {}
        self._away: dict[Member, Room] = {}

    # What the caller asks before and while it records a join.

    def present(self, room: str, user_id: str) -> Member | None:
        """The user's member in the room, connected or within grace."""
        found = self.rooms.get(room)
        return found.member_of(user_id) if found else None

    def size(self, room: str) -> int:
        """How many are in the room, those within grace included."""
        found = self.rooms.get(room)
        return len(found) if found else 0

    def seated(self, connection: Handle) -> Seat | None:
        """Where the connection sits, unless a newer one took over."""
        seat = self._seats.get(connection)
        return seat if seat is not None and seat.generation == seat.member.generation else None

    # What happens.

    def join(self, arrival: Arrival, now: float) -> list[Effect]:
        """Seat a connection whose join is recorded. The others hear of it before the joiner is answered."""
        room = self.rooms.get(arrival.room)
        if room is None:
            room = self.rooms[arrival.room] = Room(arrival.room, arrival.title, arrival.epoch)
        member = room.member_of(arrival.user_id)
        was_present = member is not None
        effects: list[Effect] = []
        if member is None:
            member = Member(arrival.participant_id, arrival.user_id, arrival.joined_at)
            room.add(member)
        elif member.connection is not None:
            effects.append(Close(member.connection, CloseCode.REPLACED))
        member.name = arrival.name
        member.role = arrival.role
        member.session_id = arrival.session_id
        member.instance = arrival.instance
        # A new page sends nothing that it does not say it sends.
        member.audio = member.video = member.screen = False
        member.set_media(arrival.media)
        self._seats[arrival.connection] = Seat(room, member, member.connect(arrival.connection))
        self._away.pop(member, None)
        room.connections_changed()

        rejoined = was_present or arrival.rejoined
        event = events.participant_rejoined if rejoined else events.participant_joined
        payload = event(room.log.next(), member)
        room.log.append(payload, now)
        effects.append(Broadcast(room.audience_without(arrival.connection), payload))
        answer = events.joined(
            message_id=arrival.message_id,
            room=room,
            you=member,
            host=arrival.hosting,
            created=arrival.created,
            rejoined=rejoined,
            session=arrival.session,
            token=arrival.token,
            ice_servers=arrival.ice_servers,
            heartbeat=self.heartbeat,
            grace=self.grace,
        )
        effects.append(Send(arrival.connection, answer))
        return effects

    def receive(self, connection: Handle, message: ClientMessage, now: float) -> list[Effect]:
        """Any message but the join that opens a connection."""
        seat = self._seats.get(connection)
        if seat is None:
            if type(message) is Ping:
                return [Send(connection, events.pong(message.t, message.id))]
            return refuse(connection, Refused(ErrorCode.NOT_JOINED), message.id)
        if seat.generation != seat.member.generation:
            return []
        match message:
            case Status():
                return self._status(connection, seat, message, now)
            case Signal():
                return self._signal(connection, seat, message, now)
            case Ping():
                return [Send(connection, events.pong(message.t, message.id))]
            case Leave():
                del self._seats[connection]
                effects = self._depart(seat.room, seat.member, "left", now, now)
                if message.id is not None:
                    effects.append(Send(connection, events.ack(message.id)))
                effects.append(Close(connection, CloseCode.NORMAL))
                return effects
            case Join():
                return refuse(connection, Refused(ErrorCode.ALREADY_JOINED), message.id)

    def lost(self, connection: Handle, now: float) -> list[Effect]:
        """The connection is gone, however it ended. Its member keeps the place for `grace` seconds."""
        seat = self._seats.pop(connection, None)
        if seat is None or seat.generation != seat.member.generation:
            return []
        seat.member.connection = None
        seat.member.lost_at = now
        seat.room.connections_changed()
        self._away[seat.member] = seat.room
        return []

    def tick(self, now: float) -> list[Effect]:
        """Time has passed: show who has been away for a second, part with who was away for `grace`."""
        effects: list[Effect] = []
        for member, room in list(self._away.items()):
            lost_at = member.lost_at
            if lost_at is None:  # pragma: no cover - join() takes a member out of _away when it connects it
                continue
            if now - lost_at >= self.grace:
                effects += self._depart(room, member, "lost", lost_at, now)
            elif member.state == "connected" and now - lost_at >= SHOWN_AFTER:
                member.state = "reconnecting"
                member.changed()
                effects.append(self._update(room, member, {"state": member.state}, now))
        return effects

    def end(self, room_id: str, now: float) -> list[Effect]:
        """The meeting is over for all. Its stays are the store's to close, in the call that ended it."""
        room = self.rooms.pop(room_id, None)
        if room is None:
            return []
        payload = events.meeting_ended(room.log.next(), "ended")
        room.log.append(payload, now)
        effects: list[Effect] = [Broadcast(room.audience(), payload)]
        for member in room:
            self._away.pop(member, None)
            if member.connection is not None:
                self._seats.pop(member.connection, None)
                effects.append(Close(member.connection, CloseCode.MEETING_ENDED))
        return effects

    # How each command is done.

    def _status(self, connection: Handle, seat: Seat, message: Status, now: float) -> list[Effect]:
        member = seat.member
        changes: dict[str, Any] = {}
        if member.set_media(message.media):
            changes["media"] = member.media()
        if message.hand is not None and message.hand is not member.hand:
            member.hand = message.hand
            member.changed()
            changes["hand"] = member.hand
        effects: list[Effect] = []
        if changes:
            effects.append(self._update(seat.room, member, changes, now))
        if message.id is not None:
            effects.append(Send(connection, events.ack(message.id)))
        return effects

    def _signal(self, connection: Handle, seat: Seat, message: Signal, now: float) -> list[Effect]:
        room = seat.room
        addressee = room.member(message.to)
        if addressee is None or addressee is seat.member:
            return refuse(connection, Refused(ErrorCode.UNKNOWN_PARTICIPANT), message.id)
        payload = events.signal(room.log.next(), seat.member, message.data)
        room.log.append(payload, now, addressee.id)
        effects: list[Effect] = []
        if addressee.connection is not None:
            effects.append(Send(addressee.connection, payload))
        if message.id is not None:
            effects.append(Send(connection, events.ack(message.id)))
        return effects

    def _update(self, room: Room, member: Member, changes: dict[str, Any], now: float) -> Broadcast:
        payload = events.participant_updated(room.log.next(), member, changes)
        room.log.append(payload, now)
        return Broadcast(room.audience(), payload)

    def _depart(self, room: Room, member: Member, reason: Departure, at: float, now: float) -> list[Effect]:
        """Take the member out; `at` is when its stay ended."""
        room.remove(member)
        self._away.pop(member, None)
        payload = events.participant_left(room.log.next(), member, reason)
        room.log.append(payload, now)
        if not len(room):
            del self.rooms[room.id]
        return [
            Broadcast(room.audience(), payload),
            StayEnded(room.id, member.user_id, member.id, member.session_id, at, reason),
        ]


def refuse(connection: Handle, refused: Refused, message_id: int | None = None) -> list[Effect]:
    """Answer with an error, and close where the table says so."""
    effects: list[Effect] = [Send(connection, events.error(refused, message_id))]
    close = ERRORS[refused.code].close
    if close is not None:
        effects.append(Close(connection, close))
    return effects
