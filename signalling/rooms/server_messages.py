"""What clients are sent: one function per message, each answers the bytes of one text frame.

Roster entries come in encoded already, so that a room of a thousand does not encode a thousand people per join.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from signalling.protocol.errors import Refused
from signalling.protocol.features import FEATURES
from signalling.rooms.member import Member
from signalling.rooms.room import Room

dumps = orjson.dumps


def _event(message: dict[str, Any]) -> bytes:
    """Encoded and copied: orjson's bytes keep the 4 KiB they were built in, and a room's log keeps thousands."""
    return bytes(memoryview(dumps(message)))


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
    message: dict[str, Any] = {
        "type": "joined",
        "id": message_id,
        "meeting": {"id": room.id, "title": room.title, "host": host, "created": created},
        "you": orjson.Fragment(you.encoded()),
        "rejoined": rejoined,
        "session": session,
        "epoch": room.log.epoch,
        "seq": room.log.seq,
        "participants": room.roster(),
        "ice_servers": ice_servers,
        "heartbeat": heartbeat,
        "grace": grace,
        "features": FEATURES,
    }
    if token is not None:
        message["token"] = token
    return dumps(message)


def resumed(
    *,
    message_id: int,
    room: Room,
    you: Member,
    replayed: int | None,
    ice_servers: Sequence[dict[str, Any]],
    session: str | None,
) -> bytes:
    """`replayed` None: the room as it is comes instead of what was missed. `session`: if there is a new one."""
    message: dict[str, Any] = {
        "type": "resumed",
        "id": message_id,
        "epoch": room.log.epoch,
        "seq": room.log.seq,
        "replayed": replayed or 0,
        "ice_servers": ice_servers,
    }
    if session is not None:
        message["session"] = session
    if replayed is None:
        meeting = {"id": room.id, "title": room.title, "host": you.role == "host", "created": False}
        message["snapshot"] = {"meeting": meeting, "participants": room.roster()}
    return dumps(message)


def ack(message_id: int) -> bytes:
    return b'{"type":"ack","id":%d}' % message_id


def error(refused: Refused, message_id: int | None = None) -> bytes:
    message: dict[str, Any] = {"type": "error", "code": refused.code, "message": refused.text}
    if message_id is not None:
        message["id"] = message_id
    if refused.retry_after is not None:
        message["retry_after"] = refused.retry_after
    return dumps(message)


def pong(t: msgspec.Raw | msgspec.UnsetType, message_id: int | None) -> bytes:
    message: dict[str, Any] = {"type": "pong"}
    if message_id is not None:
        message["id"] = message_id
    if not isinstance(t, msgspec.UnsetType):
        message["t"] = orjson.Fragment(bytes(t))
    return dumps(message)


def ice_servers(servers: Sequence[dict[str, Any]]) -> bytes:
    return dumps({"type": "ice_servers", "ice_servers": servers})


def going_away(delay: float) -> bytes:
    return dumps({"type": "going_away", "delay": delay})


def participant_joined(seq: int, member: Member) -> bytes:
    return _event(
        {"type": "participant_joined", "seq": seq, "participant": orjson.Fragment(member.encoded())}
    )


def participant_rejoined(seq: int, member: Member) -> bytes:
    return _event(
        {"type": "participant_rejoined", "seq": seq, "participant": orjson.Fragment(member.encoded())}
    )


def participant_updated(seq: int, member: Member, changes: dict[str, Any]) -> bytes:
    return _event({"type": "participant_updated", "seq": seq, "participant": {"id": member.id, **changes}})


def participant_left(seq: int, member: Member, reason: str) -> bytes:
    return _event(
        {"type": "participant_left", "seq": seq, "participant": {"id": member.id}, "reason": reason}
    )


def meeting_ended(seq: int, reason: str) -> bytes:
    return _event({"type": "meeting_ended", "seq": seq, "reason": reason})


_NUMBER = re.compile(rb'"seq":\d+')


def renumbered(event: bytes, seq: int) -> bytes:
    """The same event under another number."""
    return _NUMBER.sub(b'"seq":%d' % seq, event, count=1)


def batch(told: Sequence[bytes]) -> bytes:
    """Several events, in order, as one message. There has to be one."""
    numbers = _number(told[0]), _number(told[-1])
    return b'{"type":"batch","first":%b,"seq":%b,"events":[%b]}' % (*numbers, b",".join(told))


def _number(event: bytes) -> bytes:
    return event.partition(b'"seq":')[2].partition(b",")[0]


def signal(seq: int, sender: Member, data: msgspec.Raw) -> bytes:
    return _event({"type": "signal", "seq": seq, "from": sender.id, "data": orjson.Fragment(bytes(data))})
