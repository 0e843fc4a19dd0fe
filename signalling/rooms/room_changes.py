"""What changes make of a room, and everyone is told: those of its moderators, and what the record has otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from signalling.protocol.errors import CloseCode, ErrorCode
from signalling.protocol.rights import ALL, Rights, Role
from signalling.rooms import allowed, server_messages
from signalling.rooms.change import Actor, Change, Person
from signalling.rooms.departures import Departures
from signalling.rooms.effects import Effect, PutRight
from signalling.rooms.member import Member
from signalling.rooms.permissions import is_fixed, is_in_charge
from signalling.rooms.room import Room
from signalling.rooms.telling import Telling
from signalling.rooms.waiting import Waiting

FOR_THOSE_WHO_WAIT = {"message", "opens_at"}
"""Settings that are told to those who wait."""


class RoomChanges:
    def __init__(self, told: Telling, departures: Departures, waiting: Waiting) -> None:
        self._telling = told
        self._departures = departures
        self._waiting = waiting

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

    def is_wrong(self, room: Room) -> list[Effect]:
        """The record has it otherwise than everyone was told: the room is to go by it again."""
        if room.is_wrong:
            return []
        room.is_wrong = True
        room.touch()
        return [PutRight(room.id)]

    def compare(self, room: Room, member: Member, role: Role, may: Rights) -> list[Effect]:
        """By a join that seats nobody the record has this of a member: a token may give another role, or rights."""
        return [] if (member.role, member.may) == (role, may) else self.is_wrong(room)

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
                self.update(room, member, update, by, now)
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
                self.update(room, member, update, None, now)
        return self._telling.tell(room, now)

    def update(
        self, room: Room, member: Member, update: Mapping[str, Any], by: str | None, now: float
    ) -> None:
        event = server_messages.participant_updated(room.log.next(), member, update, by)
        self._telling.add(room, event, now)
