"""What everyone in a room is told, and when.

An event has its number and its place in the log at once. Everyone is told at once, too, as long as the room has a
budget for so many frames. Past it events are kept for a moment and told together: in one frame to clients with the
feature `batch`, and to the others one behind another in one write. The log keeps the single events.

Clients take no event that is older than the last one they were sent. So whoever is sent something of their own
meanwhile (a signal, an answer, the list of who is there) is told first what is untold, or knows it by that very list:
they are ahead of the others, and are told the rest later.
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
"""Frames a second for what everyone in one room is told, and at once."""

DELAY = 0.1
"""Seconds an event is kept at most before it is told, by whoever calls `release`."""


class Telling:
    """`frames` a second are written for what a room is told before it is told together, and as many at once."""

    def __init__(self, frames: float) -> None:
        self._frames = frames
        self._late: dict[Room, None] = {}
        self._soon: dict[Room, bool] = {}

    def __bool__(self) -> bool:
        """Whether anything waits for `release`."""
        return bool(self._late)

    def add(self, room: Room, event: bytes, now: float) -> None:
        """It has happened, under the number that the log gave; everyone is to be told by what is called next."""
        room.log.append(event, now)
        room.untold.append((room.log.seq, event))

    def tell(self, room: Room, now: float) -> list[Effect]:
        """Tell what is untold, unless that is too much at once."""
        if not room.untold or room in self._late:
            return []
        if self.exceeds(room, now):
            self.later(room)
            return []
        return self.tell_now(room)

    def soon(self, room: Room) -> list[Effect]:
        """Tell what is untold when `tell_soon` is called, along with what else happens until then."""
        self._soon[room] = True
        return []

    def tell_soon(self, now: float) -> list[Effect]:
        soon, self._soon = self._soon, {}
        return [effect for room in soon for effect in self.tell(room, now)]

    def tell_of_turn(self, room: Room, now: float) -> list[Effect]:
        """What was to be told soon has to be told now, if it can be."""
        return self.tell(room, now) if self._soon.pop(room, False) else []

    def later(self, room: Room) -> None:
        """Let what is untold wait."""
        if room.untold:
            self._late[room] = None

    def tell_now(self, room: Room) -> list[Effect]:
        """Whatever it takes."""
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
        """Tell all rooms what waits."""
        effects: list[Effect] = []
        for room in list(self._late):
            effects += self.tell_now(room)
        return effects

    def forget(self, room: Room) -> None:
        """There is nobody left to be told."""
        self._late.pop(room, None)
        self._soon.pop(room, None)

    def exceeds(self, room: Room, now: float) -> bool:
        """Whether the room has no budget for telling everyone something; otherwise it is spent."""
        if room.frames is None:
            room.frames = Budget(self._frames, self._frames, now)
        return room.frames.spend(min(self._frames, len(room.audience())), now) > 0


def knows(room: Room, member: Member) -> None:
    """The member is told otherwise of all that has happened until now."""
    if room.untold:
        room.ahead[member] = room.log.seq


def first(room: Room, member: Member) -> list[Effect]:
    """What the member is to be told before it is sent something else."""
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
