"""What everyone in a room is told, and when.

An event gets its number and its place in the log at once. Everyone is told at once too, while the room has a budget for
the frames. Beyond the budget, events wait for a moment and are told together: in one frame to clients with the feature
`batch`, one after another in one write to the others. The log keeps the single events.

Clients ignore an event that is older than the last one they were sent. So a member who is sent a message of its own
meanwhile (a signal, an answer, a roster) is first told the untold events, or learns them from that roster. It is ahead
of the others, and is told the rest later.
"""

from __future__ import annotations

from collections.abc import Sequence

from signalling.protocol.features import BATCH
from signalling.rooms import server_messages
from signalling.rooms.budget import Budget
from signalling.rooms.effects import Broadcast, Effect, Send, Together
from signalling.rooms.member import Handle, Member
from signalling.rooms.room import Room

FRAMES = 10_000
"""Frames a second, and frames at once, for telling everyone in one room."""

DELAY = 0.1
"""Most seconds that an event waits: the caller has to call `release` by then."""


class Telling:
    """`frames`: the budget of a room, a second and at once, beyond which events are told together. 0: what somebody
    says needs no budget."""

    def __init__(self, frames: float) -> None:
        self.limited = frames > 0
        self._frames = frames or FRAMES
        self._late: dict[Room, None] = {}
        self._soon: dict[Room, bool] = {}

    def __bool__(self) -> bool:
        """Whether anything waits for `release`."""
        return bool(self._late)

    def add(self, room: Room, event: bytes, now: float) -> None:
        """Log an event, encoded with the log's next number. The caller's next call tells everyone."""
        room.log.append(event, now)
        room.untold.append((room.log.seq, event))

    def tell(self, room: Room, now: float) -> list[Effect]:
        """Tell the untold events, or let them wait if the room has no budget."""
        if not room.untold or room in self._late:
            return []
        if self.exceeds(room, now):
            self.later(room)
            return []
        return self.tell_now(room)

    def tell_said(self, room: Room, now: float) -> list[Effect]:
        """Tell the untold events, the last of which is what somebody says."""
        return self.tell(room, now) if self.limited else self.tell_now(room)

    def soon(self, room: Room) -> list[Effect]:
        """Tell the untold events when `tell_soon` is called, with any others that happen until then."""
        self._soon[room] = True
        return []

    def tell_soon(self, now: float) -> list[Effect]:
        soon, self._soon = self._soon, {}
        return [effect for room in soon for effect in self.tell(room, now)]

    def tell_of_turn(self, room: Room, now: float) -> list[Effect]:
        """Tell now what was to be told soon, if the room has a budget."""
        return self.tell(room, now) if self._soon.pop(room, False) else []

    def later(self, room: Room) -> None:
        """Let the untold events wait."""
        if room.untold:
            self._late[room] = None

    def tell_now(self, room: Room) -> list[Effect]:
        """Tell the untold events, whatever the budget."""
        self._late.pop(room, None)
        untold, room.untold = room.untold, []
        ahead, room.ahead = room.ahead, {}
        effects: list[Effect] = []
        them: set[Handle] = set()
        for member, known in ahead.items():
            if member.connection is not None:
                them.add(member.connection)
                effects += together(member, [event for number, event in untold if number > known])
        told = tuple(event for _, event in untold)
        if len(told) == 1:
            effects += _broadcast(_without(room.audience(), them), *told)
        elif told:
            batching, others = room.audiences()
            effects += _broadcast(_without(batching, them), server_messages.batch(told))
            if others := _without(others, them):
                effects.append(Together(others, told))
        return effects

    def release(self) -> list[Effect]:
        """Tell all rooms the events that wait."""
        effects: list[Effect] = []
        for room in list(self._late):
            effects += self.tell_now(room)
        return effects

    def forget(self, room: Room) -> None:
        """Drop what waits: nobody is left to be told."""
        self._late.pop(room, None)
        self._soon.pop(room, None)

    def waits(self, room: Room) -> tuple[bool, bool]:
        """Whether untold events wait for `release`, and whether for `tell_soon`."""
        return room in self._late, room in self._soon

    def adopt(self, room: Room, *, late: bool, soon: bool) -> None:
        """As `waits` said of the room where it was before."""
        if late:
            self._late[room] = None
        if soon:
            self._soon[room] = True

    def exceeds(self, room: Room, now: float) -> bool:
        """Whether the room has no budget for telling everyone something; if it has, spend it."""
        if room.frames is None:
            room.frames = self.budget(now)
        return room.frames.spend(min(self._frames, len(room.audience())), now) > 0

    def budget(self, now: float) -> Budget:
        return Budget(self._frames, self._frames, now)


def knows(room: Room, member: Member) -> None:
    """The member learns of all events until now in another way."""
    if room.untold:
        room.ahead[member] = room.log.seq


def first(room: Room, member: Member) -> list[Effect]:
    """The untold events that the member must be sent before anything else."""
    if not room.untold:
        return []
    known = room.ahead.get(member, 0)
    if known >= room.untold[-1][0]:
        return []
    room.ahead[member] = room.untold[-1][0]
    return together(member, [event for number, event in room.untold if number > known])


def together(member: Member, told: Sequence[bytes]) -> list[Effect]:
    """Tell one member several events."""
    if not told:
        return []
    if len(told) == 1:
        return [Send(member.connection, told[0])]
    if BATCH in member.features:
        return [Send(member.connection, server_messages.batch(told))]
    return [Together((member.connection,), tuple(told))]


def _broadcast(to: tuple[Handle, ...], payload: bytes) -> list[Effect]:
    return [Broadcast(to, payload)] if to else []


def _without(to: tuple[Handle, ...], those: set[Handle]) -> tuple[Handle, ...]:
    return tuple(each for each in to if each not in those) if those else to
