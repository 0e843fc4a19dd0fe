"""What a SQLite database knows of one person. The functions run within the caller's transaction."""

from __future__ import annotations

import sqlite3
from typing import Any

from storage.errors import PersonPresent
from storage.people import ERASED, OwnStay, alias
from storage.sqlite.rows import loaded

_OF_USER = "participants.user_id = :user"

_EXPORT = {
    "hosted": "SELECT room, title, created_at, ended_at FROM meetings WHERE host_user_id = :user ORDER BY room",
    "participants": f"""
SELECT id, room, name, role, first_joined_at, last_seen_at, session_count, total_duration, may, hand_at, role_at
FROM participants WHERE {_OF_USER} ORDER BY room
""",  # noqa: S608 - put together of what stands above
    "stays": f"""
SELECT room, participant_id, session_id, instance, joined_at, left_at, reason, estimated, connections, reconnects
FROM participant_sessions JOIN participants ON id = participant_id WHERE {_OF_USER}
ORDER BY room, joined_at, session_id
""",  # noqa: S608 - as above
    "removals": "SELECT room, back, at FROM removals WHERE user_id = :user ORDER BY room",
    "admissions": "SELECT room, sitting, denials, at FROM admissions WHERE user_id = :user ORDER BY room",
    "invites": """
SELECT room, id, role, uses, used, expires_at, revoked_at, created_at FROM invites WHERE "by" = :user
ORDER BY room, created_at, id
""",
    "invite_uses": """
SELECT room, invite, invite_uses.at FROM invite_uses JOIN invites ON id = invite WHERE user_id = :user
ORDER BY room, invite
""",
    "messages": """
SELECT room, id, reply_to, text, at, edited_at, deleted_at FROM messages WHERE user_id = :user ORDER BY room, at, id
""",
    "audit": """
SELECT room, n, at, action, iif("by" = :user, 'by', 'whom') AS "as",
    iif("by" = :user, json_extract(detail, '$.name'), json_extract(detail, '$.names.' || :quoted)) AS name,
    iif("by" = :user, json_extract(detail, '$.before'), NULL) AS before
FROM audit
WHERE "by" = :user OR whom = :user OR instr(detail, :quoted) ORDER BY room, n
""",
}

_OWN_STAYS = """
SELECT joined_at, left_at, estimated FROM participant_sessions
WHERE participant_id = (SELECT id FROM participants WHERE room = :room AND user_id = :user)
ORDER BY joined_at, session_id
"""

_ROOMS = """
SELECT room FROM meetings WHERE host_user_id = :user
UNION SELECT room FROM participants WHERE user_id = :user
UNION SELECT room FROM removals WHERE user_id = :user OR "by" = :user
UNION SELECT room FROM admissions WHERE user_id = :user OR "by" = :user
UNION SELECT room FROM invites WHERE "by" = :user
UNION SELECT room FROM invites JOIN invite_uses ON id = invite WHERE user_id = :user
UNION SELECT room FROM changes WHERE user_id = :user
UNION SELECT room FROM messages WHERE user_id = :user
UNION SELECT room FROM messages WHERE to_user = :user
UNION SELECT room FROM messages WHERE deleted_by = :user
UNION SELECT room FROM audit WHERE "by" = :user OR whom = :user OR instr(detail, :quoted)
"""

_PRESENT = """
SELECT room FROM participant_sessions JOIN participants ON id = participant_id
WHERE user_id = :user AND left_at IS NULL
"""

# The id is another one, too. Stays are moved in between, as they name it.
_ERASE = (
    """
INSERT INTO participants (
    id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count, total_duration, role_at, sitting
)
SELECT 'p_' || :alias, room, :alias, :erased, role, state, first_joined_at, last_seen_at, session_count,
    total_duration, role_at, sitting
FROM participants WHERE room = :room AND user_id = :user
""",
    """
UPDATE participant_sessions SET participant_id = 'p_' || :alias, instance = ''
WHERE participant_id = (SELECT id FROM participants WHERE room = :room AND user_id = :user)
""",
    "DELETE FROM participants WHERE room = :room AND user_id = :user",
    "UPDATE meetings SET host_user_id = :alias WHERE room = :room AND host_user_id = :user",
    "DELETE FROM removals WHERE room = :room AND user_id = :user",
    'UPDATE removals SET "by" = :alias WHERE room = :room AND "by" = :user',
    "DELETE FROM admissions WHERE room = :room AND user_id = :user",
    'UPDATE admissions SET "by" = :alias WHERE room = :room AND "by" = :user',
    'UPDATE invites SET "by" = :alias WHERE room = :room AND "by" = :user',
    "DELETE FROM invite_uses WHERE user_id = :user AND invite IN (SELECT id FROM invites WHERE room = :room)",
    "DELETE FROM changes WHERE room = :room AND user_id = :user",
    "DELETE FROM messages WHERE room = :room AND user_id = :user",
    "UPDATE messages SET to_user = :alias WHERE room = :room AND to_user = :user",
    "UPDATE messages SET deleted_by = :alias WHERE room = :room AND deleted_by = :user",
    """
UPDATE audit
SET "by" = iif("by" = :user, :alias, "by"), whom = iif(whom = :user, :alias, whom),
    detail = iif(
        action = 'rename' AND "by" = :user,
        '{}',
        replace(json_remove(detail, '$.names.' || :quoted), :quoted, '"' || :alias || '"')
    )
WHERE room = :room AND ("by" = :user OR whom = :user OR instr(detail, :quoted))
""",
)


def export_person(connection: sqlite3.Connection, user_id: str) -> dict[str, Any]:
    values = {"user": user_id, "quoted": f'"{user_id}"'}
    found: dict[str, Any] = {}
    for kind, statement in _EXPORT.items():
        cursor = connection.execute(statement, values)
        names = [column[0] for column in cursor.description]
        found[kind] = [
            {name: _plain(name, value) for name, value in zip(names, row, strict=True)} for row in cursor
        ]
    revoked = connection.execute("SELECT before FROM revocations WHERE user_id = :user", values).fetchone()
    return {**found, "revoked_before": revoked[0] if revoked else None}


def _plain(name: str, value: Any) -> Any:
    if name in ("may", "reconnects"):
        return loaded(value)
    return bool(value) if name == "estimated" else value


def own_stays(connection: sqlite3.Connection, room: str, user_id: str) -> list[OwnStay]:
    found = connection.execute(_OWN_STAYS, {"room": room, "user": user_id})
    return [OwnStay(joined_at, left_at, bool(estimated)) for joined_at, left_at, estimated in found]


def erase_person(connection: sqlite3.Connection, user_id: str, salt: str) -> int:
    values = {"user": user_id, "quoted": f'"{user_id}"', "erased": ERASED}
    if present := sorted(room for (room,) in connection.execute(_PRESENT, values)):
        raise PersonPresent(rooms=present)
    rooms = [room for (room,) in connection.execute(_ROOMS, values).fetchall()]
    for room in rooms:
        of_room = values | {"room": room, "alias": alias(user_id, room, salt)}
        for statement in _ERASE:
            connection.execute(statement, of_room)
    return len(rooms)
