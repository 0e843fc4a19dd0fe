"""Flow control: how many bytes a member may send to others, and which addressees can take no more.

A signal beyond the budget, or to an addressee who reads too slowly, is refused with `busy`; its sender sends it again
later. Nobody waits for a slow reader, and nothing is queued for one beyond what its own socket holds.

A client with the feature `busy` relies on order: after a refused signal, later ones to the same addressee are refused
too, until the first has come again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signalling.protocol.client_messages import Signal
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.features import BUSY
from signalling.rooms.budget import Budget
from signalling.rooms.member import Handle, Member
from signalling.rooms.room import Room

SMALL = 32 * 1024
"""Most bytes of data in a signal between two clients with the feature `busy`."""

RETRY_BEHIND = 1.0
"""Seconds after which to retry an addressee who is behind."""

RETRY_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Flow:
    """`rate`: bytes a second from one member; 0 is no limit. `burst`: bytes at once. `most_waiting`: bytes of signals
    that wait of one member (`coalescing`). `is_behind`: whether a connection already has so much to read that it should
    be sent no signals."""

    rate: float = 64 * 1024
    burst: float = 1024 * 1024
    most_waiting: int = 64 * 1024
    is_behind: Callable[[Handle], bool] = lambda _connection: False

    def check(self, room: Room, member: Member, addressee: Member, message: Signal, now: float) -> None:
        """Raises `Refused` when the signal cannot be relayed now."""
        size = len(message.data)
        if size > SMALL and BUSY in member.features and BUSY in addressee.features:
            _comes_no_more(member, message)
            text = f"A signal to this participant may have {SMALL} bytes of data at most."
            raise Refused(ErrorCode.BAD_MESSAGE, text)
        _check_order(member, message)
        wait = 0.0
        if addressee.connection is not None and self.is_behind(addressee.connection):
            wait = RETRY_BEHIND
        elif self.rate:
            if member.bytes is None:
                member.bytes = self.budget(now)
            wait = member.bytes.spend(size, now)
        if not wait:
            _comes_no_more(member, message)
            return
        raise _busy(room, member, message, wait)

    def check_waiting(self, room: Room, member: Member, message: Signal, waiting: int) -> None:
        """Raises `Refused` when the signal cannot wait behind others of the member. `waiting`: their bytes of data."""
        _check_order(member, message)
        if waiting and waiting + len(message.data) > self.most_waiting:
            raise _busy(room, member, message, RETRY_LEAST)

    def budget(self, now: float) -> Budget:
        return Budget(self.rate, self.burst, now)


def forget_refused(member: Member, addressee: str) -> None:
    """Refuse no more signals to this addressee: the refused one has come again."""
    if member.refused is not None:
        member.refused.pop(addressee, None)
        member.touch()


def _first_refused(member: Member, addressee: str) -> int | None:
    return None if member.refused is None else member.refused.get(addressee)


def _check_order(member: Member, message: Signal) -> None:
    """Raises `Refused` if one that was refused has to come again before this signal."""
    first = _first_refused(member, message.to)
    if first is not None and (message.id is None or message.id > first):
        raise Refused(ErrorCode.BUSY, retry_after=RETRY_LEAST)


def _comes_no_more(member: Member, message: Signal) -> None:
    """If it is the one that was refused first, those behind it need not wait for it any longer."""
    if message.id is not None and message.id == _first_refused(member, message.to):
        forget_refused(member, message.to)


def _busy(room: Room, member: Member, message: Signal, wait: float) -> Refused:
    """`wait`: seconds until it may come again."""
    if BUSY in member.features and message.id is not None:
        first = _first_refused(member, message.to)
        if first is None or message.id < first:
            _refuse_later_ones(room, member, message.to, message.id)
    return Refused(ErrorCode.BUSY, retry_after=round(max(RETRY_LEAST, wait), 3))


def _refuse_later_ones(room: Room, member: Member, addressee: str, message_id: int) -> None:
    refused = {} if member.refused is None else member.refused
    refused[addressee] = message_id
    if len(refused) > len(room):
        refused = {other: first for other, first in refused.items() if room.member(other) is not None}
    member.refused = refused
    member.touch()
