-- Walks: begun, held, left, given up, swept. The file `holds` tells what is locked.

CREATE OR REPLACE FUNCTION reconvene.begin_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks;
    at double precision := (call ->> 'at')::double precision;
    leased double precision := at + (call ->> 'lease')::double precision;
BEGIN
    -- Checked before anything is made.
    IF EXISTS (
        SELECT 1 FROM reconvene.import_walks
        WHERE id = call ->> 'walk_id' AND (room, part) <> (call ->> 'room', call ->> 'part')
    ) THEN
        RETURN '{"refused": "walk_lost"}';
    END IF;
    IF NOT reconvene.hold_import(call) THEN
        RETURN '{"refused": "meeting_exists"}';
    END IF;
    SELECT * INTO walk FROM reconvene.import_walks WHERE id = call ->> 'walk_id';
    IF FOUND AND (walk.owner <> call ->> 'owner' OR walk.state <> 'walking') THEN
        RETURN '{"refused": "walk_lost"}';
    END IF;
    UPDATE reconvene.meetings SET title = call ->> 'title' WHERE room = call ->> 'room' AND title <> call ->> 'title';
    IF jsonb_typeof(call -> 'roles') = 'object' THEN
        UPDATE reconvene.imports SET roles = call -> 'roles' WHERE room = call ->> 'room' AND roles <> call -> 'roles';
    END IF;
    PERFORM reconvene.make_part(call);
    PERFORM reconvene.date_import(call ->> 'room');
    INSERT INTO reconvene.import_walks AS known (id, room, part, state, owner, lease_until, begun_at, touched_at)
    VALUES (call ->> 'walk_id', call ->> 'room', call ->> 'part', 'walking', call ->> 'owner', leased, at, at)
    ON CONFLICT (id) DO UPDATE
        SET lease_until = greatest(known.lease_until, leased), touched_at = greatest(known.touched_at, at)
    RETURNING * INTO walk;
    RETURN json_build_object('value', row_to_json(walk));
END $$;

CREATE OR REPLACE FUNCTION reconvene.take_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
    at double precision := (call ->> 'at')::double precision;
BEGIN
    UPDATE reconvene.import_walks
    SET owner = call ->> 'owner',
        lease_until = at + (call ->> 'lease')::double precision,
        touched_at = greatest(touched_at, at)
    WHERE id = walk.id AND state = 'walking' AND (owner = call ->> 'owner' OR lease_until <= at)
    RETURNING * INTO walk;
    RETURN json_build_object('value', CASE WHEN FOUND THEN row_to_json(walk) END);
END $$;

CREATE OR REPLACE FUNCTION reconvene.renew_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
    at double precision := (call ->> 'at')::double precision;
BEGIN
    UPDATE reconvene.import_walks
    SET lease_until = greatest(lease_until, at + (call ->> 'lease')::double precision),
        touched_at = greatest(touched_at, at)
    WHERE id = walk.id AND state = 'walking' AND owner = call ->> 'owner';
    RETURN CASE WHEN FOUND THEN '{"value": null}' ELSE '{"refused": "walk_lost"}' END;
END $$;

CREATE OR REPLACE FUNCTION reconvene.release_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
BEGIN
    UPDATE reconvene.import_walks SET lease_until = least(lease_until, (call ->> 'at')::double precision)
    WHERE id = walk.id AND state = 'walking' AND owner = call ->> 'owner';
    RETURN '{"value": null}';
END $$;

CREATE OR REPLACE FUNCTION reconvene.drop_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
BEGIN
    UPDATE reconvene.import_walks SET state = 'dropped'
    WHERE id = walk.id AND state = 'walking' AND owner = call ->> 'owner';
    RETURN '{"value": null}';
END $$;

CREATE OR REPLACE FUNCTION reconvene.sweep_walks(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    most integer := (call ->> 'limit')::integer;
    swept text[];
    stays integer;
    registrants integer;
BEGIN
    PERFORM 1 FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
    UPDATE reconvene.import_walks SET state = 'dropped'
    WHERE room = call ->> 'room' AND state = 'walking' AND touched_at <= (call ->> 'at')::double precision - 86400;
    swept := ARRAY(SELECT id FROM reconvene.import_walks WHERE room = call ->> 'room' AND state = 'dropped');
    DELETE FROM reconvene.import_stays
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM reconvene.import_stays WHERE walk_id = ANY (swept) LIMIT most));
    GET DIAGNOSTICS stays = ROW_COUNT;
    DELETE FROM reconvene.import_registrants
    WHERE ctid = ANY (
        ARRAY(SELECT ctid FROM reconvene.import_registrants WHERE walk_id = ANY (swept) LIMIT most - stays)
    );
    GET DIAGNOSTICS registrants = ROW_COUNT;
    -- The row of the walk that was finished last stays, so that a second call to finish it is answered.
    DELETE FROM reconvene.import_walks
    WHERE id = ANY (swept)
        AND NOT EXISTS (SELECT 1 FROM reconvene.import_stays WHERE walk_id = import_walks.id)
        AND NOT EXISTS (SELECT 1 FROM reconvene.import_registrants WHERE walk_id = import_walks.id)
        AND NOT EXISTS (SELECT 1 FROM reconvene.import_parts WHERE last_walk = import_walks.id);
    RETURN json_build_object('value', stays + registrants);
END $$;
