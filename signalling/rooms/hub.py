"""The hub: every room and every connection, as a reducer from messages and time to effects.

The life of a member, and what moves it on:

    (absent) --join--> connected --lost()--> away --1 s--> reconnecting --grace--> (absent) "lost"
                        |    ^                |                | ^
                        |    +--resume, join--+--resume, join--+ +--restore-- (a server that was restarted)
                        |                     +--goodbye, and not back in the seconds it named--> (absent) "left"
                        +--leave--> (absent) "left"
                        +--end----> (absent) "ended"

Resume and join both keep the participant and the stay, and start a new generation. A page that resumes is sent what it
missed; a page that joins starts afresh, and its new instance shows that to the others. Others are not told of the first
second away; most reloads take less.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from signalling.protocol.chat import Chat, ChatDelete, ChatEdit, ChatErase, ChatHistory, React
from signalling.protocol.client_messages import Join, Leave, Ping, Rename, Resume, RoomMessage, Signal, Status
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.identifiers import page_of
from signalling.rooms import allowed, catching_up, commands, goodbyes, reactions, server_messages, telling
from signalling.rooms.absences import GOODBYE, Absences
from signalling.rooms.admission import AdmissionView, view_of
from signalling.rooms.change import NOBODY, Outcome, Person, Unsettled
from signalling.rooms.chat import Chatting, Name, hashed
from signalling.rooms.coalescing import Coalescing
from signalling.rooms.departures import Departures
from signalling.rooms.effects import Close, Effect, Send
from signalling.rooms.event_log import Log
from signalling.rooms.flow import Flow
from signalling.rooms.hands import Hands
from signalling.rooms.inputs import (
    Arrival,
    Goodbye,
    Restored,
    Return,
    came_back,
    is_outdated,
    restored_member,
)
from signalling.rooms.knock import Knocking
from signalling.rooms.log_memory import MOST, LogMemory
from signalling.rooms.member import Handle, Member
from signalling.rooms.orders import Orders
from signalling.rooms.renaming import Renaming
from signalling.rooms.room import Room
from signalling.rooms.room_changes import RoomChanges
from signalling.rooms.seats import Seat, Seats
from signalling.rooms.stays import Stays, stay_resumed
from signalling.rooms.succession import Succession
from signalling.rooms.telling import FRAMES, Telling
from signalling.rooms.waiting import Waiting


class Hub:
    """All rooms of this process. `grace`, `heartbeat` and `now` are in seconds; `now` is by a clock that nobody sets.

    `frames`: frames a second in a room's budget for telling everyone; 0: statuses and messages need none.
    `hands`: has, after each call, what is to be recorded of raised hands. `message_name`: makes ids of messages.
    `log_memory`: most bytes of all logs together; `logs.size`: their bytes at the last check.
    """

    def __init__(
        self,
        *,
        grace: float = 30.0,
        heartbeat: float = 15.0,
        flow: Flow | None = None,
        frames: float = FRAMES,
        log_memory: int = MOST,
        hands: Hands | None = None,
        message_name: Name = hashed,
    ) -> None:
        self.hands = Hands() if hands is None else hands
        self.grace = grace
        self.heartbeat = heartbeat
        self.logs = LogMemory(log_memory)
        self.telling = Telling(frames)
        self.coalescing = Coalescing(self.telling, flow or Flow())
        self.rooms: dict[str, Room] = {}
        self.seats = Seats()
        self.absences = Absences()
        self.stays = Stays(self.rooms, self.absences)
        self.waiting = Waiting(self.rooms, heartbeat)
        self.departures = Departures(
            self.rooms, self.seats, self.absences, self.stays, self.coalescing, self.telling, self.waiting
        )
        self.changes = RoomChanges(self.telling, self.departures, self.waiting)
        self.orders = Orders(self.telling, self.changes, self.waiting, self.coalescing)
        self.chatting = Chatting(self.telling, self.orders.questions, self.hands.moment, message_name)
        self.renaming = Renaming(self.telling, self.orders.questions)
        self.succession = Succession(self.rooms, self.orders, grace)

    def present(self, room: str, user_id: str) -> Member | None:
        """The user's member in the room, connected or within grace."""
        found = self.rooms.get(room)
        return found.member_of(user_id) if found else None

    def size(self, room: str) -> int:
        """How many are in the room, those within grace included."""
        return len(self.rooms.get(room, ()))

    def admission_view(self, room: str, user_id: str, asking: Collection[str], most: int) -> AdmissionView:
        """The room as a user who wants to enter finds it."""
        return view_of(self.rooms.get(room), user_id, asking, most)

    def seated(self, connection: Handle) -> Seat | None:
        """The connection's seat, unless a newer connection took it over."""
        return self.seats.current(connection)

    def restore(self, stays: Iterable[Restored], now: float) -> None:
        """Keep a place for everyone who was there when the server stopped; grace starts now."""
        for stay in stays:
            room = self.opened(stay.room, stay.title, stay.epoch)
            room.adopt(stay.settings, stay.revision)
            if room.member_of(stay.user_id) is not None:
                continue
            member = restored_member(stay)
            room.begin(now - stay.lasted)
            room.add(member)
            self.hands.restore(room, member, stay.hand_at)
            self.absences.begin(room, member, now)

    def join(self, arrival: Arrival, now: float, *, soon: bool = False) -> list[Effect]:
        """Seat a connection whose join is recorded. The others are told first or, with `soon`, by `tell_soon`."""
        room = self.opened(arrival.room, arrival.title, arrival.epoch)
        # The room may have been made for those who wait, who are not told its title.
        room.rename(arrival.title)
        adopted = self.changes.adopt(room, arrival.settings, arrival.revision, now)
        member = room.member_of(arrival.user_id)
        was_present, former = member is not None, arrival.name if member is None else member.name
        if member is None:
            member = Member(arrival.participant_id, arrival.user_id, arrival.joined_at, arrival.kind)
            room.begin(now)
            room.add(member)
            self.hands.restore(room, member, arrival.hand_at)
        else:
            self.hands.compare(room, member, arrival.hand_at)
        if was_present and is_outdated(arrival, member):
            # This join was recorded last, so the store has the wrong instance, and may have another name.
            return [
                *adopted,
                Close(arrival.connection, CloseCode.REPLACED),
                stay_resumed(room.id, member, now),
                *self.changes.compare(room, member, arrival.role, arrival.may),
                *self.renaming.put_back(room, member, arrival.name, arrival.instance, former),
            ]
        effects = adopted + self._seat(room, member, arrival.connection, arrival.attempt, now)
        is_wrong = not self.stays.took_up(arrival, member)
        allowed.clamp(room, member)
        rejoined = was_present or arrival.rejoined
        event = server_messages.participant_rejoined if rejoined else server_messages.participant_joined
        self.telling.add(room, event(room.log.next(), member), now)
        member.arrived_at = room.log.seq
        telling.knows(room, member)
        effects += self.telling.soon(room) if soon else self.telling.tell(room, now)
        effects.append(catching_up.welcome(room, member, arrival, rejoined, self.heartbeat, self.grace, now))
        effects += self.waiting.came_in(room, member.user_id, now, soon=soon)
        effects += self.waiting.led(room, member)
        effects += self.renaming.put_back(room, member, arrival.name, arrival.instance, former)
        if is_wrong:
            # The store has the start of the stay by a clock that was set since.
            effects.append(stay_resumed(room.id, member, now))
        return effects

    def wait(self, asks: Knocking, now: float) -> list[Effect]:
        """Somebody has to be let in by those in charge, and waits."""
        room = self.opened(asks.room, asks.title, asks.epoch)
        adopted = self.changes.adopt(room, asks.settings, asks.revision, now)
        return adopted + self.waiting.begin(room, asks, now)

    def resume(self, back: Return, now: float) -> list[Effect] | None:
        """Seat a page's new connection in the page's place, and send it what it missed.

        None when the place has been given up: the page then has to join again.
        """
        room = self.rooms.get(back.room)
        member = room.member_of(back.user_id) if room else None
        if room is None or member is None:
            return None
        if page_of(back.instance) != page_of(member.instance) or back.attempt < member.attempt:
            return [Close(back.connection, CloseCode.REPLACED)]
        # A member that was never connected here: only its page knows what it sends.
        shown, unknown = member.state == "reconnecting", member.generation == 0
        effects = self._seat(room, member, back.connection, back.attempt, now)
        effects.append(stay_resumed(room.id, member, now, returned=True))
        changes = came_back(back, member, shown=shown, unknown=unknown)
        if unknown:
            changes |= commands.believe(room, member, back, now)
        if changes:
            self.telling.add(room, server_messages.participant_updated(room.log.next(), member, changes), now)
        answer = catching_up.bring_up_to_date(room, member, back, self.heartbeat, self.grace, now)
        telling.knows(room, member)
        return effects + self.telling.tell(room, now) + answer + self.waiting.led(room, member)

    def receive(
        self, connection: Handle, message: RoomMessage, now: float, known: Mapping[str, Person] = NOBODY
    ) -> list[Effect]:
        """Handle any message but a join or resume that opens a connection. `known`: absent people whom it is about."""
        seat = self.seats.get(connection)
        if seat is not None and seat.is_taken_over:
            return []
        if isinstance(message, Ping):
            return [Send(connection, server_messages.pong(message.t, message.id))]
        if seat is None:
            if self.waiting.of(connection) is not None:
                return self.waiting.receive(connection, message, now)
            return commands.refuse(connection, Refused(ErrorCode.NOT_JOINED), message.id)
        match message:
            case Status() | Signal():
                return self.coalescing.say(connection, seat.room, seat.member, message, now)
            case Leave():
                return self.departures.leave(connection, seat, message, now)
            case Join() | Resume():
                return commands.refuse(connection, Refused(ErrorCode.ALREADY_JOINED), message.id)
            case React():
                return reactions.react(self.telling, connection, seat, message, now)
            case Chat() | ChatEdit() | ChatDelete() | ChatErase() | ChatHistory():
                return self.chatting.receive(connection, seat, message, now, known)
            case Rename():
                return self.renaming.receive(connection, seat, message, now)
            case _:
                return self.orders.carry_out(connection, seat, message, now, known)

    def settled(self, unsettled: Unsettled, outcome: Outcome, now: float) -> list[Effect]:
        """The store has answered what `Unsettled` asked it to record."""
        room, post = self.rooms.get(unsettled.room), unsettled.change.chat
        if post is not None:
            return self.chatting.settled(room, unsettled, post, outcome, now)
        if (name := unsettled.change.name) is not None:
            return self.renaming.settled(room, unsettled, name, outcome, now)
        return self.orders.settled(room, unsettled, outcome, now)

    def lost(self, connection: Handle, now: float, *, goodbye: bool = False) -> list[Effect]:
        """The connection is gone, however it ended. Its member keeps the place for `grace` seconds.

        `goodbye`: the page closed it normally, and has left unless it comes back at once, as after a reload.
        """
        self.waiting.lost(connection, now)
        seat = self.seats.pop(connection, None)
        if seat is None or seat.is_taken_over:
            return []
        told = self.coalescing.release_all_of(seat.member, now)
        self.absences.begin(seat.room, seat.member, now)
        if goodbye:
            self.absences.back_in(seat.member, GOODBYE, now)
        return told

    def goodbye(self, said: Goodbye, now: float) -> list[Effect] | None:
        """A page says over HTTP that it is going away; its socket may be closed already or still open.

        The page has left unless it is back within `said.back_in` seconds: pages cannot tell a reload. None when nothing
        changes: another page has the place by now, or the same page has asked for the place again.
        """
        member = self.present(said.room, said.user_id)
        if member is None or member.instance != said.instance:
            return None
        room = self.rooms[said.room]
        return goodbyes.take(room, member, said, now, self.coalescing, self.seats, self.absences)

    def tick(self, now: float) -> list[Effect]:
        """Time has passed: show members who have been away for a while, and remove those away for too long."""
        effects: list[Effect] = []
        rooms: dict[Room, None] = {}
        for room, member, lost_at, reason in self.absences.due(now, self.grace):
            rooms[room] = None
            if reason is not None:
                effects += self.departures.depart(room, member, reason, lost_at, now)
            else:
                self.departures.show_away(room, member, now)
        effects += [told for room in rooms for told in self.telling.tell_now(room)]
        effects += self.waiting.tick(now) + self.succession.tick(now)
        self.logs.look((room.log for room in self.rooms.values()), now)
        return effects

    @property
    def keeps_back(self) -> bool:
        """Whether anything waits to be told: call `release` within `telling.DELAY`."""
        return bool(self.coalescing) or bool(self.telling)

    def release(self, now: float) -> list[Effect]:
        return self.coalescing.release(now)

    def tell_soon(self, now: float) -> list[Effect]:
        return self.telling.tell_soon(now) + self.waiting.tell_positions()

    def stood_still(self, seconds: float, now: float, room: Room | None = None) -> None:
        """Nobody could come into the room, or any, for `seconds` until now: nothing that runs out there counts them."""
        for each in self.rooms.values() if room is None else [room]:
            for part in (self.absences, self.waiting, self.succession):
                part.excuse(each, seconds, now)

    def end(self, room_id: str, now: float) -> list[Effect]:
        """The meeting has ended for all. The store closed its stays in the call that ended it."""
        room = self.rooms.pop(room_id, None)
        return [] if room is None else self.departures.end(room, now)

    def opened(self, room_id: str, title: str, epoch: str) -> Room:
        room = self.rooms.get(room_id)
        if room is None:
            room = self.rooms[room_id] = Room(room_id, title, self.new_log(epoch), self.hands)
        return room

    def new_log(self, epoch: str) -> Log:
        # Long enough for the longest absence: a dead socket that was not noticed yet, and then grace.
        return Log(epoch, max_age=self.grace + 2 * self.heartbeat)

    def _seat(self, room: Room, member: Member, connection: Handle, attempt: int, now: float) -> list[Effect]:
        effects = self.coalescing.release_all_of(member, now)
        if member.connection is not None:
            effects.append(Close(member.connection, CloseCode.REPLACED))
        self.seats.take(room, member, connection, attempt)
        self.absences.end(member)
        return effects
