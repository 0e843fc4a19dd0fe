"""What clients are sent: one function per message, which returns the bytes of one text frame.

`signalling.protocol.server_messages` defines the messages. Roster entries and the events in a batch are already
encoded, so that a room of a thousand does not encode a thousand participants per join.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from signalling.protocol import server_messages as messages
from signalling.protocol.errors import Refused
from signalling.protocol.features import FEATURES
from signalling.rooms.effects import Departure
from signalling.rooms.member import Member
from signalling.rooms.room import Room

_encode = msgspec.json.Encoder().encode


def _event(event: messages.Event) -> bytes:
    """Encode and copy: the encoder's bytes hold half as much memory again, and a room's log keeps thousands."""
    return b"%b" % _encode(event)


def joined(
    *,
    message_id: int,
    room: Room,
    you: Member,
    host: bool,
    created: bool,
    rejoined: bool,
    session: str,
    token: str | None,
    ice_servers: Sequence[dict[str, Any]],
    heartbeat: float,
    grace: float,
) -> bytes:
    person: Any = Raw(you.encoded())
    # One item that contains the commas, so that the list is copied only once.
    people: Any = [Raw(room.roster())]
    servers: Any = ice_servers
    return _encode(
        messages.Joined(
            id=message_id,
            meeting=messages.Meeting(room.id, room.title, host, created),
            you=person,
            rejoined=rejoined,
            session=session,
            epoch=room.log.epoch,
            seq=room.log.seq,
            participants=people,
            ice_servers=servers,
            heartbeat=heartbeat,
            grace=grace,
            features=FEATURES,
            token=UNSET if token is None else token,
        )
    )


def resumed(
    *,
    message_id: int,
    room: Room,
    you: Member,
    replayed: int | None,
    ice_servers: Sequence[dict[str, Any]],
    session: str | None,
) -> bytes:
    """`replayed` None: send a snapshot instead of the missed events. `session`: the new token, if there is one."""
    servers: Any = ice_servers
    snapshot: messages.Snapshot | UnsetType = UNSET
    if replayed is None:
        meeting = messages.Meeting(room.id, room.title, host=you.role == "host", created=False)
        people: Any = [Raw(room.roster())]
        snapshot = messages.Snapshot(meeting, people)
    return _encode(
        messages.Resumed(
            id=message_id,
            epoch=room.log.epoch,
            seq=room.log.seq,
            replayed=replayed or 0,
            ice_servers=servers,
            session=UNSET if session is None else session,
            snapshot=snapshot,
        )
    )


def ack(message_id: int) -> bytes:
    return b'{"type":"ack","id":%d}' % message_id


def error(refused: Refused, message_id: int | None = None) -> bytes:
    return _encode(
        messages.Error(
            refused.code,
            refused.text,
            UNSET if message_id is None else message_id,
            UNSET if refused.retry_after is None else refused.retry_after,
        )
    )


def pong(t: Raw | UnsetType, message_id: int | None) -> bytes:
    return _encode(messages.Pong(UNSET if message_id is None else message_id, t))


def ice_servers(ice_servers: Sequence[dict[str, Any]]) -> bytes:
    servers: Any = ice_servers
    return _encode(messages.IceServers(servers))


def token_expiring(seconds: float) -> bytes:
    return _encode(messages.TokenExpiring(seconds))


def authenticated(message_id: int, session: str) -> bytes:
    return _encode(messages.Authenticated(message_id, session))


def going_away(delay: float) -> bytes:
    return _encode(messages.GoingAway(delay))


def participant_joined(seq: int, member: Member) -> bytes:
    person: Any = Raw(member.encoded())
    return _event(messages.ParticipantJoined(seq, person))


def participant_rejoined(seq: int, member: Member) -> bytes:
    person: Any = Raw(member.encoded())
    return _event(messages.ParticipantRejoined(seq, person))


def participant_updated(seq: int, member: Member, changes: dict[str, Any]) -> bytes:
    """`changes`: fields of `messages.ParticipantChange`."""
    return _event(messages.ParticipantUpdated(seq, messages.ParticipantChange(member.id, **changes)))


def participant_left(seq: int, member: Member, reason: Departure) -> bytes:
    return _event(messages.ParticipantLeft(seq, messages.ParticipantId(member.id), reason))


def meeting_ended(seq: int, reason: messages.EndReason) -> bytes:
    return _event(messages.MeetingEnded(seq, reason))


_NUMBER = re.compile(rb'"seq":\d+')


def renumbered(event: bytes, seq: int) -> bytes:
    """The same event under another number."""
    return _NUMBER.sub(b'"seq":%d' % seq, event, count=1)


def batch(told: Sequence[bytes]) -> bytes:
    """Several events, in order, as one `messages.Batch`. `told` must not be empty."""
    numbers = _number(told[0]), _number(told[-1])
    return b'{"type":"batch","first":%b,"seq":%b,"events":[%b]}' % (*numbers, b",".join(told))


def _number(event: bytes) -> bytes:
    return event.partition(b'"seq":')[2].partition(b",")[0]


def signal(seq: int, sender: Member, data: Raw) -> bytes:
    return _event(messages.RelayedSignal(seq, sender.id, data))
