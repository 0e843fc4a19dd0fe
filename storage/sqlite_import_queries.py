"""The SQL by which a SQLite database tells of imports. What it is for, `sqlite_import_reading` says."""

from __future__ import annotations

from storage.imports import INSTANCE

LATEST = """
SELECT room FROM imports CROSS JOIN meetings USING (room) ORDER BY meetings.created_at DESC, room LIMIT :limit
"""

PERSON = "SELECT person FROM import_keys WHERE room = :room AND key = :key"

# From the parts, of which there are few, to the rows they show.
_SHOWN_STAYS = """
FROM import_parts CROSS JOIN import_stays ON walk_id = shown
CROSS JOIN import_keys ON import_keys.room = :room AND import_keys.key = import_stays.key
WHERE import_parts.room = :room AND counted
"""

STAYS = f"""
SELECT person, joined_at, session_id, max(joined_at, left_at), NOT (joined_told AND left_told),
    guest, name, name_key, email, substr(part, {len(INSTANCE) + 1})
{_SHOWN_STAYS}
"""

REGISTRANTS = """
SELECT person, CASE status WHEN 'approved' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END, registrant_id,
    name, name_key, email, registered_at
FROM import_parts CROSS JOIN import_registrants ON walk_id = shown
CROSS JOIN import_keys ON import_keys.room = :room AND import_keys.key = import_registrants.key
WHERE import_parts.room = :room
"""

# person, rank of the registration (NULL: a stay), joined_at, left_at, guest

STAYS_IN_ORDER = f"""
SELECT person, NULL, joined_at, max(joined_at, left_at), guest {_SHOWN_STAYS} ORDER BY person, joined_at
"""

REGISTRANTS_IN_ORDER = """
SELECT person, CASE status WHEN 'approved' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END, NULL, NULL, NULL
FROM import_parts CROSS JOIN import_registrants ON walk_id = shown
CROSS JOIN import_keys ON import_keys.room = :room AND import_keys.key = import_registrants.key
WHERE import_parts.room = :room
ORDER BY person
"""

UNCOUNTED = """
SELECT count(*) FROM import_parts CROSS JOIN import_stays ON walk_id = shown
WHERE import_parts.room = :room AND NOT counted
"""

ATTENDED = f"""
SELECT count(DISTINCT person), count(DISTINCT iif(left_at IS NULL, person, NULL)),
    max(max(joined_at, coalesce(left_at, joined_at)))
{_SHOWN_STAYS}
"""
