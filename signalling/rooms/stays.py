"""What the record is told of a member's stay."""

from __future__ import annotations

from signalling.rooms.effects import Departure, StayEnded, StayResumed
from signalling.rooms.member import Member


def stay_resumed(room: str, member: Member, now: float, *, returned: bool = False) -> StayResumed:
    who = room, member.user_id, member.id, member.session_id
    return StayResumed(*who, member.instance, now, returned, member.began_at)


def stay_ended(room: str, member: Member, at: float, reason: Departure) -> StayEnded:
    return StayEnded(room, member.user_id, member.id, member.session_id, at, reason, member.began_at)
