"""The link by which a host comes back who has lost the identity, in a SQLite database: an invite with the role host.

There is one at a time, it is used once, and whoever uses it is host in place of the one before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from storage.records import JoinRequest, Meeting
from storage.sqlite import audit_log

VOID = """
UPDATE invites SET revoked_at = :at
WHERE room = :room AND role = 'host' AND revoked_at IS NULL AND used < uses
"""

LEADS_IN = """
SELECT EXISTS (
    SELECT 1 FROM invites
    WHERE room = :room AND hash = :hash AND role = 'host' AND revoked_at IS NULL AND used < uses
        AND (expires_at IS NULL OR expires_at > :at)
)
"""

TAKE_OVER = "UPDATE meetings SET host_user_id = :user_id WHERE room = :room"

# A token may claim a role since a moment in the future.
STEP_BACK = """
UPDATE participants SET role = 'cohost', role_at = max(:at, coalesce(role_at, :at))
WHERE room = :room AND user_id = :former
"""

FORGET_DENIALS = "UPDATE admissions SET denials = 0 WHERE room = :room AND user_id = :user_id"


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
    connection.execute(TAKE_OVER, values)
    connection.execute(STEP_BACK, values | {"former": meeting.host_user_id})
    connection.execute(FORGET_DENIALS, values)
    audit_log.write(
        connection, request.room, request.user_id, request.at, "host_link", meeting.host_user_id, detail
    )
