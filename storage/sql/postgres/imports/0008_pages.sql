-- Pages of walks, and what walks come to. See 0007 for the locks.

CREATE TYPE reconvene.import_row AS (
    session_id text,
    keys text[],
    guest boolean,
    name text,
    name_key text,
    email text,
    joined_at double precision,
    left_at double precision,
    joined_told boolean,
    left_told boolean,
    counted boolean,
    numbered boolean,
    digest bigint
);

CREATE TYPE reconvene.import_registrant AS (
    registrant_id text,
    keys text[],
    name text,
    name_key text,
    email text,
    status text,
    registered_at double precision,
    digest bigint
);

-- Rows that are numbered have the number in their ids from now on: they are counted on from those the walk has ("$" comes
-- after "#").
CREATE FUNCTION reconvene.number_rows(walk text, page reconvene.import_row[]) RETURNS reconvene.import_row[]
LANGUAGE sql AS $$
    SELECT array_agg(
        (
            session_id || CASE WHEN numbered AND place > 1 THEN '#' || place ELSE '' END,
            keys, guest, name, name_key, email, joined_at, left_at, joined_told, left_told, counted, numbered, digest
        )::reconvene.import_row
        ORDER BY ordinality
    )
    FROM (
        SELECT
            page_row.*,
            row_number() OVER (PARTITION BY session_id, numbered ORDER BY ordinality) + CASE WHEN numbered THEN (
                SELECT count(*) FROM reconvene.import_stays AS stays
                WHERE stays.walk_id = walk AND stays.session_id = page_row.session_id
            ) + (
                SELECT count(*) FROM reconvene.import_stays AS stays
                WHERE stays.walk_id = walk
                    AND stays.session_id > page_row.session_id || '#' AND stays.session_id < page_row.session_id || '$'
            ) ELSE 0 END AS place
        FROM unnest(page) WITH ORDINALITY AS page_row
    ) AS placed
$$;

-- How many rows the walk has more than before.
CREATE FUNCTION reconvene.save_rows(walk reconvene.import_walks, page reconvene.import_row[]) RETURNS integer
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    known_already integer;
    kept integer;
BEGIN
    IF EXISTS (SELECT 1 FROM unnest(page) WHERE numbered) THEN
        page := reconvene.number_rows(walk.id, page);
    END IF;
    PERFORM reconvene.unite(walk.room, array_agg(ordinality), array_agg(key))
    FROM unnest(page) WITH ORDINALITY AS page_row CROSS JOIN LATERAL unnest(page_row.keys) AS key;
    SELECT count(DISTINCT (
        SELECT session_id FROM reconvene.import_stays WHERE walk_id = walk.id AND session_id = page_row.session_id
    )) INTO known_already
    FROM unnest(page) AS page_row;
    INSERT INTO reconvene.import_stays AS known (
        walk_id, session_id, key, guest, name, name_key, email, joined_at, left_at, joined_told, left_told, counted, digest
    )
    SELECT DISTINCT ON (session_id COLLATE "C")
        walk.id, session_id, keys[1], guest, name, name_key, email, joined_at, left_at, joined_told, left_told, counted,
        digest
    FROM unnest(page) WITH ORDINALITY AS page_row
    ORDER BY session_id COLLATE "C", ordinality DESC
    ON CONFLICT (walk_id, session_id) DO UPDATE
    SET key = excluded.key,
        guest = excluded.guest,
        name = excluded.name,
        name_key = excluded.name_key,
        email = excluded.email,
        joined_at = excluded.joined_at,
        left_at = excluded.left_at,
        joined_told = excluded.joined_told,
        left_told = excluded.left_told,
        counted = excluded.counted,
        digest = excluded.digest;
    GET DIAGNOSTICS kept = ROW_COUNT;
    RETURN kept - known_already;
END $$;

CREATE FUNCTION reconvene.save_registrants(walk reconvene.import_walks, page reconvene.import_registrant[])
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

