"""The SQL of the calls for imports to a SQLite database. `import_runs`, `import_page`, `import_parts` and
`import_live` use it."""

from __future__ import annotations

IMPORT = """
SELECT room, kind, external_id, title, host_user_id, imports.created_at, due_at, due_attempt
FROM imports JOIN meetings USING (room) WHERE room = :room
"""

# Registrants first.
PARTS = """
SELECT import_parts.part, starts_at,
    coalesce(ended_at, iif(import_parts.state = 'live', NULL, last_at)) AS ended,
    iif(gone, 'too_old', import_parts.state), import_parts.source, import_parts.why, reason, coalesce(rows, 0),
    total, agreed, checked_at, coalesce(iif(import_parts.state = 'live', rows, given), 0)
FROM import_parts LEFT JOIN import_walks ON id = shown
WHERE import_parts.room = :room
ORDER BY import_parts.part NOT GLOB 'registrants/*',
    iif(import_parts.part GLOB 'registrants/*', 0, coalesce(starts_at, 9e999)), import_parts.part
"""

_WALK = "id, part, owner, source, why, cursor, pages, rows, total, begun_at, touched_at, lease_until, given"

WALKING = f"""
SELECT {_WALK} FROM import_walks WHERE room = :room AND state = 'walking' ORDER BY begun_at DESC, id
"""  # noqa: S608 - put together of the parts above

MAKE_MEETING = """
INSERT INTO meetings (room, title, host_user_id, created_at, ended_at)
VALUES (:room, :title, :host_user_id, :begins_at, :begins_at)
ON CONFLICT DO NOTHING
"""

MAKE_IMPORT = """
INSERT INTO imports (room, kind, external_id, created_at) VALUES (:room, :kind, :external_id, :at)
"""

SET_ROLES = "UPDATE imports SET roles = :roles WHERE room = :room AND roles <> :roles"

# Of two roles the higher one, which is first in the alphabet.
ROLES = """
SELECT person, min(held.value) FROM imports CROSS JOIN json_each(roles) AS held
CROSS JOIN import_keys ON import_keys.room = imports.room AND import_keys.key = held.key
WHERE imports.room = :room GROUP BY person
"""

SET_TITLE = "UPDATE meetings SET title = :title WHERE room = :room AND title <> :title"

MAKE_PART = """
INSERT INTO import_parts (room, part, starts_at) VALUES (:room, :part, :starts_at)
ON CONFLICT DO UPDATE SET starts_at = min(coalesce(starts_at, excluded.starts_at), excluded.starts_at)
WHERE excluded.starts_at IS NOT NULL
"""

PART = "SELECT shown, state, source, ended_at, gone FROM import_parts WHERE room = :room AND part = :part"

TIMES = """
SELECT min(coalesce(starts_at, first_at)), max(starts_at), max(ended_at), max(last_at)
FROM import_parts LEFT JOIN import_walks ON id = shown WHERE import_parts.room = :room
"""

IMPORTED_AT = "SELECT created_at FROM imports WHERE room = :room"

SET_TIMES = """
UPDATE meetings SET created_at = :first, ended_at = :last
WHERE room = :room AND (created_at <> :first OR ended_at IS NOT :last)
"""

BEGIN_WALK = """
INSERT INTO import_walks (id, room, part, state, owner, lease_until, begun_at, touched_at)
VALUES (:walk_id, :room, :part, 'walking', :owner, :at + :lease, :at, :at)
ON CONFLICT DO NOTHING
"""

WALK = f"SELECT {_WALK} FROM import_walks WHERE id = :walk_id"  # noqa: S608 - put together of the parts above

# Only the owner renews a walk.
RENEW_WALK = """
UPDATE import_walks SET lease_until = max(lease_until, :at + :lease), touched_at = max(touched_at, :at)
WHERE id = :walk_id AND owner = :owner AND state = 'walking'
"""

TAKE_WALK = """
UPDATE import_walks SET owner = :owner, lease_until = :at + :lease, touched_at = max(touched_at, :at)
WHERE id = :walk_id AND state = 'walking' AND (owner = :owner OR lease_until <= :at)
"""

RELEASE_WALK = """
UPDATE import_walks SET lease_until = min(lease_until, :at)
WHERE id = :walk_id AND owner = :owner AND state = 'walking'
"""

DROP_WALK = """
UPDATE import_walks SET state = 'dropped' WHERE id = :walk_id AND owner = :owner AND state = 'walking'
"""

