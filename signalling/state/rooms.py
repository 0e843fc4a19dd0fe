"""What belongs to no member of a room, as data: its settings, who waits, what is still to be told and to be recorded.

No credential is in it: of the tokens of those who wait nobody but their pages needs to know, and of a password the room
keeps only that there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signalling.rooms.hub import Hub
from signalling.rooms.knock import Knock, Knocking
from signalling.rooms.room import Room
from signalling.state import parts, questions
from signalling.state.parts import Find, Lost, Moment, Name

TRANSLATED = {
    "id": "id",
    "title": "title",
    "log": "epoch",
    "record": "settings",
    "revision": "revision",
    "is_wrong": "wrong",
    "hand_at": "hand_at",
    "chat_at": "chat_at",
    "led_at": "led",
    "began_at": "began",
    "frames": "budget",
    "untold": "untold",
    "ahead": "ahead",
    "knocks": "knocks",
}
"""What the fields of a room are called in JSON."""

HERE = {"_audience", "_audiences", "_listing", "_members", "_users"} | {
    *("chat_changes", "hands", "places", "settings", "touched", "unknown")
}
"""What a hub makes for itself, the members, and the fields that this release does not know."""

KNOWN = {"v", "at", "late", "soon", "moved", "questions", *TRANSLATED.values()}

OF_A_KNOCK = ("id", "user_id", "name", "anonymous", "at", "message_id", "admitted", "position", "hosted")

CREDENTIALS = {"token", "identity"}
"""Of a knock. They were sent in the answer to its join, and the next join brings new ones."""

SECRET = ("password_hash", "password_version")


def write(hub: Hub, room: Room, when: Moment, name: Name) -> bytes:
    late, soon = hub.telling.waits(room)
    fields: dict[str, Any] = {
        "id": room.id,
        "title": room.title,
        "epoch": room.log.epoch,
        "settings": {**room.record, **{secret: "" for secret in SECRET if secret in room.record}},
        "revision": room.revision,
        "wrong": room.is_wrong,
        "hand_at": room.hand_at,
        "chat_at": room.chat_at,
        "led": when.ago(room.led_at) if room.led_at else None,
        "began": when.ago(room.began_at) if room.began_at else None,
        "budget": None if room.frames is None else room.frames.left(when.now),
        "untold": [[number, event.decode()] for number, event in room.untold],
        "ahead": {member.id: number for member, number in room.ahead.items()},
        "late": late,
        "soon": soon,
        "moved": hub.waiting.is_moved(room),
        "knocks": [_knock(knock, when, name) for knock in room.knocks.values()],
        "questions": [questions.write(room, each) for each in hub.orders.questions.of(room.id)],
    }
    return parts.written(fields, when, room.unknown)


def _knock(knock: Knock, when: Moment, name: Name) -> dict[str, Any]:
    fields = dict(knock.unknown or {}) | {field: getattr(knock, field) for field in OF_A_KNOCK}
    if knock.connection is None:
        return {**fields, "away": when.ago(knock.lost_at)}
    return {**fields, "connection": name(knock.connection)}


def read(hub: Hub, part: Mapping[str, Any], when: Moment, find: Find, lost_at: Lost) -> Room:
    """A room without members."""
    room = hub.opened(part["id"], part["title"], part["epoch"])
    wrote = when.of(part)
    room.adopt(part["settings"], part["revision"])
    room.is_wrong = part.get("wrong", False)
    room.hand_at = part["hand_at"]
    room.chat_at = part.get("chat_at", 0.0)
    if part["led"] is not None:
        room.led_at = wrote.before(part["led"])
    if part.get("began") is not None:
        room.began_at = wrote.before(part["began"])
    if part["budget"] is not None:
        room.frames = hub.telling.budget(wrote.now)
        room.frames.adopt(part["budget"])
    room.untold = [(number, event.encode()) for number, event in part["untold"]]
    hub.telling.adopt(room, late=part["late"], soon=part["soon"])
    for fields in part["knocks"]:
        knock = _read_knock(fields, room, find)
        if knock.connection is None:
            knock.lost_at = (
                wrote.before(fields["away"]) if "away" in fields else lost_at(fields.get("connection"))
            )
        room.add_knock(knock)
    hub.waiting.adopt(room, moved=part["moved"])
    room.unknown = parts.unknown(part, KNOWN)
    return room


def _read_knock(fields: Mapping[str, Any], room: Room, find: Find) -> Knock:
    knock = Knock(
        Knocking(
            connection=find(fields["connection"]) if "connection" in fields else None,
            message_id=fields["message_id"],
            room=room.id,
            title=room.title,
            epoch=room.log.epoch,
            id=fields["id"],
            user_id=fields["user_id"],
            name=fields["name"],
            anonymous=fields["anonymous"],
            at=fields["at"],
            knock="",
            most=0,
        )
    )
    knock.admitted, knock.position = fields["admitted"], fields["position"]
    # Nodes of an older release do not say it.
    knock.hosted = fields.get("hosted")
    knock.unknown = parts.unknown(fields, {"away", "connection", *OF_A_KNOCK})
    return knock
