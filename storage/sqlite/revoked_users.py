"""The users whose credentials are void, in a SQLite database. They are few, and all are read at once.

The functions run within the caller's transaction.
"""

from __future__ import annotations

import sqlite3

from storage.sqlite import audit_log
from storage.sqlite.moderation_statements import REVOKE_INVITE

REVOKE = """
INSERT INTO revocations (user_id, before) VALUES (:user_id, :before)
ON CONFLICT DO UPDATE SET before = max(before, excluded.before)
"""


MADE = 'SELECT room, id FROM invites WHERE "by" = :user_id AND revoked_at IS NULL'


def revoke(connection: sqlite3.Connection, user_id: str, before: float, forget: float, at: float) -> None:
    connection.execute("DELETE FROM revocations WHERE before < :forget", {"forget": forget})
    connection.execute(REVOKE, {"user_id": user_id, "before": before})
    for room, invite in connection.execute(MADE, {"user_id": user_id}).fetchall():
        connection.execute(REVOKE_INVITE, {"room": room, "id": invite, "at": at})
        audit_log.write(connection, room, "", at, "revoke_invite", "", {"invite": invite})


def is_void(connection: sqlite3.Connection, user_id: str, at: float) -> bool:
    """Whether the user's credentials of that moment are void."""
    row = connection.execute("SELECT before FROM revocations WHERE user_id = ?", (user_id,)).fetchone()
    return row is not None and row[0] > at


def revocations(connection: sqlite3.Connection) -> dict[str, float]:
    return dict(connection.execute("SELECT user_id, before FROM revocations").fetchall())
