-- How walks end. The file `holds` tells what is locked.

-- Of rows with one id the first by its times keeps the id, and the others get "#2", "#3", …, whatever pages they came on.
CREATE OR REPLACE FUNCTION reconvene.number_rows(walk text) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    UPDATE reconvene.import_stays AS stays SET session_id = session_id || '~' || digest
    WHERE walk_id = walk AND session_id IN (
        SELECT split_part(apart.session_id, '~', 1) FROM reconvene.import_stays AS apart
        WHERE apart.walk_id = walk AND strpos(apart.session_id, '~') > 0
    );
    UPDATE reconvene.import_stays AS stays
    SET session_id = split_part(placed.session_id, '~', 1) || CASE WHEN place > 1 THEN '#' || place ELSE '' END
    FROM (
        SELECT session_id, row_number() OVER (
            PARTITION BY split_part(session_id, '~', 1) COLLATE "C" ORDER BY joined_at, left_at, digest
        ) AS place
        FROM reconvene.import_stays WHERE walk_id = walk AND strpos(session_id, '~') > 0
    ) AS placed
    WHERE stays.walk_id = walk AND stays.session_id = placed.session_id;
END $$;

-- Whether a walk has all that another one has.
CREATE OR REPLACE FUNCTION reconvene.holds_all(walk text, other text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM reconvene.import_walks AS its
        JOIN reconvene.import_stays AS had ON had.walk_id = its.id
        JOIN reconvene.import_keys AS whose ON whose.room = its.room AND whose.key = had.key
        WHERE its.id = other AND NOT EXISTS (
            SELECT FROM reconvene.import_stays AS has
            JOIN reconvene.import_keys AS theirs ON theirs.room = its.room AND theirs.key = has.key
            WHERE has.walk_id = walk AND has.session_id = had.session_id
                -- A guessed person is not compared: the new walk's guests have not been followed yet.
                AND (had.guessed OR theirs.person = whose.person)
        )
    ) AND NOT EXISTS (
        SELECT registrant_id FROM reconvene.import_registrants WHERE walk_id = other
        EXCEPT SELECT registrant_id FROM reconvene.import_registrants WHERE walk_id = walk
    )
$$;

-- A part, with the walks that are under way.
CREATE OR REPLACE FUNCTION reconvene.told_part(known reconvene.import_parts) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(known) || jsonb_build_object(
        'state', CASE WHEN known.gone THEN 'too_old' ELSE known.state END,
        'ended_at', coalesce(known.ended_at, CASE WHEN known.state <> 'live' THEN walk.last_at END),
        'rows', coalesce(walk.rows, 0),
        'given', coalesce(CASE WHEN known.state = 'live' THEN walk.rows ELSE walk.given END, 0),
        'total', walk.total,
        'walking', (
            SELECT coalesce(jsonb_agg(to_jsonb(under_way) ORDER BY begun_at DESC, id), '[]')
            FROM reconvene.import_walks AS under_way
            WHERE under_way.room = known.room AND under_way.part = known.part AND under_way.state = 'walking'
        )
    )
    FROM (VALUES (1)) AS always LEFT JOIN reconvene.import_walks AS walk ON walk.id = known.shown
$$;

CREATE OR REPLACE FUNCTION reconvene.finish_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
    known reconvene.import_parts;
    shown_walk reconvene.import_walks;
    ending text := call ->> 'state';
    is_gone boolean := ending = 'too_old';
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
    PERFORM reconvene.number_rows(walk.id);
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
    IF is_gone THEN
        ending := 'unknown';
    END IF;
    is_same := (ending, is_gone, walk.source, walk.rows, walk.digests)
        = (known.state, known.gone, known.source, shown_walk.rows, shown_walk.digests);
    is_less := CASE
        WHEN ending = 'unknown' THEN known.state NOT IN ('unread', 'unknown')
        WHEN ending <> 'partial' THEN false
        WHEN known.state = 'live' THEN shown_walk.rows > walk.rows
        WHEN known.state = 'partial' THEN NOT reconvene.holds_all(walk.id, known.shown)
        WHEN known.state = 'complete'
            THEN shown_walk.rows >= walk.rows OR NOT reconvene.holds_all(walk.id, known.shown)
        ELSE false
    END;
    IF is_same OR is_less THEN
        UPDATE reconvene.import_parts SET agreed = CASE WHEN is_same THEN agreed + 1 ELSE 0 END
        WHERE room = known.room AND part = known.part;
    ELSE
        PERFORM reconvene.follow_hops(walk);
        UPDATE reconvene.import_walks
        SET state = 'dropped', touched_at = greatest(touched_at, (call ->> 'at')::double precision)
        WHERE id = known.shown;
        UPDATE reconvene.import_parts
        SET shown = walk.id, state = ending, gone = is_gone, source = walk.source, why = walk.why, agreed = 0,
            -- An instance without a date begins with the first who came.
            starts_at = coalesce(starts_at, walk.first_at)
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