WALK_STATE = (
    "SELECT room, part, owner, state, pages, rows, source, why, finish FROM import_walks WHERE id = :walk_id"
)

KEPT_PAGE = """
UPDATE import_walks
SET cursor = :cursor, pages = :number, rows = rows + :added, given = given + :given,
    total = coalesce(:total, total),
    source = iif(:number = 1, :source, source), why = iif(:number = 1, :why, why),
    lease_until = max(lease_until, :at + :lease), touched_at = max(touched_at, :at)
WHERE id = :walk_id
"""

# The planner does not know how many rows a virtual table has: CROSS JOIN fixes the order.
KNOWN_KEYS = """
SELECT import_keys.key, person
FROM json_each(:keys) AS asked CROSS JOIN import_keys ON room = :room AND import_keys.key = asked.value
"""

ADD_KEY = "INSERT INTO import_keys (room, key, person) VALUES (?, ?, ?)"

UNITE = "UPDATE import_keys SET person = ? WHERE room = ? AND person = ?"

KNOWN_REGISTRANTS = """
SELECT count(*) FROM json_each(:ids) AS asked CROSS JOIN import_registrants ON registrant_id = asked.value
WHERE walk_id = :walk_id
"""

# The digests of a walk's stays, by their ids.
KNOWN_STAYS = """
SELECT session_id, digest FROM json_each(:ids) AS asked CROSS JOIN import_stays ON session_id = asked.value
WHERE walk_id = :walk_id
"""