CREATE FUNCTION reconvene.save_page(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
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
    -- It is there already; or was sent by someone who does not know how far the walk is.
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
        total = coalesce((call ->> 'total')::integer, total),
        source = CASE WHEN number = 1 THEN call ->> 'source' ELSE source END,
        why = CASE WHEN number = 1 THEN call ->> 'why' ELSE why END,
        lease_until = greatest(lease_until, at + (call ->> 'lease')::double precision),
        touched_at = greatest(touched_at, at)
    WHERE id = walk.id
    RETURNING * INTO walk;
    RETURN json_build_object('value', row_to_json(walk));
END $$;

-- A part as it is told, without the walks that are under way.
CREATE FUNCTION reconvene.told_part(known reconvene.import_parts) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(known) || jsonb_build_object(
        'ended_at', coalesce(known.ended_at, CASE WHEN known.state <> 'live' THEN walk.last_at END),
        'rows', coalesce(walk.rows, 0),
        'total', walk.total,
        'walking', (
            SELECT coalesce(jsonb_agg(to_jsonb(under_way) ORDER BY begun_at DESC, id), '[]')
            FROM reconvene.import_walks AS under_way
            WHERE under_way.room = known.room AND under_way.part = known.part AND under_way.state = 'walking'
        )
    )
    FROM (VALUES (1)) AS always LEFT JOIN reconvene.import_walks AS walk ON walk.id = known.shown
$$;

CREATE FUNCTION reconvene.finish_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
    known reconvene.import_parts;
    shown_walk reconvene.import_walks;
    ending text := call ->> 'state';
    is_same boolean;
    is_less boolean;
BEGIN
    SELECT * INTO known FROM reconvene.import_parts WHERE room = walk.room AND part = walk.part;
    IF walk.finish = ending AND walk.owner = call ->> 'owner' THEN
        RETURN json_build_object('value', reconvene.told_part(known));
    END IF;
    IF (walk.state = 'walking' AND walk.owner = call ->> 'owner') IS NOT TRUE THEN
        RETURN '{"refused": "walk_lost"}';
    END IF;
    SELECT * INTO shown_walk FROM reconvene.import_walks WHERE id = known.shown;
    UPDATE reconvene.import_walks
    SET finish = ending,
        source = CASE WHEN pages = 0 THEN call ->> 'source' ELSE source END,
        why = CASE WHEN pages = 0 THEN call ->> 'why' ELSE why END,
        touched_at = greatest(touched_at, (call ->> 'at')::double precision),
        (digests, first_at, last_at) = (
            SELECT
                coalesce(sum(digest), 0) + coalesce((
                    SELECT sum(digest) FROM reconvene.import_registrants WHERE walk_id = walk.id
                ), 0),
                min(joined_at) FILTER (WHERE counted),
                max(greatest(joined_at, left_at)) FILTER (WHERE counted)
            FROM reconvene.import_stays WHERE walk_id = walk.id
        )
    WHERE id = walk.id
    RETURNING * INTO walk;
    is_same := (ending, walk.source, walk.rows, walk.digests)
        = (known.state, known.source, shown_walk.rows, shown_walk.digests);
    is_less := CASE ending
        WHEN 'unknown' THEN known.state <> 'unread'
        WHEN 'partial' THEN known.state = 'complete' OR (known.state = 'partial' AND shown_walk.rows > walk.rows)
        ELSE false
    END;
    IF is_same OR is_less THEN
        UPDATE reconvene.import_parts SET agreed = CASE WHEN is_same THEN agreed + 1 ELSE 0 END
        WHERE room = known.room AND part = known.part;
    ELSE
        UPDATE reconvene.import_walks
        SET state = 'dropped', touched_at = greatest(touched_at, (call ->> 'at')::double precision)
        WHERE id = known.shown;
        UPDATE reconvene.import_parts
        SET shown = walk.id, state = ending, source = walk.source, why = walk.why, agreed = 0
        WHERE room = known.room AND part = known.part;
    END IF;
    UPDATE reconvene.import_walks SET state = CASE WHEN is_same OR is_less THEN 'dropped' ELSE 'shown' END
    WHERE id = walk.id;
    UPDATE reconvene.import_parts
    SET reason = call ->> 'reason', checked_at = (call ->> 'at')::double precision, last_walk = walk.id
    WHERE room = known.room AND part = known.part
    RETURNING * INTO known;
    PERFORM reconvene.date_import(walk.room);
    RETURN json_build_object('value', reconvene.told_part(known));
END $$;

CREATE FUNCTION reconvene.sweep_walks(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
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
    -- Of the walk that was finished last the record is kept: whoever finishes it again is answered.
    DELETE FROM reconvene.import_walks
    WHERE id = ANY (swept)
        AND NOT EXISTS (SELECT 1 FROM reconvene.import_stays WHERE walk_id = import_walks.id)
        AND NOT EXISTS (SELECT 1 FROM reconvene.import_registrants WHERE walk_id = import_walks.id)
        AND NOT EXISTS (SELECT 1 FROM reconvene.import_parts WHERE last_walk = import_walks.id);
    RETURN json_build_object('value', stays + registrants);
END $$;

INSERT INTO reconvene.migrations (number, name) VALUES (8, '0008_pages');
