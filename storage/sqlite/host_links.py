"""The link by which a host comes back who has lost the identity, in a SQLite database: an invite with the role host.

There is one at a time, it is used once, and whoever uses it is host in place of the one before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from storage.records import JoinRequest, Meeting
from storage.sqlite import audit_log
from storage.sqlite import moderation_statements as sql

_UNUSED = "room = :room AND role = 'host' AND revoked_at IS NULL AND used < uses"

VOID = f"UPDATE invites SET revoked_at = :at WHERE {_UNUSED}"  # noqa: S608 - put together of the part above

LEADS_IN = f"""
SELECT EXISTS (
    SELECT 1 FROM invites WHERE {_UNUSED} AND hash = :hash AND (expires_at IS NULL OR expires_at > :at)
)
"""  # noqa: S608 - put together of the part above


def void(connection: sqlite3.Connection, room: str, at: float) -> None:
    """Make the one that was not used void."""
    connection.execute(VOID, {"room": room, "at": at})


def leads_in(connection: sqlite3.Connection, room: str, hash: str, at: float) -> bool:  # noqa: A002
    (found,) = connection.execute(LEADS_IN, {"room": room, "hash": hash, "at": at}).fetchone()
    return bool(found)


def take_over(
    connection: sqlite3.Connection, request: JoinRequest, meeting: Meeting, detail: Mapping[str, Any]
) -> None:
    """The user becomes host, and the host before a co-host."""
    values = {"room": request.room, "user_id": request.user_id, "at": request.at}
    connection.execute(sql.HAND_OVER, values)
    connection.execute(sql.SET_ROLE, values | {"user_id": meeting.host_user_id, "role": "cohost"})
    connection.execute(sql.FORGET_DENIALS, values)
    audit_log.write(
        connection, request.room, request.user_id, request.at, "host_link", meeting.host_user_id, detail
    )
