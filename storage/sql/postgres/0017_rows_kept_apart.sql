-- Rows that share all that tells a stay from others are kept apart where they differ, and `given` counts them all. Who is
-- not known moves between breakout rooms by name: `guessed` rows are somebody's on that evidence. `gone`: Zoom's lists do
-- not reach back as far, and nothing is known of it.

-- It needs the tables for itself for a moment, as in 0016.
SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.import_walks ADD COLUMN given integer NOT NULL DEFAULT 0;
ALTER TABLE reconvene.import_stays
    ADD COLUMN breakout boolean NOT NULL DEFAULT false,
    ADD COLUMN guessed boolean NOT NULL DEFAULT false;
ALTER TABLE reconvene.import_parts ADD COLUMN gone boolean NOT NULL DEFAULT false;
UPDATE reconvene.import_walks SET given = rows;

-- A walk that was begun by the rules of the release before cannot be gone on with by these. And an empty report, which that
-- release took for nobody, says nothing.
UPDATE reconvene.import_walks SET state = 'dropped' WHERE state = 'walking';
UPDATE reconvene.import_parts SET state = 'unknown', reason = 'Zoom''s list was empty', agreed = 0
WHERE part LIKE 'instance/%' AND state = 'complete' AND shown IN (SELECT id FROM reconvene.import_walks WHERE rows = 0);

ALTER TYPE reconvene.import_row ADD ATTRIBUTE breakout boolean;

DROP FUNCTION reconvene.number_rows(text, reconvene.import_row[]);

-- How many rows the walk has more than before. Of rows with one id that differ, the first has it as it is, the others with
-- "~" and their digest, until the walk is finished (`number_rows`). Equal ones are one.
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

-- Of rows with one id the first keeps it and the others are "#2", "#3", … by their times, whatever pages they came on.
CREATE FUNCTION reconvene.number_rows(walk text) RETURNS void LANGUAGE plpgsql
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

-- As in `storage.hops`: within a walk, rows of one name of which one begins when another ends, and one of the two is in a
-- breakout room, are one person's as long as that is nobody else. Who is not known then has the key of who is, or of the
-- first of the rows.
CREATE FUNCTION reconvene.follow_hops(walk reconvene.import_walks) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    within CONSTANT double precision := 10;
    stay record;
    name text;
    chain integer;
    chains integer := 0;
    best double precision;
    away double precision;
    begins double precision[];
    ends double precision[];
    ends_in_breakout boolean[];
    persons text[];
    anchors text[];
    sessions text[] := '{}';
    chained integer[] := '{}';
    first integer := 1;
BEGIN
    FOR stay IN
        SELECT stays.*, CASE WHEN NOT guest THEN keys.person END AS known_as
        FROM reconvene.import_stays AS stays
        JOIN reconvene.import_keys AS keys ON keys.room = walk.room AND keys.key = stays.key
        WHERE walk_id = walk.id AND counted AND left_at IS NOT NULL AND stays.name_key IN (
            SELECT hopping.name_key FROM reconvene.import_stays AS hopping
            WHERE hopping.walk_id = walk.id AND hopping.counted AND hopping.breakout AND hopping.name_key <> ''
        )
        ORDER BY name_key, joined_at, left_at, session_id
    LOOP
        IF name IS DISTINCT FROM stay.name_key THEN
            name := stay.name_key;
            first := chains + 1;
        END IF;
        chain := NULL;
        FOR one IN first..chains LOOP
            away := abs(stay.joined_at - ends[one]);
            CONTINUE WHEN away > within OR NOT (ends_in_breakout[one] OR stay.breakout)
                OR persons[one] <> stay.known_as
                -- One of the two was there all the time that the other one was.
                OR stay.joined_at < ends[one] AND (stay.left_at <= ends[one] OR stay.joined_at = begins[one]);
            -- The same person's before anybody's, then the nearest.
            away := away + CASE WHEN persons[one] = stay.known_as THEN 0 ELSE within END;
            IF chain IS NULL OR away < best THEN
                chain := one;
                best := away;
            END IF;
        END LOOP;
        IF chain IS NULL THEN
            chains := chains + 1;
            chain := chains;
            anchors[chain] := stay.key;
        ELSIF persons[chain] IS NULL AND stay.known_as IS NOT NULL THEN
            anchors[chain] := stay.key;
        END IF;
        begins[chain] := stay.joined_at;
        ends[chain] := stay.left_at;
        ends_in_breakout[chain] := stay.breakout;
        persons[chain] := coalesce(persons[chain], stay.known_as);
        IF stay.guest THEN
            sessions := sessions || stay.session_id;
            chained := chained || chain;
        END IF;
    END LOOP;
    UPDATE reconvene.import_stays AS stays SET key = anchors[hop.chain], guessed = true
    FROM unnest(sessions, chained) AS hop (session_id, chain)
    WHERE stays.walk_id = walk.id AND stays.session_id = hop.session_id AND stays.key <> anchors[hop.chain];
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

