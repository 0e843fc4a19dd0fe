-- What calls for imports begin with: the import, its part and its walk, locked.
--
-- Every call that writes to an import locks its meeting's row first, and no other meeting's. So no other write and no
-- deletion gets in between, and the rows of the import may be locked in any order. (Only claim_due_imports does without,
-- as it waits for nobody.) Plans are made once, perhaps while tables are empty, so every row is looked up by an index.

-- Locks the meeting's row. Makes meeting and import where they are missing. False: the meeting is no import.
CREATE OR REPLACE FUNCTION reconvene.hold_import(call jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        PERFORM 1 FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO reconvene.meetings (room, title, host_user_id, created_at, ended_at)
        SELECT call ->> 'room', call ->> 'title', call ->> 'host_user_id', at, at
        FROM (VALUES ((call ->> 'at')::double precision)) AS moment (at)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            INSERT INTO reconvene.imports (room, kind, external_id, created_at)
            VALUES (call ->> 'room', call ->> 'kind', call ->> 'external_id', (call ->> 'at')::double precision);
            RETURN true;
        END IF;
    END LOOP;
    RETURN EXISTS (SELECT 1 FROM reconvene.imports WHERE room = call ->> 'room');
END $$;

-- The walk as it is once its meeting's row is locked. Its id is NULL if there is none.
CREATE OR REPLACE FUNCTION reconvene.hold_walk(walk_id text) RETURNS reconvene.import_walks LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks;
BEGIN
    PERFORM 1 FROM reconvene.meetings
    WHERE room = (SELECT room FROM reconvene.import_walks WHERE id = walk_id)
    FOR NO KEY UPDATE;
    SELECT * INTO walk FROM reconvene.import_walks WHERE id = walk_id;
    RETURN walk;
END $$;

CREATE OR REPLACE FUNCTION reconvene.make_part(call jsonb) RETURNS reconvene.import_parts LANGUAGE plpgsql AS $$
DECLARE
    part reconvene.import_parts;
BEGIN
    INSERT INTO reconvene.import_parts AS known (room, part, starts_at)
    VALUES (call ->> 'room', call ->> 'part', (call ->> 'starts_at')::double precision)
    ON CONFLICT ON CONSTRAINT import_parts_pkey
        DO UPDATE SET starts_at = least(known.starts_at, excluded.starts_at)
    RETURNING * INTO part;
    RETURN part;
END $$;

-- A meeting began and ended when its parts did, as far as that is known.
CREATE OR REPLACE FUNCTION reconvene.date_import(which text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reconvene.meetings
    SET created_at = known.first, ended_at = greatest(known.first, known.last)
    FROM (
        SELECT
            coalesce(min(coalesce(starts_at, first_at)), min(imports.created_at)) AS first,
            coalesce(max(greatest(ended_at, last_at, starts_at)), min(imports.created_at)) AS last
        FROM reconvene.imports
        LEFT JOIN reconvene.import_parts AS parts ON parts.room = imports.room
        LEFT JOIN reconvene.import_walks AS walks ON walks.id = parts.shown
        WHERE imports.room = which
    ) AS known
    WHERE meetings.room = which
        AND (meetings.created_at <> known.first OR meetings.ended_at <> greatest(known.first, known.last));
END $$;