SAVE_STAY = """
INSERT OR REPLACE INTO import_stays (
    walk_id, session_id, key, guest, name, name_key, email, joined_at, left_at, joined_told, left_told, counted, digest,
    breakout
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# Stays whose id has "~" and their digest added, as another stay has the same id.
STAYS_APART = """
SELECT session_id, joined_at, coalesce(left_at, 9e999), digest FROM import_stays
WHERE walk_id = :walk_id AND instr(session_id, '~')
"""

STAYS_OF_IDS = """
SELECT session_id, joined_at, coalesce(left_at, 9e999), digest
FROM json_each(:ids) AS asked CROSS JOIN import_stays ON session_id = asked.value WHERE walk_id = :walk_id
"""

RENAME_STAY = "UPDATE import_stays SET session_id = ? WHERE walk_id = ? AND session_id = ?"

HOP_ROWS = """
SELECT name_key, joined_at, left_at, session_id, import_stays.key, breakout, iif(guest, NULL, person)
FROM import_stays CROSS JOIN import_keys ON room = :room AND import_keys.key = import_stays.key
WHERE walk_id = :walk_id AND counted AND left_at IS NOT NULL AND name_key IN (
    SELECT name_key FROM import_stays WHERE walk_id = :walk_id AND counted AND breakout AND name_key <> ''
)
"""

GUESS_KEY = "UPDATE import_stays SET key = ?, guessed = 1 WHERE walk_id = ? AND session_id = ?"

HOLDS_ALL = """
SELECT NOT EXISTS (
    SELECT 1 FROM import_stays AS had CROSS JOIN import_keys AS whose ON whose.room = :room AND whose.key = had.key
    WHERE had.walk_id = :shown AND NOT EXISTS (
        SELECT 1 FROM import_stays AS has
        CROSS JOIN import_keys AS theirs ON theirs.room = :room AND theirs.key = has.key
        WHERE has.walk_id = :walk_id AND has.session_id = had.session_id
            -- A guessed person is not compared: the new walk's guests have not been followed yet.
            AND (had.guessed OR theirs.person = whose.person)
    )
) AND NOT EXISTS (
    SELECT registrant_id FROM import_registrants WHERE walk_id = :shown
    EXCEPT SELECT registrant_id FROM import_registrants WHERE walk_id = :walk_id
)
"""

SAVE_REGISTRANT = """
INSERT OR REPLACE INTO import_registrants (
    walk_id, registrant_id, key, name, name_key, email, status, registered_at, digest
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

ROWS_OF_WALK = """
SELECT
    coalesce((SELECT sum(digest) FROM import_registrants WHERE walk_id = :walk_id), 0) + coalesce(sum(digest), 0),
    min(iif(counted, joined_at, NULL)),
    max(iif(counted, max(joined_at, coalesce(left_at, joined_at)), NULL))
FROM import_stays WHERE walk_id = :walk_id
"""

SHOWN_ROWS = "SELECT rows, digests FROM import_walks WHERE id = :shown"

FINISH_WALK = """
UPDATE import_walks
SET state = :walk_state, finish = :finish, source = :source, why = :why, touched_at = max(touched_at, :at),
    digests = :digests, first_at = :first_at, last_at = :last_at
WHERE id = :walk_id
"""

REPLACE_WALK = (
    "UPDATE import_walks SET state = 'dropped', touched_at = max(touched_at, :at) WHERE id = :shown"
)

SHOW_WALK = """
UPDATE import_parts
SET shown = :walk_id, state = :state, gone = :gone, source = :source, why = :why, reason = :reason, agreed = 0,
    checked_at = :at, last_walk = :walk_id,
    -- An instance without a date begins with the first who came.
    starts_at = coalesce(starts_at, :first_at)
WHERE room = :room AND part = :part
"""

CHECK_PART = """
UPDATE import_parts
SET reason = :reason, agreed = iif(:same, agreed + 1, 0), checked_at = :at, last_walk = :walk_id
WHERE room = :room AND part = :part
"""

LEAVE_OLD_WALKS = """
UPDATE import_walks SET state = 'dropped' WHERE room = :room AND state = 'walking' AND touched_at <= :left_before
"""

SWEPT_WALKS = "SELECT id FROM import_walks WHERE room = :room AND state = 'dropped'"

SWEEP_STAYS = """
DELETE FROM import_stays WHERE walk_id = :walk_id
    AND session_id IN (SELECT session_id FROM import_stays WHERE walk_id = :walk_id LIMIT :limit)
"""

SWEEP_REGISTRANTS = """
DELETE FROM import_registrants WHERE walk_id = :walk_id
    AND registrant_id IN (SELECT registrant_id FROM import_registrants WHERE walk_id = :walk_id LIMIT :limit)
"""

# The row of the last finished walk stays, so that a repeated call to finish it gets its answer.
SWEEP_WALK = """
DELETE FROM import_walks WHERE id = :walk_id
    AND NOT EXISTS (SELECT 1 FROM import_stays WHERE walk_id = :walk_id)
    AND NOT EXISTS (SELECT 1 FROM import_registrants WHERE walk_id = :walk_id)
    AND NOT EXISTS (SELECT 1 FROM import_parts WHERE last_walk = :walk_id)
"""

MAKE_LIVE_WALK = """
INSERT INTO import_walks (id, room, part, state, owner, lease_until, begun_at, touched_at)
VALUES (:walk_id, :room, :part, 'live', '', :at, :at, :at)
ON CONFLICT DO NOTHING
"""

SHOW_LIVE = """
UPDATE import_parts SET shown = :walk_id, state = 'live' WHERE room = :room AND part = :part AND state = 'unread'
"""

LIVE_STAY = """
SELECT key, guest, name, name_key, email, joined_at, left_at, joined_told, left_told
FROM import_stays WHERE walk_id = :walk_id AND session_id = :session_id
"""

HEARD_LIVE = """
UPDATE import_walks
SET rows = rows + :added, touched_at = max(touched_at, :at),
    first_at = min(coalesce(first_at, :first_at), :first_at), last_at = max(coalesce(last_at, :last_at), :last_at)
WHERE id = :walk_id
"""

END_PART = """
UPDATE import_parts SET ended_at = max(coalesce(ended_at, :ended_at), :ended_at) WHERE room = :room AND part = :part
RETURNING shown, state, ended_at
"""

END_OPEN_LIVE_STAYS = """
UPDATE import_stays SET left_at = :ended_at, left_told = 0 WHERE walk_id = :walk_id AND left_at IS NULL
"""

MOVE_GUESSED_ENDS = """
UPDATE import_stays SET left_at = :ended_at WHERE walk_id = :walk_id AND left_told = 0 AND left_at < :ended_at
"""

SCHEDULE = "UPDATE imports SET due_at = :due_at, due_attempt = :attempt WHERE room = :room"

HASTEN = """
UPDATE imports SET due_at = min(coalesce(due_at, :due_at), :due_at), due_attempt = 1 WHERE room = :room
"""

DUE = """
SELECT room FROM imports WHERE due_at <= :now ORDER BY due_at, room LIMIT :limit
"""

DUE_AGAIN = "UPDATE imports SET due_at = :again_at WHERE room = :room"
