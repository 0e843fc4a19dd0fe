-- Rows that share all that tells a stay from others are kept apart where they differ, and `given` counts them all. Who is
-- not known moves between breakout rooms by name: `guessed` rows are somebody's on that evidence. `gone`: Zoom's lists do
-- not reach back as far, and nothing is known of it.

ALTER TABLE import_walks ADD COLUMN given INTEGER NOT NULL DEFAULT 0;
UPDATE import_walks SET given = rows;

-- A walk that was begun by the rules of the release before cannot be gone on with by these. And an empty report, which that
-- release took for nobody, says nothing.
UPDATE import_walks SET state = 'dropped' WHERE state = 'walking';
UPDATE import_parts SET state = 'unknown', reason = 'Zoom''s list was empty', agreed = 0
WHERE part LIKE 'instance/%' AND state = 'complete' AND shown IN (SELECT id FROM import_walks WHERE rows = 0);

ALTER TABLE import_stays ADD COLUMN breakout INTEGER NOT NULL DEFAULT 0 CHECK (breakout IN (0, 1));
ALTER TABLE import_stays ADD COLUMN guessed INTEGER NOT NULL DEFAULT 0 CHECK (guessed IN (0, 1));

ALTER TABLE import_parts ADD COLUMN gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1));
