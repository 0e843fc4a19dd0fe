"""What a member may send, by its role and rights and the meeting's default."""

from __future__ import annotations

from typing import Any

from signalling.protocol.client_messages import Status
from signalling.protocol.fields import Media
from signalling.protocol.rights import ALL, MEDIA, Right, allows
from signalling.rooms.member import Member
from signalling.rooms.room import Room


def may(room: Room, member: Member, right: Right) -> bool:
    return allows(member.role, member.may, room.settings.may, right)


def is_forbidden(room: Room, member: Member, message: Status) -> bool:
    """Whether the status turns on what the member may not send."""
    if member.may is ALL and room.settings.may is ALL:
        return False
    if message.hand and not may(room, member, "hand"):
        return True
    return any(getattr(message.media, right) and not may(room, member, right) for right in MEDIA)


def clamp(room: Room, member: Member) -> dict[str, Any]:
    """Turn off what the member sends and may not. Returns the changes to tell the others."""
    if member.may is ALL and room.settings.may is ALL:
        return {}
    changes: dict[str, Any] = {}
    denied = [right for right in MEDIA if getattr(member, right) and not may(room, member, right)]
    if denied:
        turn_off(member, denied)
        changes["media"] = member.media()
    if member.hand and not may(room, member, "hand"):
        changes |= room.hands.lower(room, member)
    return changes


def turn_off(member: Member, rights: list[Right]) -> bool:
    """Turn these off for the member, whose page is told, and believes it rather than itself. Returns whether any was
    on, as far as is known here: after a restart, or when another node has gone on with the room, it need not be."""
    was_on = member.set_media(Media(*[False if right in rights else None for right in MEDIA]))
    member.muted |= frozenset(rights)
    member.touch()
    return was_on