-- Whether a walk has all that another one has.
CREATE FUNCTION reconvene.holds_all(walk text, other text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM reconvene.import_walks AS its
        JOIN reconvene.import_stays AS had ON had.walk_id = its.id
        JOIN reconvene.import_keys AS whose ON whose.room = its.room AND whose.key = had.key
        WHERE its.id = other AND NOT EXISTS (
            SELECT FROM reconvene.import_stays AS has
            JOIN reconvene.import_keys AS theirs ON theirs.room = its.room AND theirs.key = has.key
            WHERE has.walk_id = walk AND has.session_id = had.session_id
                -- Whose it was guessed to be, it is not guessed yet.
                AND (had.guessed OR theirs.person = whose.person)
        )
    ) AND NOT EXISTS (
        SELECT registrant_id FROM reconvene.import_registrants WHERE walk_id = other
        EXCEPT SELECT registrant_id FROM reconvene.import_registrants WHERE walk_id = walk
    )
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
            -- Of an instance without a date, the first who came tells it.
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

-- As in 0010 and 0011, but for `guessed`.

ALTER TYPE reconvene.shown_stay ADD ATTRIBUTE guessed boolean;
ALTER TYPE reconvene.shown_person ADD ATTRIBUTE guessed boolean;

CREATE OR REPLACE FUNCTION reconvene.shown_stays(which text) RETURNS SETOF reconvene.shown_stay LANGUAGE sql STABLE AS $$
    SELECT
        keys.person,
        parts.part,
        stays.session_id,
        stays.guest,
        stays.name,
        stays.name_key,
        stays.email,
        stays.joined_at,
        CASE WHEN stays.left_at < stays.joined_at THEN stays.joined_at ELSE stays.left_at END,
        stays.counted,
        NOT stays.joined_told OR (stays.left_at IS NOT NULL AND NOT stays.left_told),
        stays.guessed
    FROM reconvene.import_stays AS stays
    JOIN reconvene.import_parts AS parts ON parts.room = which AND parts.shown = stays.walk_id
    JOIN reconvene.import_keys AS keys ON keys.room = which AND keys.key = stays.key
    WHERE stays.walk_id = ANY (ARRAY(SELECT shown FROM reconvene.import_parts WHERE room = which))
$$;

