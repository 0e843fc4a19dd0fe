"""The chat in a SQLite database. The functions run within the caller's transaction."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from typing import Any

from storage.chat import (
    EDITED_WITHIN,
    Erasure,
    Fate,
    Message,
    MessageDeletion,
    MessageEdit,
    MessagePage,
    MessageWrite,
    NewMessage,
    Reader,
    Written,
)
from storage.sqlite import audit_log
from storage.sqlite import chat_statements as sql
from storage.sqlite.meetings import known_meeting
from storage.sqlite.moderation_statements import DONE, KEEP_KEY


def write_messages(
    connection: sqlite3.Connection, room: str, writes: Sequence[MessageWrite]
) -> list[Written]:
    known_meeting(connection, room)
    return [_write(connection, room, each) for each in writes]


def _write(connection: sqlite3.Connection, room: str, write: MessageWrite) -> Written:
    values = {"room": room, "id": write.id, "user_id": write.user_id, "at": write.at}
    fate: Fate
    match write:
        case NewMessage():
            values |= {
                "key": write.key,
                "text": write.text,
                "to_user": write.to_user,
                "reply_to": write.reply_to,
            }
            if connection.execute(sql.SAY, values).rowcount:
                return Written("done")
            (known,) = connection.execute(sql.ID_OF_KEY, values).fetchone()
            fate = "again" if known == write.id else "used"
        case MessageEdit():
            fate = _edits(_message(connection, room, write.id), write)
            if fate == "done":
                connection.execute(sql.EDIT, values | {"text": write.text})
        case MessageDeletion():
            message = _message(connection, room, write.id)
            fate = _deletes(message, write)
            if fate == "done":
                connection.execute(sql.DELETE, values)
            if message is not None and fate == "done" and message.user_id != write.user_id:
                about = {"message": write.id}
                audit_log.write(
                    connection, room, write.user_id, write.at, "chat_delete", message.user_id, about
                )
    return Written(fate, _message(connection, room, write.id) if fate in ("done", "again") else None)


def _edits(message: Message | None, edit: MessageEdit) -> Fate:
    if message is None:
        return "unknown"
    if message.user_id != edit.user_id:
        return "forbidden"
    if message.deleted_at is not None:
        return "unknown"
    if message.edited_at == edit.at:
        return "again"
    if edit.only_to is not None and message.to_user not in edit.only_to:
        return "elsewhere"
    return "late" if edit.at - message.at > EDITED_WITHIN else "done"


def _deletes(message: Message | None, deletion: MessageDeletion) -> Fate:
    if message is None:
        return "unknown"
    if message.user_id != deletion.user_id and not deletion.any_author:
        return "forbidden"
    return "done" if message.deleted_at is None else "again"


def _message(connection: sqlite3.Connection, room: str, message: str) -> Message | None:
    row: tuple[Any, ...] | None = connection.execute(sql.MESSAGE, {"room": room, "id": message}).fetchone()
    return Message(*row) if row else None


def erase_messages(
    connection: sqlite3.Connection, room: str, author: str, by: str, key: str, at: float
) -> Erasure:
    known_meeting(connection, room)
    values: dict[str, Any] = {"room": room, "author": author, "by": by, "key": key, "at": at}
    if done := connection.execute(DONE, values).fetchone():
        # What was written since stays.
        values["at"] = done[0]
    else:
        connection.execute(KEEP_KEY, values)
        if count := connection.execute(sql.ERASE, values).rowcount:
            audit_log.write(connection, room, by, at, "chat_erase", author, {"messages": count})
    found = connection.execute(sql.ERASED, values).fetchall()
    deleter = connection.execute(sql.PARTICIPANT, values).fetchone()
    moment = float(values["at"])
    until = max([moment, *(at for _, at in found)])
    return Erasure(moment, [id_ for id_, _ in found], until, deleter[0] if deleter else None)


def message_of_key(connection: sqlite3.Connection, room: str, user_id: str, key: str) -> Message | None:
    values = {"room": room, "user_id": user_id, "key": key}
    row = connection.execute(sql.ID_OF_KEY, values).fetchone()
    return _message(connection, room, row[0]) if row else None


def messages(
    connection: sqlite3.Connection, room: str, reader: Reader, limit: int, before: str | None = None
) -> MessagePage:
    until = math.inf
    if before is not None:
        row = connection.execute(sql.PLACE, {"room": room, "before": before}).fetchone()
        if row is None:
            return MessagePage([], more=False)
        (until,) = row
    values = _seen_by(reader) | {"room": room, "until": until, "before": before or "", "limit": limit + 1}
    ids = [id_ for (id_,) in connection.execute(sql.PAGE, values)]
    found = [message for id_ in reversed(ids[:limit]) if (message := _message(connection, room, id_))]
    return MessagePage(found, len(ids) > limit)


def messages_after(
    connection: sqlite3.Connection, room: str, reader: Reader, limit: int, after: Message | None = None
) -> list[Message]:
    at, id_ = (-math.inf, "") if after is None else (after.at, after.id)
    values = _seen_by(reader) | {"room": room, "at": at, "id": id_, "limit": limit}
    ids = [id_ for (id_,) in connection.execute(sql.PAGE_AFTER, values)]
    return [message for id_ in ids if (message := _message(connection, room, id_))]


def _seen_by(reader: Reader) -> dict[str, Any]:
    return {
        "since": -math.inf if reader.since is None else reader.since,
        "user_id": reader.user_id,
        "in_charge": reader.in_charge or reader.user_id is None,
    }


def forget_messages(connection: sqlite3.Connection, unkept_before: float, kept_before: float) -> int:
    values = {"unkept_before": unkept_before, "kept_before": kept_before}
    return len({room for (room,) in connection.execute(sql.FORGET, values).fetchall()})
