"""Carries out what those in charge of a meeting command.

A command that lasts is a `Change`. The room takes it over at once, and everyone is told; it is acknowledged when the
store has it. A command that is sent again may have been recorded before, so there the store comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.moderation import Ask, Command, End, Lasting, LowerHands, Mute, Passing
from signalling.protocol.rights import MEDIA, Right
from signalling.rooms import allowed, commands, permissions, planning, server_messages, telling
from signalling.rooms.change import Actor, Outcome, Person, Recorded, Reply, Unsettled
from signalling.rooms.coalescing import Coalescing
from signalling.rooms.effects import Effect, EndMeeting, Send
from signalling.rooms.member import Handle
from signalling.rooms.questions import Questions
from signalling.rooms.room import Room
from signalling.rooms.room_changes import RoomChanges
from signalling.rooms.seats import Seat
from signalling.rooms.telling import Telling
from signalling.rooms.waiting import Waiting

MOST_LOOK_UPS = 16
"""Commands of one member that the store is asked for at once although they would be refused now."""

LOOK_UP_AGAIN = 1.0


class Orders:
    def __init__(self, told: Telling, changes: RoomChanges, waiting: Waiting, coalescing: Coalescing) -> None:
        self.changes = changes
        self._telling = told
        self._coalescing = coalescing
        self._waiting = waiting
        self.questions = Questions()

    def carry_out(
        self,
        connection: Handle,
        seat: Seat,
        command: Command,
        now: float,
        known: Mapping[str, Person],
    ) -> list[Effect]:
        room, member = seat.room, seat.member
        ids = member.command_ids
        if (answered := commands.repeated(connection, member, command.id)) is not None:
            return answered
        actor = Actor(member.role, member.user_id, member.id)
        try:
            match command:
                case Mute() | LowerHands() | Ask():
                    effects = self.do(room, actor, command, now)
                case End():
                    permissions.check(actor.standing, End)
                    ids.unsettled.add(command.id)
                    return [
                        self.questions.ask(room, EndMeeting(room.id, actor, Reply(member, ids, command.id)))
                    ]
                case _:
                    return self.change(room, actor, command, now, known, Reply(member, ids, command.id))
        except Refused as refused:
            return commands.refuse(connection, refused, command.id)
        # An event stands before its ack, also if it waits.
        first = telling.first(room, member)
        return effects + first + commands.acknowledge(connection, member, command.id)

    def do(self, room: Room, actor: Actor, command: Passing, now: float) -> list[Effect]:
        """Raises `Refused`."""
        match command:
            case Mute():
                return self._mute(room, actor, command, now)
            case LowerHands():
                return self._lower(room, actor, command, now)
            case Ask():
                return self._ask(room, actor, command, now)

    def change(
        self,
        room: Room,
        actor: Actor,
        command: Lasting,
        now: float,
        known: Mapping[str, Person],
        reply: Reply | None = None,
    ) -> list[Effect]:
        """Raises `Refused`."""
        asked = self.questions.of(room.id)
        untold = [each for each in asked if isinstance(each, Unsettled) and not each.told]
        answered = frozenset[str]().union(*((*each.change.admit, *each.change.deny) for each in untold))
        change, refused = planning.plan_again(_meeting(room, known, answered), actor, command)
        if refused is not None and reply is not None and len(reply.ids.unsettled) >= MOST_LOOK_UPS:
            # Joins and the commands of others wait behind them.
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=LOOK_UP_AGAIN)
        if reply is not None:
            reply.ids.unsettled.add(reply.message_id)
        # The room takes over what touches the same in the order in which the store does.
        told = not (command.again or any(change.touches(other.change) for other in untold))
        since = room.hands.moment(now)
        how = told, reply, refused, command.again
        unsettled = Unsettled(room.id, actor, command.key, change, *how, since=since)
        taken_over = self.changes.take_over(room, actor, change, now) if told else []
        return [*taken_over, self.questions.ask(room, unsettled)]

    def settled(self, room: Room | None, unsettled: Unsettled, outcome: Outcome, now: float) -> list[Effect]:
        """The store has answered."""
        effects: list[Effect] = []
        change = unsettled.change
        self.questions.answered(unsettled)
        outcome = unsettled.as_first(outcome)
        if room is not None and isinstance(outcome, Recorded):
            if not (unsettled.told or outcome.again):
                # Settings that another hub had recorded may have come with an answer before.
                has_them = change.settings is not None and outcome.revision <= room.revision
                new = replace(change, settings=None) if has_them else change
                effects += self.changes.take_over(room, unsettled.actor, new, now)
            effects += self.changes.adopt(room, outcome.settings, outcome.revision, now)
            began = change.promotes and not room.settings.join_before_host
            all_ask = began or change.is_at_the_door
            effects += self._waiting.ask_again(room, None if all_ask else change.users)
        # Refused, or the key was used for another command before.
        is_not_so = isinstance(outcome, Refused) or outcome.again
        if room is not None and is_not_so and unsettled.told:
            effects += self.changes.is_wrong(room)
        if unsettled.reply is not None:
            effects += answer(room, unsettled.reply, unsettled.answer(outcome))
        return effects

    def ended(self, room: Room | None, ending: EndMeeting, outcome: Outcome) -> list[Effect]:
        """The store has answered that it ended the meeting, or did not. The caller ends it in the hub next."""
        self.questions.answered(ending)
        return [] if ending.reply is None else answer(room, ending.reply, outcome)

    def _mute(self, room: Room, actor: Actor, command: Mute, now: float) -> list[Effect]:
        off: list[Right] = [right for right in MEDIA if getattr(command.media, right) is False]
        if command.participants == "others":
            permissions.check(actor.standing, Mute)
            mine = permissions.rank(actor.standing)
            members = [each for each in room if permissions.rank(each.role) < mine]
        else:
            members = permissions.addressed(room.member, actor.standing, Mute, command.participants)
        effects: list[Effect] = []
        for member in members:
            # A status that waits came before this: it is not to turn on again what is turned off now.
            effects += self._coalescing.release_all_of(member, now)
            if allowed.turn_off(member, off):
                self.changes.update(room, member, {"media": member.media()}, actor.participant, now)
        return effects + self._telling.tell(room, now)

    def _lower(self, room: Room, actor: Actor, command: LowerHands, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for member in permissions.addressed(room.member, actor.standing, LowerHands, command.participants):
            effects += self._coalescing.release_all_of(member, now)
            if lowered := room.hands.lower(room, member):
                self.changes.update(room, member, lowered, actor.participant, now)
        return effects + self._telling.tell(room, now)

    def _ask(self, room: Room, actor: Actor, command: Ask, now: float) -> list[Effect]:
        (addressee,) = permissions.addressed(room.member, actor.standing, Ask, [command.participant])
        payload = server_messages.ask(room.log.next(), actor.participant or "", command.media)
        return commands.tell_one(room, addressee, payload, now)


def answer(room: Room | None, reply: Reply, outcome: Outcome) -> list[Effect]:
    """Answer the command, unless another page has the place by now."""
    member = reply.member
    reply.ids.unsettled.discard(reply.message_id)
    refused = isinstance(outcome, Refused)
    if not refused:
        reply.ids.add(reply.message_id)
        member.touch()
    if member.command_ids is not reply.ids or member.connection is None:
        return []
    if isinstance(outcome, Refused):
        return commands.refuse(member.connection, outcome, reply.message_id)
    first = telling.first(room, member) if room is not None else []
    return [*first, Send(member.connection, server_messages.ack(reply.message_id, outcome.again))]


def _meeting(room: Room, known: Mapping[str, Person], answered: frozenset[str]) -> planning.Meeting:
    """`answered`: users about whom the store is asked, and nobody has been told yet that they wait no more."""

    def person(participant: str) -> Person | None:
        member = room.member(participant)
        if member is None:
            return known.get(participant)
        return Person(member.user_id, member.role, member.may)

    waiting = (each for each in room.knocks.values() if not each.admitted and each.user_id not in answered)
    knocks = {knock.id: knock for knock in waiting}
    return planning.Meeting(room.settings, room.revision, person, knocks.get, room.is_wrong)
