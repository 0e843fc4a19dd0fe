"""What a room is told when its members say more than everyone can be told one by one.

Each room has a budget of frames. Past it a status is kept for a moment, and what the same member says until then is
told as one event: the last word counts. Signals that its author sends behind it wait too, and so do the acks, so that
everything is told in the order it was said. Whatever ends a member's connection or stay tells first what waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from signalling import commands
from signalling.budget import Budget
from signalling.effects import Effect
from signalling.errors import ErrorCode, Refused
from signalling.flow import Flow
from signalling.messages import Media, Signal, Status
from signalling.room import Handle, Member, Room

FRAMES = 10_000
"""Frames a second for the statuses in one room, and at once."""

DELAY = 0.1
"""Seconds a status is kept at most before it is told, by whoever calls `release`."""

MOST_WAITING = 64
"""Messages of one member: whoever sends more in that time is disconnected."""

Said = tuple[Handle, Status | Signal]


class Coalescing:
    """`frames` a second are written for the statuses in one room before they are coalesced, and as many at once; 0 is
    no limit."""

    def __init__(self, frames: float, flow: Flow) -> None:
        self._frames = frames
        self._flow = flow
        self._waiting: dict[Member, tuple[Room, deque[Said]]] = {}

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def say(
        self, connection: Handle, room: Room, member: Member, message: Status | Signal, now: float
    ) -> list[Effect]:
        """Carry it out, or let it wait."""
        waiting = self._waiting.get(member)
        if isinstance(message, Signal):
            if waiting is None:
                return commands.signal(connection, room, member, message, now, self._flow)
        elif waiting is None:
            if not self._exceeds(room, now):
                return commands.status(connection, room, member, message, now)
            waiting = self._waiting[member] = (room, deque())
        said = waiting[1]
        if len(said) >= MOST_WAITING:
            return commands.refuse(connection, Refused(ErrorCode.RATE_LIMITED, retry_after=1.0), message.id)
        said.append((connection, message))
        return []

    def release(self, now: float) -> list[Effect]:
        """Tell what waits: of each member what they said up to the next status behind a signal.

        All that rooms are told comes before what is for single members, so that it can be written together.
        """
        told: list[Effect] = []
        after: list[Effect] = []
        waiting = list(self._waiting.items())
        for member, (room, said) in waiting:
            update, acks = self._statuses(room, member, said, now)
            told += update
            after += acks
        # Only now: signals get their numbers when they are relayed, and rise for whoever is sent both.
        for member, (room, said) in waiting:
            after += self._signals(room, member, said, now)
            if not said:
                del self._waiting[member]
        return told + after

    def release_all_of(self, member: Member, now: float) -> list[Effect]:
        """To be carried out before the member's connection or stay ends."""
        waiting = self._waiting.pop(member, None)
        if waiting is None:
            return []
        room, said = waiting
        effects: list[Effect] = []
        while said:
            update, acks = self._statuses(room, member, said, now)
            effects += [*update, *acks, *self._signals(room, member, said, now)]
        return effects

    def forget(self, member: Member) -> None:
        """There is nobody left to be told."""
        self._waiting.pop(member, None)

    def _exceeds(self, room: Room, now: float) -> bool:
        if not self._frames:
            return False
        if room.frames is None:
            room.frames = Budget(self._frames, self._frames, now)
        return room.frames.spend(min(self._frames, len(room.audience())), now) > 0

    def _statuses(
        self, room: Room, member: Member, said: deque[Said], now: float
    ) -> tuple[list[Effect], list[Effect]]:
        """What everyone is told of those that come first, and what their author is."""
        audio = video = screen = hand = None
        answers: list[tuple[Handle, int | None]] = []
        while said:
            connection, message = said[0]
            if not isinstance(message, Status):
                break
            said.popleft()
            answers.append((connection, message.id))
            if message.id is not None and message.id in member.answered:
                continue
            media = message.media
            audio = audio if media.audio is None else media.audio
            video = video if media.video is None else media.video
            screen = screen if media.screen is None else media.screen
            hand = hand if message.hand is None else message.hand
        changes = commands.change(member, Media(audio, video, screen), hand)
        acks: list[Effect] = []
        for connection, message_id in answers:
            acks += commands.acknowledge(connection, member, message_id)
        return [commands.update(room, member, changes, now)] if changes else [], acks

    def _signals(self, room: Room, member: Member, said: deque[Said], now: float) -> Iterator[Effect]:
        """Those that come first are relayed."""
        while said:
            connection, message = said[0]
            if not isinstance(message, Signal):
                return
            said.popleft()
            yield from commands.signal(connection, room, member, message, now, self._flow)
