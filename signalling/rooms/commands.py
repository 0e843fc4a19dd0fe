"""Carries out the commands of members. A command that took effect before is only answered again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signalling.protocol.client_messages import Signal, Status
from signalling.protocol.errors import ERRORS, ErrorCode, Refused
from signalling.protocol.fields import Media
from signalling.protocol.rights import MEDIA
from signalling.rooms import allowed, server_messages, telling
from signalling.rooms.effects import Broadcast, Close, Effect, Send
from signalling.rooms.flow import Flow, forget_refused
from signalling.rooms.inputs import Return
from signalling.rooms.member import Handle, Member
from signalling.rooms.room import Room

NOT_ALLOWED = "You may not turn this on in this meeting."
TURNED_OFF = "Somebody has turned this off since."


def status(connection: Handle, room: Room, member: Member, message: Status, now: float) -> list[Effect]:
    """Apply a status and tell everyone at once. Nothing in the room may be untold."""
    if (answered := answer_again(connection, member, message)) is not None:
        return answered
    if allowed.is_forbidden(room, member, message):
        return forbid(connection, member, message.id)
    effects: list[Effect] = []
    changes = change(room, member, message.media, message.hand, now)
    if changes:
        payload = server_messages.participant_updated(room.log.next(), member, changes)
        room.log.append(payload, now)
        effects.append(Broadcast(room.audience(), payload))
    return effects + acknowledge(connection, member, message.id)


def answer_again(connection: Handle, member: Member, message: Status) -> list[Effect] | None:
    """Answer a status that took effect before; None: it is new. If somebody else has turned off since what it turned
    on, the page has to hear so: it takes what it sends again for newer."""
    if message.id is None or message.id not in member.command_ids:
        return None
    media = any(right in member.muted and getattr(message.media, right) for right in MEDIA)
    if media or (message.hand and "hand" in member.muted):
        return refuse(connection, Refused(ErrorCode.FORBIDDEN, TURNED_OFF), message.id)
    return acknowledge(connection, member, message.id)


def signal(
    connection: Handle, room: Room, member: Member, message: Signal, now: float, flow: Flow
) -> list[Effect]:
    if has_come(member, message):
        return acknowledge(connection, member, message.id)
    addressee = room.member(message.to)
    if addressee is None or addressee is member:
        forget_refused(member, message.to)
        return refuse(connection, Refused(ErrorCode.UNKNOWN_PARTICIPANT), message.id)
    try:
        flow.check(room, member, addressee, message, now)
    except Refused as refused:
        return refuse(connection, refused, message.id)
    payload = server_messages.signal(room.log.next(), member, message.data)
    return tell_one(room, addressee, payload, now) + acknowledge(connection, member, message.id)


def has_come(member: Member, message: Signal) -> bool:
    """Whether it was relayed before."""
    return message.id is not None and message.id in member.command_ids


def repeated(connection: Handle, member: Member, message_id: int) -> list[Effect] | None:
    """What is to be done about a command that came before; None: it is new. If the store has not answered yet, the
    answer follows when there is one."""
    if message_id in member.command_ids:
        return acknowledge(connection, member, message_id)
    return [] if message_id in member.command_ids.unsettled else None


def tell_one(room: Room, addressee: Member, event: bytes, now: float) -> list[Effect]:
    """Log an event for this member alone, encoded with the log's next number, and send it."""
    effects: list[Effect] = []
    if addressee.connection is not None and room.untold:
        effects += telling.first(room, addressee)
    room.log.append(event, now, addressee.id)
    if addressee.connection is not None:
        effects.append(Send(addressee.connection, event))
    return effects


def tell_some(room: Room, members: Sequence[Member], event: bytes, now: float) -> list[Effect]:
    """Log an event for these members, encoded with the log's next number, and send it."""
    if not members:
        return []
    effects: list[Effect] = []
    here = [member for member in members if member.connection is not None]
    if room.untold:
        for member in here:
            effects += telling.first(room, member)
    room.log.append(event, now, frozenset(member.id for member in members))
    if here:
        effects.append(Broadcast(tuple(member.connection for member in here), event))
    return effects


def change(room: Room, member: Member, media: Media, hand: bool | None, now: float) -> dict[str, Any]:
    """Apply what is new; returns the changes to tell the others."""
    changes: dict[str, Any] = {}
    if member.muted:
        member.muted -= {name for name in MEDIA if getattr(media, name) is not None}
        member.touch()
    if member.set_media(media):
        changes["media"] = member.media()
    return changes | room.hands.said(room, member, hand, now)


def believe(room: Room, member: Member, back: Return, now: float) -> dict[str, Any]:
    """Apply what a page says that comes back to a restarted server; returns the changes to tell the others.

    What it may not send is turned off. What was turned off meanwhile stays off, and a hand that was lowered stays down:
    the page has not heard of it.
    """
    hand = None if "hand" in member.muted else back.hand
    off = {right for right in MEDIA if right in member.muted and getattr(back.media, right)}
    media = Media(*[None if right in off else getattr(back.media, right) for right in MEDIA])
    return change(room, member, media, hand, now) | allowed.clamp(room, member)


def refuse(connection: Handle, refused: Refused, message_id: int | None = None) -> list[Effect]:
    """Answer with an error, and close where the table says so."""
    effects: list[Effect] = [Send(connection, server_messages.error(refused, message_id))]
    close = ERRORS[refused.code].close
    if close is not None:
        effects.append(Close(connection, close))
    return effects


def forbid(connection: Handle, member: Member, message_id: int | None) -> list[Effect]:
    return refuse(connection, Refused(ErrorCode.FORBIDDEN, NOT_ALLOWED), message_id)


def acknowledge(connection: Handle, member: Member, message_id: int | None) -> list[Effect]:
    if message_id is None:
        return []
    member.command_ids.add(message_id)
    if member.touched is not None:
        member.touch()
    return [Send(connection, server_messages.ack(message_id))]
