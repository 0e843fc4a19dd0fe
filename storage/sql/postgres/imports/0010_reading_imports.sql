-- What is read of imports. What is shown changes at once, when a part points to another walk: one statement sees either.

CREATE FUNCTION reconvene.told_import(which text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'room', imports.room,
        'kind', kind,
        'external_id', external_id,
        'title', title,
        'host_user_id', host_user_id,
        'created_at', imports.created_at,
        'due_at', due_at,
        'due_attempt', due_attempt,
        'parts', (
            SELECT coalesce(
                json_agg(
                    reconvene.told_part(parts)
                    ORDER BY part LIKE 'registrants/%' DESC,
                        CASE WHEN part NOT LIKE 'registrants/%' THEN starts_at END NULLS LAST,
                        part
                ),
                '[]'
            )
            FROM reconvene.import_parts AS parts WHERE parts.room = imports.room
        )
    )
    FROM reconvene.imports JOIN reconvene.meetings ON meetings.room = imports.room
    WHERE imports.room = which
$$;

CREATE FUNCTION reconvene.imported(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', reconvene.told_import(call ->> 'room'))
$$;

-- There are few imports, and any number of meetings.
CREATE FUNCTION reconvene.latest_imports(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    WITH all_imports AS MATERIALIZED (
        SELECT imports.room, meetings.created_at
        FROM reconvene.imports JOIN reconvene.meetings ON meetings.room = imports.room
    )
    SELECT json_build_object('value', coalesce(
        json_agg(reconvene.told_import(room) ORDER BY created_at DESC, room), '[]'
    ))
    FROM (
        SELECT * FROM all_imports ORDER BY created_at DESC, room LIMIT (call ->> 'limit')::integer
    ) AS latest
$$;

-- The rows that are shown, and whose they are. An end that is told to lie before the beginning lies there. Planned as part
-- of what asks for them; types, so that ids are compared byte by byte there as well.

CREATE TYPE reconvene.shown_stay AS (
    person text COLLATE "C",
    part text COLLATE "C",
    session_id text COLLATE "C",
    guest boolean,
    name text,
    name_key text COLLATE "C",
    email text,
    joined_at double precision,
    left_at double precision,
    counted boolean,
    estimated boolean
);

CREATE FUNCTION reconvene.shown_stays(which text) RETURNS SETOF reconvene.shown_stay LANGUAGE sql STABLE AS $$
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
        NOT stays.joined_told OR (stays.left_at IS NOT NULL AND NOT stays.left_told)
    FROM reconvene.import_stays AS stays
    JOIN reconvene.import_parts AS parts ON parts.room = which AND parts.shown = stays.walk_id
    JOIN reconvene.import_keys AS keys ON keys.room = which AND keys.key = stays.key
    WHERE stays.walk_id = ANY (ARRAY(SELECT shown FROM reconvene.import_parts WHERE room = which))
$$;

CREATE TYPE reconvene.shown_registrant AS (
    person text COLLATE "C",
    registrant_id text COLLATE "C",
    name text,
    name_key text COLLATE "C",
    email text,
    status text,
    registered_at double precision
);

CREATE FUNCTION reconvene.shown_registrants(which text) RETURNS SETOF reconvene.shown_registrant
LANGUAGE sql STABLE AS $$
    SELECT
        keys.person,
        registrants.registrant_id,
        registrants.name,
        registrants.name_key,
        registrants.email,
        registrants.status,
        registrants.registered_at
    FROM reconvene.import_registrants AS registrants
    JOIN reconvene.import_keys AS keys ON keys.room = which AND keys.key = registrants.key
    WHERE registrants.walk_id = ANY (ARRAY(SELECT shown FROM reconvene.import_parts WHERE room = which))
$$;

-- Who came: those with a stay that counts. The total is made as in `recount`; the name is that of the first stay that has
-- one, the email that of the first that has one.

CREATE TYPE reconvene.shown_person AS (
    person text COLLATE "C",
    first_joined_at double precision,
    last_seen_at double precision,
    session_count bigint,
    is_open boolean,
    guest boolean,
    total_duration double precision,
    last_left_at double precision,
    name text,
    name_key text COLLATE "C",
    email text
);

CREATE FUNCTION reconvene.shown_people(which text) RETURNS SETOF reconvene.shown_person LANGUAGE sql STABLE AS $$
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
        (array_agg(email ORDER BY joined_at, session_id) FILTER (WHERE email <> ''))[1]
    FROM (
        SELECT *, max(left_at) OVER (
            PARTITION BY person ORDER BY joined_at, session_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered
        FROM reconvene.shown_stays(which) WHERE counted
    ) AS stays
    GROUP BY person
$$;

-- Who registered, with the best status, and the name and email of the best registration that has one.

CREATE TYPE reconvene.shown_registration AS (
    person text COLLATE "C",
    status text,
    name text,
    name_key text COLLATE "C",
    email text,
    registered_at double precision
);

CREATE FUNCTION reconvene.shown_registrations(which text) RETURNS SETOF reconvene.shown_registration
LANGUAGE sql STABLE AS $$
    SELECT
        person,
        (array_agg(status ORDER BY rank))[1],
        (array_agg(ARRAY[name, name_key] ORDER BY rank, registrant_id) FILTER (WHERE name <> ''))[1][1],
        (array_agg(ARRAY[name, name_key] ORDER BY rank, registrant_id) FILTER (WHERE name <> ''))[1][2],
        (array_agg(email ORDER BY rank, registrant_id) FILTER (WHERE email <> ''))[1],
        min(registered_at)
    FROM (
        SELECT *, array_position(ARRAY['approved', 'pending', 'denied'], status) AS rank
        FROM reconvene.shown_registrants(which)
    ) AS registrants
    GROUP BY person
$$;

-- As large as imports are, every join is one by hashes: that takes as long as there are rows, however many had been expected.

CREATE FUNCTION reconvene.import_totals(call jsonb) RETURNS json LANGUAGE plpgsql STABLE
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

CREATE FUNCTION reconvene.registrations(call jsonb) RETURNS json LANGUAGE plpgsql STABLE
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
    which text := call ->> 'room';
    wanted boolean := (call ->> 'came')::boolean;
    behind text;
    answer json;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM reconvene.imports WHERE room = which) THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    -- Any key of theirs will do: who they are may have turned out since.
    SELECT person INTO behind FROM reconvene.import_keys WHERE room = which AND key = call ->> 'after';
    WITH everyone AS MATERIALIZED (
        SELECT
            registered.person AS participant_id,
            coalesce(registered.name, people.name, call ->> 'nameless') COLLATE "C" AS name,
            coalesce(registered.email, people.email, '') AS email,
            registered.status,
            registered.registered_at,
            coalesce(people.session_count, 0) AS session_count,
            coalesce(people.total_duration, 0) AS total_duration
        FROM reconvene.shown_registrations(which) AS registered
        LEFT JOIN reconvene.shown_people(which) AS people
            ON people.person = registered.person
    ),
    place AS MATERIALIZED (SELECT name, participant_id FROM everyone WHERE participant_id = behind)
    SELECT CASE
        WHEN call ->> 'after' IS NOT NULL AND NOT EXISTS (SELECT 1 FROM place) THEN '{"refused": "unknown_participant"}'::json
        ELSE json_build_object('value', coalesce((
            SELECT json_agg(row_to_json(page) ORDER BY name, participant_id)
            FROM (
                SELECT * FROM everyone
                WHERE (wanted IS NULL OR wanted = (session_count > 0)) AND (
                    behind IS NULL
                    OR (name, participant_id) > ((SELECT name FROM place), (SELECT participant_id FROM place))
                )
                ORDER BY name, participant_id
                LIMIT (call ->> 'limit')::integer
            ) AS page
        ), '[]'))
    END INTO answer;
    RETURN answer;
END $$;

INSERT INTO reconvene.migrations (number, name) VALUES (10, '0010_reading_imports');
