"""Those who wait to be let in: a room has them beside its members, in the order in which they came.

Whoever waits is told the position and nothing else of the room. Those in charge are told who waits.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from signalling.protocol.client_messages import ClientMessage, Leave
from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.knocks import KnockReason
from signalling.rooms import commands, server_messages
from signalling.rooms.absences import uncounted
from signalling.rooms.effects import Close, Effect, LetIn, Send
from signalling.rooms.knock import Knock, Knocking
from signalling.rooms.member import Handle, Member
from signalling.rooms.permissions import is_in_charge
from signalling.rooms.room import Room

GONE_AFTER = 30.0
"""Seconds for which whoever lost the connection goes on waiting."""


class Waits(NamedTuple):
    room: Room
    knock: Knock


class Waiting:
    def __init__(self, rooms: dict[str, Room], heartbeat: float) -> None:
        self._rooms = rooms
        self._heartbeat = heartbeat
        self._of: dict[Handle, Waits] = {}
        self._lost: dict[Knock, Room] = {}
        # Rooms in which positions are to be counted again: once, however many have gone.
        self._moved: dict[Room, None] = {}

    def of(self, connection: Handle) -> Waits | None:
        return self._of.get(connection)

    def since(self, room: str, knock: str) -> float | None:
        """Since when the one with this knock has waited."""
        knocks = self._rooms[room].knocks.values() if room in self._rooms else ()
        return next((each.at for each in knocks if each.id == knock), None)

    def begin(self, room: Room, asks: Knocking, now: float) -> list[Effect]:
        """Somebody waits from now on, or has come again."""
        knock = room.knocks.get(asks.user_id)
        effects: list[Effect] = []
        if knock is None:
            if len(room.knocks) >= asks.most:
                self._forget(room)
                full = Refused(ErrorCode.MEETING_FULL, f"{asks.most} people wait already. Try again later.")
                return commands.refuse(asks.connection, full, asks.message_id)
            knock = Knock(asks)
            room.add_knock(knock)
            effects += self._tell_those_in_charge(room, server_messages.knock(room.log.next(), knock), now)
        else:
            if knock.connection is not None and knock.connection != asks.connection:
                del self._of[knock.connection]
                effects.append(Close(knock.connection, CloseCode.REPLACED))
            is_known = (knock.name, knock.anonymous) == (asks.name, asks.anonymous)
            knock.come(asks)
            if asks.at < knock.at:
                # After a restart another page of the user's came first, which did not know since when they wait.
                knock.at = asks.at
                room.add_knock(knock)
            room.touch()
            if knock.admitted or not is_known:
                # The store does not let them in: it has forgotten, or something else stands in the way. Or they come by
                # another name than the one that those in charge see.
                knock.admitted = False
                effects += self._tell_those_in_charge(
                    room, server_messages.knock(room.log.next(), knock), now
                )
        self._lost.pop(knock, None)
        former = self._of.get(asks.connection)
        if former is not None and former.knock is not knock:
            # A connection waits once. Nobody would notice that it is lost to the other knock.
            effects += self._end(former.room, former.knock, "left", now)
        self._of[asks.connection] = Waits(room, knock)
        return effects + self._positions(room, tell=knock)

    def receive(self, connection: Handle, message: ClientMessage, now: float) -> list[Effect]:
        """Handle any message but ping and authenticate from somebody who waits."""
        room, knock = self._of[connection]
        if not isinstance(message, Leave):
            return commands.refuse(connection, not_now(), message.id)
        effects = self.end(room, knock, "left", now)
        if message.id is not None:
            effects.append(Send(connection, server_messages.ack(message.id)))
        return [*effects, Close(connection, CloseCode.NORMAL)]

    def lost(self, connection: Handle, now: float) -> None:
        """The connection is gone. Its user may come back to the same position."""
        waits = self._of.pop(connection, None)
        if waits is not None:
            waits.knock.connection = None
            waits.knock.lost_at = now
            self._lost[waits.knock] = waits.room
            waits.room.touch()

    def excuse(self, room: Room, seconds: float, now: float) -> None:
        """Do not count `seconds` in which none of those who lost the connection could have come back."""
        for knock in room.knocks.values():
            if knock.connection is None:
                knock.lost_at += uncounted(seconds, knock.lost_at, now)
                room.touch()

    def tick(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for knock, room in list(self._lost.items()):
            if now - knock.lost_at >= GONE_AFTER:
                effects += self._end(room, knock, "left", now)
        return effects + self.tell_positions() + self._tell_who_is_there()

    def _tell_who_is_there(self) -> list[Effect]:
        """Tell those who wait that somebody has come who could let them in, or that nobody is there any more."""
        there = {room: is_hosted(room) for room in {waits.room for waits in self._of.values()}}
        return [
            self._waiting(room, knock)
            for room, knock in self._of.values()
            if not knock.admitted and knock.hosted is not there[room]
        ]

    def end(
        self, room: Room, knock: Knock, reason: KnockReason, now: float, by: str | None = None
    ) -> list[Effect]:
        """Nobody waits there any more. The caller answers, or closes, the connection."""
        return self._end(room, knock, reason, now, by) + self.tell_positions()

    def admit(self, room: Room, users: Collection[str], now: float, by: str | None) -> list[Effect]:
        """They may come in, once the store has it: see `ask_again`."""
        effects: list[Effect] = []
        for user_id in users:
            knock = room.knocks.get(user_id)
            if knock is not None and not knock.admitted:
                effects += self._tell_end(room, knock, "admitted", now, by)
                knock.admitted = True
                self._moved[room] = None
        return effects + self.tell_positions()

    def came_in(self, room: Room, user_id: str, now: float, *, soon: bool) -> list[Effect]:
        """The user has joined, by whatever connection. With `soon`, those who wait on are told by `tell_positions`."""
        knock = room.knocks.get(user_id)
        if knock is None:
            return []
        connection = knock.connection
        effects = self._end(room, knock, "admitted", now)
        member = room.member_of(user_id)
        if connection is not None and (member is None or member.connection != connection):
            effects.append(Close(connection, CloseCode.REPLACED))
        return effects if soon else effects + self.tell_positions()

    def tell_positions(self) -> list[Effect]:
        """Tell those whose position has changed."""
        moved, self._moved = self._moved, {}
        return [effect for room in moved for effect in self._positions(room)]

    def refuse(
        self, room: Room, users: Collection[str], code: ErrorCode, now: float, by: str | None = None
    ) -> list[Effect]:
        """They do not come in."""
        effects: list[Effect] = []
        for knock in [room.knocks[user_id] for user_id in users if user_id in room.knocks]:
            connection = knock.connection
            effects += self._end(room, knock, "denied", now, by)
            if connection is not None:
                effects += commands.refuse(connection, Refused(code), knock.message_id)
        return effects + self.tell_positions()

    def revoked(self, user_ids: Collection[str], now: float) -> list[Effect]:
        """The credentials of these users are void: they wait no more."""
        effects: list[Effect] = []
        for room in tuple(self._rooms.values()):
            for knock in [each for each in room.knocks.values() if each.user_id in user_ids]:
                connection = knock.connection
                effects += self._end(room, knock, "left", now)
                if connection is not None:
                    effects += commands.refuse(connection, Refused(ErrorCode.REVOKED), knock.message_id)
        return effects + self.tell_positions()

    def ask_again(self, room: Room, users: frozenset[str] | None = None) -> list[Effect]:
        """Their joins are to be asked for once more: those of these users, or of all who wait."""
        return [
            LetIn(knock.connection, room.id)
            for knock in room.knocks.values()
            if knock.connection is not None and (users is None or knock.user_id in users)
        ]

    def led(self, room: Room, member: Member) -> list[Effect]:
        """The member is there: whoever waits for somebody in charge may come in."""
        return (
            self.ask_again(room) if is_in_charge(member.role) and not room.settings.join_before_host else []
        )

    def tell_all_of(self, room: Room, member: Member, now: float) -> list[Effect]:
        """Tell a member who is in charge from now on who waits."""
        effects: list[Effect] = []
        for knock in filter(lambda each: not each.admitted, room.knocks.values()):
            # To a set of one: a list of who waits takes its place, so it is not sent again behind one.
            effects += commands.tell_some(room, [member], server_messages.knock(room.log.next(), knock), now)
        return effects

    def tell_settings(self, room: Room) -> list[Effect]:
        """Tell all who wait what those in charge have changed that concerns them."""
        return [self._waiting(room, knock) for knock in room.knocks.values() if knock.connection is not None]

    def is_moved(self, room: Room) -> bool:
        """Whether `tell_positions` has something to tell."""
        return room in self._moved

    def adopt(self, room: Room, *, moved: bool) -> None:
        """They waited where the room was before. `moved`: as `is_moved` said there."""
        for knock in sorted(room.knocks.values(), key=lambda each: each.lost_at):
            if knock.connection is None:
                self._lost[knock] = room
            else:
                self._of[knock.connection] = Waits(room, knock)
        if moved:
            self._moved[room] = None

    def forget(self, room: Room) -> None:
        """They wait elsewhere."""
        for knock in room.knocks.values():
            self._lost.pop(knock, None)
            self._of.pop(knock.connection, None)
        self._moved.pop(room, None)

    def meeting_ended(self, room: Room) -> list[Effect]:
        effects: list[Effect] = []
        for knock in list(room.knocks.values()):
            room.remove_knock(knock)
            self._lost.pop(knock, None)
            if knock.connection is not None:
                del self._of[knock.connection]
                effects += commands.refuse(
                    knock.connection, Refused(ErrorCode.MEETING_ENDED), knock.message_id
                )
        return effects

    def _end(
        self, room: Room, knock: Knock, reason: KnockReason, now: float, by: str | None = None
    ) -> list[Effect]:
        room.remove_knock(knock)
        self._lost.pop(knock, None)
        if knock.connection is not None:
            del self._of[knock.connection]
        effects: list[Effect] = []
        if not knock.admitted:
            effects = self._tell_end(room, knock, reason, now, by)
            self._moved[room] = None
        self._forget(room)
        return effects

    def _positions(self, room: Room, tell: Knock | None = None) -> list[Effect]:
        """Count again those who have to be let in. Tells `tell`, and those whose position has changed."""
        effects: list[Effect] = []
        waiting = (knock for knock in room.knocks.values() if not knock.admitted)
        for position, knock in enumerate(waiting, 1):
            if (knock is tell or position != knock.position) and knock.connection is not None:
                knock.position = position
                effects.append(self._waiting(room, knock, answer=knock is tell))
            knock.position = position
        return effects

    def _waiting(self, room: Room, knock: Knock, *, answer: bool = False) -> Send:
        hosted = is_hosted(room)
        if knock.hosted is not hosted:
            knock.hosted = hosted
            room.touch()
        payload = server_messages.waiting(knock, room.settings, self._heartbeat, hosted=hosted, answer=answer)
        return Send(knock.connection, payload)

    def _tell_those_in_charge(self, room: Room, event: bytes, now: float) -> list[Effect]:
        return commands.tell_some(room, [member for member in room if is_in_charge(member.role)], event, now)

    def _tell_end(
        self, room: Room, knock: Knock, reason: KnockReason, now: float, by: str | None
    ) -> list[Effect]:
        event = server_messages.knock_ended(room.log.next(), knock, reason, by)
        return self._tell_those_in_charge(room, event, now)

    def _forget(self, room: Room) -> None:
        if room.is_empty:
            self._rooms.pop(room.id, None)


def is_hosted(room: Room) -> bool:
    """Whether somebody is connected who could let others in."""
    return any(is_in_charge(each.role) and each.connection is not None for each in room)


def not_now() -> Refused:
    """What anything else is answered."""
    return Refused(
        ErrorCode.BAD_MESSAGE, "You wait to be let in: only ping, authenticate and leave are understood."
    )
