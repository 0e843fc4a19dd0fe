-- Rows with one id that differ are kept apart, and `given` counts all rows. Guests are followed between breakout rooms by
-- name: `guessed` rows were given to somebody that way. `gone`: Zoom's lists do not reach back as far, and nothing is
-- known of the part. `roles`: who was host or panelist, by any key of theirs (`{"p_…": "host"}`).

-- This locks the tables for a moment, as in 0015.
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

-- A walk begun by the rules of the release before cannot go on by these. That release took an empty report for "nobody
-- came"; it says nothing.
UPDATE reconvene.import_walks SET state = 'dropped' WHERE state = 'walking';
UPDATE reconvene.import_parts SET state = 'unknown', reason = 'Zoom''s list was empty', agreed = 0
WHERE part LIKE 'instance/%' AND state = 'complete' AND shown IN (SELECT id FROM reconvene.import_walks WHERE rows = 0);

-- functions/imports/ends.sql has one with other arguments.
DROP FUNCTION IF EXISTS reconvene.number_rows(text, reconvene.import_row[]);

INSERT INTO reconvene.migrations (number, name) VALUES (16, '0016_rows_kept_apart');
