"""What happens when nobody has been in charge of a meeting for a while (`MeetingSettings.without_host`).

It begins once somebody in charge has been there, so nobody who comes early is thrown out, and ends when somebody in
charge is connected again. A host within grace has not gone.
"""

from __future__ import annotations

from signalling.rooms.absences import uncounted
from signalling.rooms.change import Actor, Change, Unsettled
from signalling.rooms.effects import Effect, EndMeeting
from signalling.rooms.member import Member
from signalling.rooms.orders import Orders
from signalling.rooms.permissions import is_in_charge
from signalling.rooms.room import Room

PATIENCE = 60.0
"""Seconds, beside the grace time, for which nobody need be in charge."""

EVERY = 5.0
"""Seconds between two looks at the rooms."""

SERVER = Actor("admin", "")
ACTION = "without_host"


class Succession:
    def __init__(self, rooms: dict[str, Room], orders: Orders, grace: float) -> None:
        self._rooms = rooms
        self._orders = orders
        self._after = grace + PATIENCE
        self._next = 0.0

    def tick(self, now: float) -> list[Effect]:
        if now < self._next:
            return []
        self._next = now + EVERY
        rooms = [room for room in self._rooms.values() if room.settings.without_host != "continue"]
        return [effect for room in rooms for effect in self._look(room, now)]

    def excuse(self, room: Room, seconds: float, now: float) -> None:
        """Do not count `seconds` in which nobody in charge could have come back."""
        if room.led_at:
            room.led_at += uncounted(seconds, room.led_at, now)
            room.touch()

    def adopted(self, room: Room, member: Member, at: float) -> None:
        """Where the room was before, the member was connected until then, whatever had come along of that."""
        if room.led_at and is_in_charge(member.role):
            room.led_at = max(room.led_at, at - EVERY)

    def _led(self, room: Room, now: float) -> None:
        room.led_at = now
        if room.touched is not None:
            # That goes along with what happens next: while somebody in charge is connected, it is known anyhow.
            room.touched.room = True

    def _look(self, room: Room, now: float) -> list[Effect]:
        in_charge = [member for member in room if is_in_charge(member.role)]
        if any(member.connection is not None for member in in_charge) or (in_charge and not room.led_at):
            # (Or they were here before a restart.)
            self._led(room, now)
            return []
        if not room.led_at or not len(room) or now - room.led_at < self._after:
            return []
        # Once more after the same time, if it is still so: the store may be away, or somebody may unlock the meeting.
        self._led(room, now)
        if room.settings.without_host == "end":
            return [self._orders.questions.ask(room, EndMeeting(room.id, SERVER, action=ACTION))]
        if room.settings.locked:
            return []
        change = Change(ACTION, settings={"locked": True})
        key = f"{ACTION}-{room.log.epoch}-{room.log.seq}"
        effects = self._orders.changes.take_over(room, SERVER, change, now)
        return [
            *effects,
            self._orders.questions.ask(room, Unsettled(room.id, SERVER, key, change, told=True)),
        ]
