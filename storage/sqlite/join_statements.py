"""The SQL by which a SQLite database tells who may join. `joins` and `moderation` use it."""

from __future__ import annotations

from storage.entry import SITTING_ENDS_AFTER as _ENDS_AFTER
from storage.sqlite.rows import IS_PERSON as _IS_PERSON
from storage.sqlite.rows import MEETING as _MEETING

# ruff: noqa: S608 - statements are put together of parts that stand here

_PEOPLE = f"participants.room = meetings.room AND {_IS_PERSON}"

# Since when nobody is in, of those who came in this sitting, also if they were removed. NULL: somebody is in, or nobody
# came yet. An open stay of a node that has been dead for so long ended at its last heartbeat; by the newest one of all
# nodes, as none is written while the database is away. (SQLite keeps the order of a CROSS JOIN.)
_EMPTY_SINCE = f"""CASE WHEN EXISTS (
        SELECT 1 FROM participants
        CROSS JOIN participant_sessions AS open ON participant_id = participants.id AND left_at IS NULL
        CROSS JOIN nodes ON nodes.id = node_id
            AND heartbeat_at >= min(:at, (SELECT max(heartbeat_at) FROM nodes)) - {_ENDS_AFTER}
        WHERE {_PEOPLE} AND state = 'connected'
    ) THEN NULL ELSE (
        SELECT max(coalesce(left_at, max(joined_at, heartbeat_at))) FROM participants
        CROSS JOIN participant_sessions ON participant_id = participants.id
        LEFT JOIN nodes ON nodes.id = node_id
        WHERE {_PEOPLE} AND abs(participants.sitting) = meetings.sitting
    ) END"""

SITTING = f"SELECT {_EMPTY_SINCE} FROM meetings WHERE room = :room"

BEGIN_SITTING = "UPDATE meetings SET sitting = sitting + 1 WHERE room = :room"

# Whether a moderator has decided about the user at some time.
MEETING_TO_JOIN = f"""
SELECT {_MEETING}, {_EMPTY_SINCE},
    EXISTS (SELECT 1 FROM removals WHERE removals.room = meetings.room AND user_id = :user_id)
        OR EXISTS (SELECT 1 FROM admissions WHERE admissions.room = meetings.room AND user_id = :user_id)
FROM meetings WHERE room = :room
"""

KNOWN = """
SELECT
    :starts_with_host AND EXISTS (
        SELECT 1 FROM participants AS one
        WHERE one.room = meetings.room AND one.state = 'connected' AND one.role IN ('host', 'cohost')
    ),
    coalesce(person.name, ''), person.role, person.role_at, coalesce(person.sitting, 0),
    :returns_to IS NOT NULL AND EXISTS (
        SELECT 1 FROM participant_sessions
        WHERE participant_id = person.id AND session_id = :returns_to AND reason = 'removed'
    ),
    back, removals.at,
    coalesce(admissions.sitting, 0), coalesce(denials, 0)
FROM meetings
LEFT JOIN participants AS person ON person.room = meetings.room AND person.user_id = :user_id
LEFT JOIN removals ON removals.room = meetings.room AND removals.user_id = :user_id
LEFT JOIN admissions ON admissions.room = meetings.room AND admissions.user_id = :user_id
WHERE meetings.room = :room
"""

INVITATION = """
SELECT role, created_at, user_id IS NOT NULL, id FROM invites
LEFT JOIN invite_uses ON invite = id AND user_id = :user_id
WHERE room = :room AND hash = :invite AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :at)
    AND (user_id IS NOT NULL AND role <> 'host' OR uses IS NULL OR used < uses)
"""

COUNT_USE = "UPDATE invites SET used = used + 1 WHERE id = :invitation"
ADD_USE = "INSERT INTO invite_uses (invite, user_id, at) VALUES (:invitation, :user_id, :at)"

GRANT = """
UPDATE participants
SET role = coalesce(:role, role), may = coalesce(:may, may), role_at = coalesce(:role_at, role_at)
WHERE room = :room AND user_id = :user_id
"""

LOWER_HAND = "UPDATE participants SET hand_at = NULL WHERE room = :room AND user_id = :user_id"
