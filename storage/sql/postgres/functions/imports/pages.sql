-- Pages of walks. The file `holds` tells what is locked.

-- Returns how many rows were new. Of rows with one id that differ, the first keeps the id; the others get "~" and their
-- digest added until the walk is finished (`number_rows`). Equal rows count once.
CREATE OR REPLACE FUNCTION reconvene.save_rows(walk reconvene.import_walks, page reconvene.import_row[]) RETURNS integer
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    kept integer;
BEGIN
    PERFORM reconvene.unite(walk.room, array_agg(ordinality), array_agg(key))
    FROM unnest(page) WITH ORDINALITY AS page_row CROSS JOIN LATERAL unnest(page_row.keys) AS key;
    INSERT INTO reconvene.import_stays (
        walk_id, session_id, key, guest, name, name_key, email, joined_at, left_at, joined_told, left_told, counted, digest,
        breakout
    )
    SELECT
        walk.id,
        CASE WHEN coalesce(there = digest, place = 1) THEN session_id ELSE session_id || '~' || digest END,
        keys[1], guest, name, name_key, email, joined_at, left_at, joined_told, left_told, counted, digest,
        coalesce(breakout, false)
    FROM (
        SELECT
            differing.*,
            row_number() OVER (PARTITION BY session_id COLLATE "C" ORDER BY digest) AS place,
            (
                SELECT stays.digest FROM reconvene.import_stays AS stays
                WHERE stays.walk_id = walk.id AND stays.session_id = differing.session_id
            ) AS there
        FROM (
            SELECT DISTINCT ON (session_id COLLATE "C", digest) page_row.*
            FROM unnest(page) AS page_row
            ORDER BY session_id COLLATE "C", digest
        ) AS differing
    ) AS placed
    ON CONFLICT (walk_id, session_id) DO NOTHING;
    GET DIAGNOSTICS kept = ROW_COUNT;
    RETURN kept;
END $$;

CREATE OR REPLACE FUNCTION reconvene.save_registrants(walk reconvene.import_walks, page reconvene.import_registrant[])
RETURNS integer LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    known_already integer;
    kept integer;
BEGIN
    PERFORM reconvene.unite(walk.room, array_agg(ordinality), array_agg(key))
    FROM unnest(page) WITH ORDINALITY AS page_row CROSS JOIN LATERAL unnest(page_row.keys) AS key;
    SELECT count(DISTINCT (
        SELECT registrant_id FROM reconvene.import_registrants
        WHERE walk_id = walk.id AND registrant_id = page_row.registrant_id
    )) INTO known_already
    FROM unnest(page) AS page_row;
    INSERT INTO reconvene.import_registrants AS known (
        walk_id, registrant_id, key, name, name_key, email, status, registered_at, digest
    )
    SELECT DISTINCT ON (registrant_id COLLATE "C")
        walk.id, registrant_id, keys[1], name, name_key, email, status, registered_at, digest
    FROM unnest(page) WITH ORDINALITY AS page_row
    ORDER BY registrant_id COLLATE "C", ordinality DESC
    ON CONFLICT (walk_id, registrant_id) DO UPDATE
    SET key = excluded.key,
        name = excluded.name,
        name_key = excluded.name_key,
        email = excluded.email,
        status = excluded.status,
        registered_at = excluded.registered_at,
        digest = excluded.digest;
    GET DIAGNOSTICS kept = ROW_COUNT;
    RETURN kept - known_already;
END $$;

CREATE OR REPLACE FUNCTION reconvene.save_page(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
    number integer := (call ->> 'number')::integer;
    at double precision := (call ->> 'at')::double precision;
    page reconvene.import_row[];
    registered reconvene.import_registrant[];
    added integer := 0;
BEGIN
    IF (walk.state = 'walking' AND walk.owner = call ->> 'owner') IS NOT TRUE THEN
        RETURN '{"refused": "walk_lost"}';
    END IF;
    -- The page is there already, or its sender does not know how far the walk is.
    IF number <> walk.pages + 1 THEN
        RETURN json_build_object('value', row_to_json(walk));
    END IF;
    page := ARRAY(SELECT one FROM jsonb_populate_recordset(NULL::reconvene.import_row, call -> 'rows') AS one);
    registered := ARRAY(
        SELECT one FROM jsonb_populate_recordset(NULL::reconvene.import_registrant, call -> 'registrants') AS one
    );
    IF cardinality(page) > 0 THEN
        added := added + reconvene.save_rows(walk, page);
    END IF;
    IF cardinality(registered) > 0 THEN
        added := added + reconvene.save_registrants(walk, registered);
    END IF;
    UPDATE reconvene.import_walks
    SET cursor = call ->> 'cursor',
        pages = number,
        rows = walk.rows + added,
        given = walk.given + cardinality(page) + cardinality(registered),
        total = coalesce((call ->> 'total')::integer, total),
        source = CASE WHEN number = 1 THEN call ->> 'source' ELSE source END,
        why = CASE WHEN number = 1 THEN call ->> 'why' ELSE why END,
        lease_until = greatest(lease_until, at + (call ->> 'lease')::double precision),
        touched_at = greatest(touched_at, at)
    WHERE id = walk.id
    RETURNING * INTO walk;
    RETURN json_build_object('value', row_to_json(walk));
END $$;
