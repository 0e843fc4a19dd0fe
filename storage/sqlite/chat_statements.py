"""The SQL of the chat in SQLite."""

MESSAGE = """
SELECT m.id, m.user_id, m.to_user, m.reply_to, m.text, m.at, m.edited_at, m.deleted_at,
    coalesce(author.id, ''), coalesce(author.name, ''), addressee.id, deleter.id
FROM messages AS m
LEFT JOIN participants AS author ON author.room = m.room AND author.user_id = m.user_id
LEFT JOIN participants AS addressee ON addressee.room = m.room AND addressee.user_id = m.to_user
LEFT JOIN participants AS deleter ON deleter.room = m.room AND deleter.user_id = m.deleted_by
WHERE m.room = :room AND m.id = :id
"""

ID_OF_KEY = "SELECT id FROM messages WHERE room = :room AND user_id = :user_id AND key = :key"

SAY = """
INSERT INTO messages (room, id, user_id, key, to_user, reply_to, text, at)
VALUES (:room, :id, :user_id, :key, :to_user, :reply_to, :text, :at)
ON CONFLICT DO NOTHING
"""

EDIT = "UPDATE messages SET text = :text, edited_at = :at WHERE room = :room AND id = :id"

DELETE = """
UPDATE messages SET text = '', deleted_at = :at, deleted_by = :user_id WHERE room = :room AND id = :id
"""

ERASE = """
UPDATE messages SET text = '', deleted_at = :at, deleted_by = :by
WHERE room = :room AND user_id = :author AND deleted_at IS NULL
"""

ERASED = """
SELECT id, at FROM messages WHERE room = :room AND user_id = :author AND deleted_at = :at AND deleted_by = :by
"""

PARTICIPANT = "SELECT id FROM participants WHERE room = :room AND user_id = :by"

PLACE = "SELECT at FROM messages WHERE room = :room AND id = :before"

# Each is looked up by itself: the joins would make SQLite sort all that there is.
PAGE = """
SELECT id FROM messages
WHERE room = :room AND (at, id) < (:until, :before) AND at >= :since
    AND (to_user IS NULL OR user_id = :user_id OR to_user = :user_id OR (to_user = '' AND :in_charge))
ORDER BY at DESC, id DESC
LIMIT :limit
"""

PAGE_AFTER = """
SELECT id FROM messages
WHERE room = :room AND (at, id) > (:at, :id) AND at >= :since
    AND (to_user IS NULL OR user_id = :user_id OR to_user = :user_id OR (to_user = '' AND :in_charge))
ORDER BY at, id
LIMIT :limit
"""

# One room after another, however many messages each has.
FORGET = """
DELETE FROM messages WHERE room IN (
    WITH RECURSIVE rooms (room) AS (
        SELECT min(room) FROM messages
        UNION ALL
        SELECT (SELECT min(next.room) FROM messages AS next WHERE next.room > rooms.room)
        FROM rooms WHERE rooms.room IS NOT NULL
    )
    SELECT meetings.room FROM rooms JOIN meetings ON meetings.room = rooms.room
    WHERE coalesce(json_extract(settings, '$.chat_keep'), '') <> 'record'
        AND NOT EXISTS (
            SELECT 1 FROM participants
            WHERE participants.room = meetings.room AND (
                state = 'connected'
                OR last_seen_at >= iif(json_extract(settings, '$.chat_keep') = 'no', :unkept_before, :kept_before)
            )
        )
)
RETURNING room
"""
