-- Rows that share all that tells a stay from others are kept apart where they differ, and `given` counts them all. Who is
-- not known moves between breakout rooms by name: `guessed` rows are somebody's on that evidence. `gone`: Zoom's lists do
-- not reach back as far, and nothing is known of it. `roles`: who was host or panelist, by any key of theirs
-- (`{"p_…": "host"}`).

-- It needs the tables for itself for a moment, as in 0015.
SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.import_walks ADD COLUMN given integer NOT NULL DEFAULT 0;
ALTER TABLE reconvene.import_stays
    ADD COLUMN breakout boolean NOT NULL DEFAULT false,
    ADD COLUMN guessed boolean NOT NULL DEFAULT false;
ALTER TABLE reconvene.import_parts ADD COLUMN gone boolean NOT NULL DEFAULT false;
ALTER TABLE reconvene.imports ADD COLUMN roles jsonb NOT NULL DEFAULT '{}';
ALTER TYPE reconvene.import_row ADD ATTRIBUTE breakout boolean;
ALTER TYPE reconvene.shown_stay ADD ATTRIBUTE guessed boolean;
ALTER TYPE reconvene.shown_person ADD ATTRIBUTE guessed boolean;
UPDATE reconvene.import_walks SET given = rows;

-- A walk that was begun by the rules of the release before cannot be gone on with by these. And an empty report, which that
-- release took for nobody, says nothing.
UPDATE reconvene.import_walks SET state = 'dropped' WHERE state = 'walking';
UPDATE reconvene.import_parts SET state = 'unknown', reason = 'Zoom''s list was empty', agreed = 0
WHERE part LIKE 'instance/%' AND state = 'complete' AND shown IN (SELECT id FROM reconvene.import_walks WHERE rows = 0);

-- Another takes its place, with other arguments (functions/imports/ends.sql).
DROP FUNCTION reconvene.number_rows(text, reconvene.import_row[]);

INSERT INTO reconvene.migrations (number, name) VALUES (16, '0016_rows_kept_apart');