CREATE OR REPLACE FUNCTION reconvene.shown_people(which text) RETURNS SETOF reconvene.shown_person LANGUAGE sql STABLE AS $$
    SELECT
        person,
        min(joined_at),
        max(coalesce(left_at, joined_at)),
        count(*),
        bool_or(left_at IS NULL),
        bool_and(guest),
        coalesce(sum(greatest(0, left_at - greatest(joined_at, covered))), 0),
        max(left_at),
        (array_agg(ARRAY[name, name_key] ORDER BY joined_at, session_id) FILTER (WHERE name <> ''))[1][1],
        (array_agg(ARRAY[name, name_key] ORDER BY joined_at, session_id) FILTER (WHERE name <> ''))[1][2],
        (array_agg(email ORDER BY joined_at, session_id) FILTER (WHERE email <> ''))[1],
        bool_or(guessed)
    FROM (
        SELECT *, max(left_at) OVER (
            PARTITION BY person ORDER BY joined_at, session_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered
        FROM reconvene.shown_stays(which) WHERE counted
    ) AS stays
    GROUP BY person
$$;

CREATE OR REPLACE FUNCTION reconvene.import_totals(call jsonb) RETURNS json LANGUAGE plpgsql STABLE
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
    which text := call ->> 'room';
BEGIN
    IF NOT EXISTS (SELECT 1 FROM reconvene.imports WHERE room = which) THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    RETURN (
        WITH people AS MATERIALIZED (SELECT * FROM reconvene.shown_people(which)),
        registered AS MATERIALIZED (SELECT person, status FROM reconvene.shown_registrations(which))
        SELECT json_build_object('value', row_to_json(totals))
        FROM (
            SELECT
                (
                    SELECT json_build_object(
                        'approved', count(*) FILTER (WHERE status = 'approved'),
                        'pending', count(*) FILTER (WHERE status = 'pending'),
                        'denied', count(*) FILTER (WHERE status = 'denied')
                    )
                    FROM reconvene.shown_registrants(which)
                ) AS registrants,
                count(*) AS people,
                count(*) FILTER (WHERE guest AND person NOT IN (SELECT person FROM registered)) AS guests,
                coalesce(sum(session_count), 0) AS stays,
                (SELECT count(*) FROM reconvene.shown_stays(which) WHERE NOT counted) AS uncounted,
                (SELECT count(*) FROM reconvene.shown_stays(which) WHERE counted AND guessed) AS guessed,
                (
                    SELECT count(*) FROM registered
                    WHERE status = 'approved' AND person NOT IN (SELECT person FROM people)
                ) AS no_shows,
                coalesce(sum(total_duration), 0) AS total_duration,
                min(first_joined_at) AS first_joined_at,
                max(last_left_at) AS last_left_at
            FROM people
        ) AS totals
    );
END $$;

CREATE OR REPLACE FUNCTION reconvene.imported_attendance(call jsonb) RETURNS json LANGUAGE plpgsql STABLE
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
    which text := call ->> 'room';
    behind text;
    answer json;
BEGIN
    -- Any key of theirs will do: who they are may have turned out since.
    SELECT person INTO behind FROM reconvene.import_keys WHERE room = which AND key = call ->> 'after';
    WITH people AS MATERIALIZED (
        SELECT
            people.person,
            first_joined_at,
            last_seen_at,
            session_count,
            total_duration,
            is_open,
            guest AND registered.person IS NULL AS guest,
            guessed,
            status,
            CASE WHEN registered.name IS NULL THEN people.name ELSE registered.name END AS name,
            CASE WHEN registered.name IS NULL THEN people.name_key ELSE registered.name_key END AS name_key,
            coalesce(registered.email, people.email, '') AS email
        FROM reconvene.shown_people(which) AS people
        LEFT JOIN reconvene.shown_registrations(which) AS registered
            ON registered.person = people.person
    ),
    named AS MATERIALIZED (
        SELECT
            name_key,
            count(*) AS so_called,
            CASE WHEN count(*) FILTER (WHERE NOT guest) = 1 THEN min(person) FILTER (WHERE NOT guest) END AS only_one
        FROM people WHERE name IS NOT NULL GROUP BY name_key
    ),
    place AS MATERIALIZED (SELECT first_joined_at, person FROM people WHERE person = behind),
    page AS MATERIALIZED (
        SELECT * FROM people
        WHERE behind IS NULL
            OR (first_joined_at, person) > ((SELECT first_joined_at FROM place), (SELECT person FROM place))
        ORDER BY first_joined_at, person
        LIMIT (call ->> 'limit')::integer
    ),
    stays AS MATERIALIZED (
        SELECT stays.person, json_agg(row_to_json(stay) ORDER BY stays.joined_at, stays.session_id) AS stays
        FROM reconvene.shown_stays(which) AS stays
        JOIN page ON page.person = stays.person
        CROSS JOIN LATERAL (
            SELECT session_id, substr(part, 10) AS instance, stays.joined_at, left_at, estimated
        ) AS stay
        WHERE counted
        GROUP BY stays.person
    )
    SELECT CASE
        WHEN call ->> 'after' IS NOT NULL AND NOT EXISTS (SELECT 1 FROM place) THEN '{"refused": "unknown_participant"}'::json
        ELSE json_build_object('value', json_build_object(
            'meeting', (SELECT row_to_json(meetings) FROM reconvene.meetings WHERE room = which),
            'origin', reconvene.told_import(which),
            'participants', coalesce((
                SELECT json_agg(json_build_array(row_to_json(one), stays.stays) ORDER BY first_joined_at, one.person)
                FROM (
                    SELECT
                        page.*,
                        coalesce(so_called - 1, 0) AS namesakes,
                        CASE WHEN guest THEN only_one END AS name_match
                    FROM page LEFT JOIN named ON named.name_key = page.name_key AND page.name IS NOT NULL
                ) AS one
                JOIN stays ON stays.person = one.person
            ), '[]')
        ))
    END INTO answer;
    RETURN answer;
END $$;

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (17, '0017_rows_kept_apart');
