"""The SQL of changes, invites and the audit. `moderation` uses it."""

from __future__ import annotations

from storage.sqlite.rows import PARTICIPANT as _PARTICIPANT

PEOPLE = f"""
SELECT {_PARTICIPANT} FROM participants WHERE room = :room AND (
    id IN (SELECT value FROM json_each(:ids)) OR user_id IN (SELECT value FROM json_each(:users))
)
"""  # noqa: S608 - put together of the parts above

DONE = 'SELECT at FROM changes WHERE room = :room AND user_id = :by AND "key" = :key'

KEEP_KEY = 'INSERT INTO changes (room, user_id, "key", at) VALUES (:room, :by, :key, :at)'

SET = "UPDATE meetings SET settings = :settings, revision = revision + 1 WHERE room = :room"

HAND_OVER = "UPDATE meetings SET host_user_id = :user_id WHERE room = :room"

# A token may claim role and rights since a moment in the future. The change that follows is newer than that, too.
SET_ROLE = """
UPDATE participants SET role = :role, role_at = max(:at, coalesce(role_at, :at))
WHERE room = :room AND user_id = :user_id
"""

SET_MAY = """
UPDATE participants SET may = :may, role_at = max(:at, coalesce(role_at, :at))
WHERE room = :room AND user_id = :user_id
"""

NAME = "SELECT name FROM participants WHERE room = :room AND user_id = :user_id"

RENAME = "UPDATE participants SET name = :name WHERE room = :room AND user_id = :user_id"

SET_HAND = "UPDATE participants SET hand_at = :hand_at WHERE room = :room AND user_id = :user_id"

REMOVE = """
INSERT INTO removals (room, user_id, back, at, "by") VALUES (:room, :user_id, :back, :at, :by)
ON CONFLICT (room, user_id) DO UPDATE SET back = excluded.back, at = excluded.at, "by" = excluded."by"
"""

FORGET_REMOVAL = "DELETE FROM removals WHERE room = :room AND user_id = :user_id"

# They were in this sitting, which ends as it would with them, and have no place in it.
PUT_OUT = """
UPDATE participants
SET role = 'participant', role_at = max(:at, coalesce(role_at, :at)), hand_at = NULL, sitting = -abs(sitting)
WHERE room = :room AND user_id = :user_id
"""

CANCEL_ADMISSION = "UPDATE admissions SET sitting = 0 WHERE room = :room AND user_id = :user_id"

# The last stay, if it was lost a moment ago: nobody may come back to it.
CLOSE_LOST_STAY = """
UPDATE participant_sessions AS last SET reason = 'removed'
WHERE participant_id = (SELECT id FROM participants WHERE room = :room AND user_id = :user_id)
    AND reason = 'lost' AND left_at > :lost_after
    AND NOT EXISTS (
        SELECT 1 FROM participant_sessions AS other
        WHERE other.participant_id = last.participant_id AND other.session_id <> last.session_id
            AND (
                other.left_at IS NULL
                OR (other.left_at, other.joined_at, other.session_id) > (last.left_at, last.joined_at, last.session_id)
            )
    )
"""

CLOSE_OPEN_STAY = """
UPDATE participant_sessions
SET left_at = iif(
        :node IN (node_id, ''),
        max(joined_at, :at),
        max(
            joined_at,
            coalesce(json_extract(reconnects, '$[#-1]'), joined_at),
            (SELECT heartbeat_at FROM nodes WHERE id = node_id)
        )
    ),
    reason = 'removed', estimated = :node NOT IN (node_id, '')
WHERE participant_id = (SELECT id FROM participants WHERE room = :room AND user_id = :user_id)
    AND left_at IS NULL
"""

FORGET_DENIALS = "UPDATE admissions SET denials = 0 WHERE room = :room AND user_id = :user_id"

ADMIT = """
INSERT INTO admissions (room, user_id, sitting, at, "by") VALUES (:room, :user_id, :sitting, :at, :by)
ON CONFLICT (room, user_id) DO UPDATE SET sitting = excluded.sitting, at = excluded.at, "by" = excluded."by"
"""

CANCEL_KNOCK = "DELETE FROM removals WHERE room = :room AND user_id = :user_id AND back = 'knock'"

DENY = """
INSERT INTO admissions (room, user_id, denials, at, "by") VALUES (:room, :user_id, 1, :at, :by)
ON CONFLICT (room, user_id) DO UPDATE
SET sitting = 0, denials = denials + 1, at = excluded.at, "by" = excluded."by"
"""

REMOVALS = """
SELECT removals.user_id, back, at, "by", name FROM removals LEFT JOIN participants USING (room, user_id)
WHERE room = :room ORDER BY removals.user_id
"""

ADMISSIONS = """
SELECT admissions.user_id, at, "by", name FROM admissions LEFT JOIN participants USING (room, user_id)
WHERE room = :room AND admissions.sitting = :sitting ORDER BY admissions.user_id
"""

DENIALS = """
SELECT admissions.user_id, denials, at, "by", name FROM admissions LEFT JOIN participants USING (room, user_id)
WHERE room = :room AND denials > 0 ORDER BY admissions.user_id
"""

INVITES = """
SELECT id, role, uses, used, expires_at, revoked_at, created_at, "by" FROM invites
WHERE room = :room ORDER BY created_at, id
"""

INVITE = """
SELECT id, role, uses, used, expires_at, revoked_at, created_at, "by" FROM invites
WHERE room = :room AND id = :id
"""

COUNT_INVITES = "SELECT count(*) FROM invites WHERE room = :room"

MAKE_INVITE = """
INSERT INTO invites (id, room, hash, role, uses, expires_at, created_at, "by")
VALUES (:id, :room, :hash, :role, :uses, :expires_at, :at, :by)
"""

REVOKE_INVITE = "UPDATE invites SET revoked_at = :at WHERE room = :room AND id = :id AND revoked_at IS NULL"

AUDIT = """
SELECT n, at, "by", action, whom, detail FROM audit
WHERE room = :room AND n < :before ORDER BY n DESC LIMIT :limit
"""
