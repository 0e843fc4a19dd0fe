"""What is written to a meeting's audit in a SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from storage.sqlite.rows import dumped

WRITE = """
INSERT INTO audit (room, n, at, "by", action, whom, detail)
VALUES (
    :room, coalesce((SELECT max(n) FROM audit WHERE room = :room), 0) + 1, :at, :by, :action, :whom, :detail
)
"""


def write(
    connection: sqlite3.Connection,
    room: str,
    by: str,
    at: float,
    action: str,
    whom: str,
    detail: Mapping[str, Any],
) -> None:
    values = {"room": room, "by": by, "at": at, "action": action, "whom": whom}
    connection.execute(WRITE, values | {"detail": dumped(dict(detail))})
