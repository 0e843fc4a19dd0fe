"""What the store has not answered yet, as data: whoever takes the room over asks it again.

Of a password that is being set there is the hash, until the store has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.change import Actor, Change, Reply, Unsettled
from signalling.rooms.effects import EndMeeting
from signalling.rooms.questions import Question
from signalling.rooms.room import Room


def write(room: Room, question: Question) -> dict[str, Any]:
    fields: dict[str, Any] = {"actor": list(question.actor)}
    reply = question.reply
    if reply is not None and _is_awaited(room, reply):
        fields["reply"] = [reply.member.id, reply.message_id]
    if isinstance(question, EndMeeting):
        return {"ends": question.action, **fields}
    fields |= {"key": question.key, "told": question.told, "again": question.again, "change": question.change}
    if question.since < math.inf:
        fields["since"] = question.since
    if question.refused is not None:
        refused = question.refused
        fields["refused"] = [refused.code, refused.text, refused.retry_after]
    return fields


def _is_awaited(room: Room, reply: Reply) -> bool:
    """False if another page has the place by now, or the member is gone."""
    return room.member(reply.member.id) is reply.member and reply.member.command_ids is reply.ids


def read(room: Room, question: Mapping[str, Any]) -> Question:
    """The room must have its members. Whoever waits for an answer does so from now on."""
    actor = Actor(*question["actor"])
    reply = None
    member = room.member(question["reply"][0]) if "reply" in question else None
    if member is not None:
        reply = Reply(member, member.command_ids, question["reply"][1])
        reply.ids.unsettled.add(reply.message_id)
    if "ends" in question:
        return EndMeeting(room.id, actor, reply, question["ends"])
    refused = None
    if "refused" in question:
        code, *rest = question["refused"]
        refused = Refused(ErrorCode(code), *rest)
    change = msgspec.convert(question["change"], Change)
    told, again, since = question["told"], question["again"], question.get("since", math.inf)
    return Unsettled(
        room.id, actor, question["key"], change, told, reply, refused, again, anew=True, since=since
    )
