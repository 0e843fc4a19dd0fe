"""What the hub wants done, as data. The caller carries the effects out in order."""

from __future__ import annotations

from typing import NamedTuple

from signalling.protocol.errors import CloseCode
from signalling.protocol.server_messages import LeftReason
from signalling.rooms.change import Actor, Reply, Unsettled
from signalling.rooms.member import Handle

Departure = LeftReason


class Send(NamedTuple):
    """Write a message to one connection."""

    to: Handle
    payload: bytes


class Broadcast(NamedTuple):
    """Write the same message to several connections."""

    to: tuple[Handle, ...]
    payload: bytes


class Together(NamedTuple):
    """Write these messages, in order and in one write, to several connections."""

    to: tuple[Handle, ...]
    payloads: tuple[bytes, ...]


class Close(NamedTuple):
    """Start the closing handshake."""

    to: Handle
    code: CloseCode


class StayEnded(NamedTuple):
    """Record that a stay ended at `at` (the hub's clock). `joined_at`: when it began (epoch seconds); the store may
    have that by a clock that was set since."""

    room: str
    user_id: str
    participant_id: str
    session_id: str
    at: float
    reason: Departure
    joined_at: float | None = None


class StayResumed(NamedTuple):
    """Record that a stay goes on here. `returned`: its page has come back after it lost its connection; otherwise the
    store may say that the stay ended. `if_free`: only if no other process has the stay open by now. Times are as in
    `StayEnded`."""

    room: str
    user_id: str
    participant_id: str
    session_id: str
    instance: str
    at: float
    returned: bool
    joined_at: float | None = None
    if_free: bool = False


class EndMeeting(NamedTuple):
    """End the meeting for all in the store, then in the hub. `actor`: who ends it. `reply`: to whom it is acknowledged.
    `action`: what the audit calls it."""

    room: str
    actor: Actor
    reply: Reply | None = None
    action: str = "end"


class PutRight(NamedTuple):
    """Look up what the record has of the room, which is to go by it again (`RoomChanges.put_right`)."""

    room: str


class LetIn(NamedTuple):
    """Ask once more for the seat that this connection waits for."""

    connection: Handle
    room: str


Effect = (
    Send | Broadcast | Together | Close | StayEnded | StayResumed | Unsettled | EndMeeting | PutRight | LetIn
)
