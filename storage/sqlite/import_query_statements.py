"""The SQL that reads imports from a SQLite database. `import_queries` and `import_people` use it."""

from __future__ import annotations

from storage.imports import INSTANCE

LATEST = """
SELECT room FROM imports CROSS JOIN meetings USING (room) ORDER BY meetings.created_at DESC, room LIMIT :limit
"""

PERSON = "SELECT person FROM import_keys WHERE room = :room AND key = :key"

# Reads from the parts, which are few, to the rows they show.
_SHOWN_STAYS = """
FROM import_parts CROSS JOIN import_stays ON walk_id = shown
CROSS JOIN import_keys ON import_keys.room = :room AND import_keys.key = import_stays.key
WHERE import_parts.room = :room AND counted
"""

_SHOWN_REGISTRANTS = """
FROM import_parts CROSS JOIN import_registrants ON walk_id = shown
CROSS JOIN import_keys ON import_keys.room = :room AND import_keys.key = import_registrants.key
WHERE import_parts.room = :room
"""

_RANK = "CASE status WHEN 'approved' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END"

STAYS = f"""
SELECT person, joined_at, session_id, max(joined_at, left_at), NOT (joined_told AND (left_told OR left_at IS NULL)),
    guest, name, name_key, email, substr(part, {len(INSTANCE) + 1}), guessed
{_SHOWN_STAYS}
"""

REGISTRANTS = f"""
SELECT person, {_RANK}, registrant_id, name, name_key, email, registered_at
{_SHOWN_REGISTRANTS}
"""

# The people's keys are looked up first, so that only their rows are read in full.
_KEYS_OF_SOME = """
    SELECT import_keys.key FROM json_each(:people) AS asked
    CROSS JOIN import_keys ON room = :room AND person = asked.value
"""

STAYS_OF_SOME = f"{STAYS} AND import_stays.key IN ({_KEYS_OF_SOME})"

REGISTRANTS_OF_SOME = f"{REGISTRANTS} AND import_registrants.key IN ({_KEYS_OF_SOME})"

ARRIVALS = f"""
SELECT person, min(joined_at) AS first {_SHOWN_STAYS}
GROUP BY person HAVING (first, person) > (:after_joined, :after_id) ORDER BY first, person LIMIT :limit
"""

# Candidates: a row of theirs has such a name, but a person's own name may come from another row.
NAMED_ALIKE = f"""
SELECT person {_SHOWN_STAYS} AND name_key IN (SELECT value FROM json_each(:names))
UNION SELECT person {_SHOWN_REGISTRANTS} AND name_key IN (SELECT value FROM json_each(:names))
"""  # noqa: S608 - put together of the parts above

_CAME = f"(person IN (SELECT person {_SHOWN_STAYS}))"

# Each person's registrations together, the best first.
NAMES_OF_REGISTRANTS = f"""
SELECT person, name {_SHOWN_REGISTRANTS} AND (:came IS NULL OR :came = {_CAME})
ORDER BY person, {_RANK}, registrant_id
"""

# Columns: person, rank of the registration (NULL: a stay), joined_at, left_at, guest, guessed

STAYS_IN_ORDER = f"""
SELECT person, NULL, joined_at, max(joined_at, left_at), guest, guessed {_SHOWN_STAYS} ORDER BY person, joined_at
"""

REGISTRANTS_IN_ORDER = f"SELECT person, {_RANK}, NULL, NULL, NULL, NULL {_SHOWN_REGISTRANTS} ORDER BY person"

UNCOUNTED = """
SELECT count(*) FROM import_parts CROSS JOIN import_stays ON walk_id = shown
WHERE import_parts.room = :room AND NOT counted
"""

ATTENDED = f"""
SELECT count(DISTINCT person), count(DISTINCT iif(left_at IS NULL, person, NULL)),
    max(max(joined_at, coalesce(left_at, joined_at)))
{_SHOWN_STAYS}
"""
