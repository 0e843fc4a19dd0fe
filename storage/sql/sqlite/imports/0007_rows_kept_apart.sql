-- Rows with one id that differ are kept apart, and `given` counts all rows. Guests are followed between breakout rooms by
-- name: `guessed` rows were given to somebody that way. `gone`: Zoom's lists do not reach back as far, and nothing is
-- known of the part. `roles`: who was host or panelist, by any key of theirs (`{"p_…": "host"}`).

ALTER TABLE import_walks ADD COLUMN given INTEGER NOT NULL DEFAULT 0;
UPDATE import_walks SET given = rows;

-- A walk begun by the rules of the release before cannot go on by these. That release took an empty report for "nobody
-- came"; it says nothing.
UPDATE import_walks SET state = 'dropped' WHERE state = 'walking';
UPDATE import_parts SET state = 'unknown', reason = 'Zoom''s list was empty', agreed = 0
WHERE part LIKE 'instance/%' AND state = 'complete' AND shown IN (SELECT id FROM import_walks WHERE rows = 0);

ALTER TABLE import_stays ADD COLUMN breakout INTEGER NOT NULL DEFAULT 0 CHECK (breakout IN (0, 1));
ALTER TABLE import_stays ADD COLUMN guessed INTEGER NOT NULL DEFAULT 0 CHECK (guessed IN (0, 1));

ALTER TABLE import_parts ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));

ALTER TABLE imports ADD COLUMN roles TEXT NOT NULL DEFAULT '{}';

-- For whoever asks the file: what is shown of an import, as `shown_stays(room)` and `shown_people(room)` tell it elsewhere.

CREATE VIEW shown_stays AS
SELECT import_parts.room, person, import_parts.part, session_id, guest, name, name_key, email, joined_at,
    max(joined_at, left_at) AS left_at, counted, NOT (joined_told AND (left_told OR left_at IS NULL)) AS estimated, guessed
FROM import_parts
CROSS JOIN import_stays ON walk_id = shown
CROSS JOIN import_keys ON import_keys.room = import_parts.room AND import_keys.key = import_stays.key;

CREATE VIEW shown_people AS
SELECT room, person, min(joined_at) AS first_joined_at, max(coalesce(left_at, joined_at)) AS last_seen_at,
    count(*) AS session_count, max(left_at IS NULL) AS is_open, min(guest) AS guest, max(guessed) AS guessed,
    -- Where stays overlap, it counts once.
    coalesce(sum(max(0, left_at - max(joined_at, coalesce(covered, joined_at)))), 0) AS total_duration,
    max(left_at) AS last_left_at,
    nullif(max(first_name), '') AS name, nullif(max(first_email), '') AS email
FROM (
    SELECT *,
        max(left_at) OVER (
            PARTITION BY room, person ORDER BY joined_at, session_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered,
        first_value(name) OVER (PARTITION BY room, person ORDER BY name = '', joined_at, session_id) AS first_name,
        first_value(email) OVER (PARTITION BY room, person ORDER BY email = '', joined_at, session_id) AS first_email
    FROM shown_stays WHERE counted
) AS stays
GROUP BY room, person;
