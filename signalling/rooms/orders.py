"""Carries out what those in charge of a meeting command.

A command that lasts is a `Change`. The room takes it over at once, and everyone is told; it is acknowledged when the
store has it. A command that is sent again may have been recorded before, so there the store comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from signalling.protocol.errors import CloseCode, ErrorCode, Refused
from signalling.protocol.moderation import Ask, Command, End, Lasting, LowerHands, Mute, Passing
from signalling.protocol.rights import ALL, MEDIA, Right
from signalling.rooms import allowed, commands, permissions, planning, server_messages, telling
from signalling.rooms.change import Actor, Change, Outcome, Person, Recorded, Reply, Unsettled
from signalling.rooms.coalescing import Coalescing
from signalling.rooms.departures import Departures
from signalling.rooms.effects import Effect, EndMeeting, PutRight, Send
from signalling.rooms.member import Handle, Member
from signalling.rooms.permissions import is_fixed, is_in_charge
from signalling.rooms.questions import Questions
from signalling.rooms.room import Room
from signalling.rooms.seats import Seat
from signalling.rooms.telling import Telling
from signalling.rooms.waiting import Waiting

MOST_LOOK_UPS = 16
"""Commands of one member that the store is asked for at once although they would be refused now."""

FOR_THOSE_WHO_WAIT = {"message", "opens_at"}
"""Settings that are told to those who wait."""

LOOK_UP_AGAIN = 1.0


class Orders:
    def __init__(
        self, told: Telling, departures: Departures, waiting: Waiting, coalescing: Coalescing
    ) -> None:
        self._telling = told
        self._coalescing = coalescing
        self._departures = departures
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
        taken_over = self.take_over(room, actor, change, now) if told else []
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
                effects += self.take_over(room, unsettled.actor, new, now)
            effects += self.adopt(room, outcome.settings, outcome.revision, now)
            began = change.promotes and not room.settings.join_before_host
            all_ask = began or change.is_at_the_door
            effects += self._waiting.ask_again(room, None if all_ask else change.users)
        # Refused, or the key was used for another command before.
        is_not_so = isinstance(outcome, Refused) or outcome.again
        if room is not None and is_not_so and unsettled.told and not room.is_wrong:
            room.is_wrong = True
            room.touch()
            effects.append(PutRight(room.id))
        if unsettled.reply is not None:
            effects += answer(room, unsettled.reply, unsettled.answer(outcome))
        return effects

    def ended(self, room: Room | None, ending: EndMeeting, outcome: Outcome) -> list[Effect]:
        """The store has answered that it ended the meeting, or did not. The caller ends it in the hub next."""
        self.questions.answered(ending)
        return [] if ending.reply is None else answer(room, ending.reply, outcome)

    def take_over(self, room: Room, actor: Actor, change: Change, now: float) -> list[Effect]:
        """Make the change in the room, and tell everyone."""
        by = actor.participant
        effects: list[Effect] = []
        if change.settings is not None:
            record = {**room.record, **change.settings}
            room.adopt(
                {name: value for name, value in record.items() if value is not None}, room.revision + 1
            )
            self._add_settings(room, by, now)
            effects += (
                self._waiting.tell_settings(room) if change.settings.keys() & FOR_THOSE_WHO_WAIT else []
            )
        updates: dict[Member, dict[str, Any]] = {}
        if change.host is not None:
            for member in room:
                if member.user_id == change.host:
                    updates[member] = {"role": "host"}
                elif member.role == "host":
                    updates[member] = {"role": "cohost"}
        # Somebody may have become host since it was commanded, here and in the record.
        for user_id, role in change.roles.items():
            if (
                (found := room.member_of(user_id)) is not None
                and found.role != role
                and not is_fixed(found.role)
            ):
                updates[found] = {"role": role}
        for user_id, rights in change.may.items():
            if (found := room.member_of(user_id)) is not None and found.may != rights:
                updates[found] = {"may": rights}
        is_for_all = change.settings is not None and "may" in change.settings
        effects += self._change_members(room, updates, by, now, is_for_all=is_for_all)
        effects += self._waiting.admit(room, change.admit, now, by)
        effects += self._waiting.refuse(room, change.deny, ErrorCode.DENIED, now, by)
        for user_id in change.remove:
            if (found := room.member_of(user_id)) is not None and not is_fixed(found.role):
                effects += self._departures.remove(room, found, CloseCode.REMOVED, now, by)
        return effects

    def put_right(
        self, room: Room, record: Mapping[str, Any], revision: int, people: Iterable[Person], now: float
    ) -> list[Effect]:
        """Go by the record again: the store has refused for good what everyone was told. Who was put out, or turned
        away at the door, may come again."""
        effects: list[Effect] = []
        room.is_wrong = False
        room.touch()
        if (record, revision) != (room.record, room.revision):
            room.set(record, revision)
            self._add_settings(room, None, now)
            effects += self._waiting.tell_settings(room)
        updates: dict[Member, dict[str, Any]] = {}
        for person in people:
            member = room.member_of(person.user_id)
            if member is None:
                continue
            update: dict[str, Any] = {} if member.role == person.role else {"role": person.role}
            update |= {} if member.may == person.may else {"may": person.may}
            if update:
                updates[member] = update
        effects += self._change_members(room, updates, None, now, is_for_all=True)
        return effects + self._waiting.ask_again(room)

    def _change_members(
        self,
        room: Room,
        updates: Mapping[Member, dict[str, Any]],
        by: str | None,
        now: float,
        *,
        is_for_all: bool,
    ) -> list[Effect]:
        """Give members roles and rights, and tell everyone. `is_for_all`: what others may do has changed too."""
        promoted: list[Member] = []
        for member, update in updates.items():
            role = update.get("role", member.role)
            promoted += [member] if is_in_charge(role) and not is_in_charge(member.role) else []
            member.role = role
            member.may = update.get("may", member.may)
            # The very object, so that a look at it is enough.
            member.may = ALL if member.may == ALL else member.may
            member.changed()
        for member in room if is_for_all else updates:
            update = updates.get(member, {}) | allowed.clamp(room, member)
            if update:
                self._update(room, member, update, by, now)
        effects = self._telling.tell(room, now)
        for member in promoted:
            effects += self._waiting.tell_all_of(room, member, now)
        return effects

    def host_is(self, room: Room, user_id: str, now: float) -> list[Effect]:
        """The record has another host than the room: whoever was host is co-host."""
        change = Change("host_link", host=user_id)
        return self.take_over(room, Actor("admin", ""), change, now)

    def _add_settings(self, room: Room, by: str | None, now: float) -> None:
        self._telling.add(room, server_messages.meeting_updated(room.log.next(), room, by), now)

    def adopt(self, room: Room, record: Mapping[str, Any], revision: int, now: float) -> list[Effect]:
        """Take over settings that the store has, unless the room's are as new."""
        if not room.adopt(record, revision) or not len(room):
            return []
        self._add_settings(room, None, now)
        for member in room:
            if update := allowed.clamp(room, member):
                self._update(room, member, update, None, now)
        return self._telling.tell(room, now)

    def _update(
        self, room: Room, member: Member, update: Mapping[str, Any], by: str | None, now: float
    ) -> None:
        event = server_messages.participant_updated(room.log.next(), member, update, by)
        self._telling.add(room, event, now)

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
                self._update(room, member, {"media": member.media()}, actor.participant, now)
        return effects + self._telling.tell(room, now)

    def _lower(self, room: Room, actor: Actor, command: LowerHands, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for member in permissions.addressed(room.member, actor.standing, LowerHands, command.participants):
            effects += self._coalescing.release_all_of(member, now)
            if lowered := room.hands.lower(room, member):
                self._update(room, member, lowered, actor.participant, now)
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
    knocks = {knock.id: knock.user_id for knock in waiting}
    return planning.Meeting(room.settings, room.revision, person, knocks.get, room.is_wrong)
