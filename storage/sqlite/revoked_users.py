"""The users whose credentials are void, in a SQLite database. They are few, and all are read at once.

The functions run within the caller's transaction.
"""

from __future__ import annotations

import sqlite3

REVOKE = """
INSERT INTO revocations (user_id, before) VALUES (:user_id, :before)
ON CONFLICT DO UPDATE SET before = max(before, excluded.before)
"""


def revoke(connection: sqlite3.Connection, user_id: str, before: float, forget: float) -> None:
    connection.execute("DELETE FROM revocations WHERE before < :forget", {"forget": forget})
    connection.execute(REVOKE, {"user_id": user_id, "before": before})


def revocations(connection: sqlite3.Connection) -> dict[str, float]:
    return dict(connection.execute("SELECT user_id, before FROM revocations").fetchall())
