-- Reports on an import. Imports are large, so every join is a hash join: its time grows with the rows, however many the
-- planner expected.

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

CREATE OR REPLACE FUNCTION reconvene.registrations(call jsonb) RETURNS json LANGUAGE plpgsql STABLE
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
    -- Any key of the person will do: two people may have turned out to be one since.
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

-- Who came to an import, as a page or all, in the form in which `attendance` answers.
CREATE OR REPLACE FUNCTION reconvene.imported_attendance(call jsonb) RETURNS json LANGUAGE plpgsql STABLE
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
    which text := call ->> 'room';
    behind text;
    answer json;
BEGIN
    -- Any key of the person will do: two people may have turned out to be one since.
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

CREATE OR REPLACE FUNCTION reconvene.imported_crowd(
    which text, OUT attended bigint, OUT present bigint, OUT last_seen_at double precision
) LANGUAGE plpgsql STABLE
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
BEGIN
    SELECT
        count(DISTINCT person),
        count(DISTINCT person) FILTER (WHERE left_at IS NULL),
        max(coalesce(left_at, joined_at))
    INTO attended, present, last_seen_at
    FROM reconvene.shown_stays(which) WHERE counted;
END $$;
