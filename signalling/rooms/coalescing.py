"""Statuses and signals that wait while a room has no budget to tell everyone at once (`telling`).

A status then waits for a moment, and the statuses of one member in that time become one event: the latest values count.
Signals that the member sends after the status wait too, and so do the acks, so that the order is kept. What waits is
carried out before the member's connection or stay ends. It is part of the member's state (`signalling.state`), all of
it each time something is added; so its bytes are bounded, too (`flow`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from signalling.protocol.client_messages import Signal, Status
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.fields import Media
from signalling.rooms import commands, server_messages, telling
from signalling.rooms.allowed import is_forbidden
from signalling.rooms.effects import Effect
from signalling.rooms.flow import Flow
from signalling.rooms.member import Handle, Member
from signalling.rooms.room import Room
from signalling.rooms.telling import Telling

MOST_WAITING = 64
"""Most waiting messages of one member: whoever sends more is disconnected."""

Said = tuple[Handle, Status | Signal]


class Coalescing:
    def __init__(self, told: Telling, flow: Flow) -> None:
        self._telling = told
        self.flow = flow
        self._waiting: dict[Member, tuple[Room, deque[Said]]] = {}

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def say(
        self, connection: Handle, room: Room, member: Member, message: Status | Signal, now: float
    ) -> list[Effect]:
        """Carry the message out, or let it wait."""
        told: list[Effect] = []
        waiting = self._waiting.get(member)
        if isinstance(message, Signal):
            if waiting is None or commands.has_come(member, message):
                return commands.signal(connection, room, member, message, now, self.flow)
        elif waiting is None:
            if room.untold:
                told = self._telling.tell_of_turn(room, now)
            if not (room.untold or (self._telling.limited and self._telling.exceeds(room, now))):
                return told + commands.status(connection, room, member, message, now)
            waiting = self._waiting[member] = (room, deque())
        said = waiting[1]
        if len(said) >= MOST_WAITING:
            return commands.refuse(connection, Refused(ErrorCode.RATE_LIMITED, retry_after=1.0), message.id)
        if isinstance(message, Signal):
            try:
                self.flow.check_waiting(room, member, message, _bytes(said))
            except Refused as refused:
                return commands.refuse(connection, refused, message.id)
        said.append((connection, message))
        member.touch()
        return told

    def release(self, now: float) -> list[Effect]:
        """Carry out waiting messages, and tell all rooms. A status that follows a signal waits for the next release."""
        acks: list[Effect] = []
        waiting = list(self._waiting.items())
        for member, (room, said) in waiting:
            acks += self._statuses(room, member, said, now)
            self._telling.later(room)
        effects = self._telling.release() + acks
        # Signals come last: they are numbered when relayed, and numbers must rise for those who are sent both.
        for member, (room, said) in waiting:
            effects += self._signals(room, member, said, now)
            if not said:
                del self._waiting[member]
        return effects

    def release_all_of(self, member: Member, now: float) -> list[Effect]:
        """Carry out all that waits of a member, before its connection or stay ends. Others are told later."""
        waiting = self._waiting.pop(member, None)
        if waiting is None:
            return []
        room, said = waiting
        effects: list[Effect] = []
        while said:
            acks = self._statuses(room, member, said, now)
            effects += [*telling.first(room, member), *acks, *self._signals(room, member, said, now)]
        self._telling.later(room)
        return effects

    def said(self, member: Member) -> Sequence[Said]:
        """What waits of the member."""
        waiting = self._waiting.get(member)
        return () if waiting is None else tuple(waiting[1])

    def adopt(self, room: Room, member: Member, said: Iterable[Said]) -> None:
        """This waited where the room was before."""
        self._waiting[member] = (room, deque(said))

    def forget(self, member: Member) -> None:
        """Drop the member's messages: nobody is left to be told."""
        self._waiting.pop(member, None)

    def _statuses(self, room: Room, member: Member, said: deque[Said], now: float) -> list[Effect]:
        """Apply the statuses at the front of the queue; returns the answers to send once everyone has been told."""
        audio = video = screen = hand = None
        answers: list[Effect] = []
        while said:
            connection, message = said[0]
            if not isinstance(message, Status):
                break
            said.popleft()
            if (answered := commands.answer_again(connection, member, message)) is not None:
                answers += answered
                continue
            if is_forbidden(room, member, message):
                # Asked now, not when it came: what one may do may have changed since.
                answers += commands.forbid(connection, member, message.id)
                continue
            answers += commands.acknowledge(connection, member, message.id)
            media = message.media
            audio = audio if media.audio is None else media.audio
            video = video if media.video is None else media.video
            screen = screen if media.screen is None else media.screen
            hand = hand if message.hand is None else message.hand
        changes = commands.change(room, member, Media(audio, video, screen), hand, now)
        if changes:
            self._telling.add(
                room, server_messages.participant_updated(room.log.next(), member, changes), now
            )
        return answers

    def _signals(self, room: Room, member: Member, said: deque[Said], now: float) -> Iterator[Effect]:
        """Relay the signals at the front of the queue."""
        while said:
            connection, message = said[0]
            if not isinstance(message, Signal):
                return
            said.popleft()
            yield from commands.signal(connection, room, member, message, now, self.flow)


def _bytes(said: Iterable[Said]) -> int:
    """Of the data of signals."""
    return sum(len(message.data) for _, message in said if isinstance(message, Signal))
