-- Meetings of our own and imports side by side.

-- Who came to an import, as far as the call asks, in the form that `attendance` answers in. See 0010 for the joins.
CREATE FUNCTION reconvene.imported_attendance(call jsonb) RETURNS json LANGUAGE plpgsql STABLE
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

CREATE OR REPLACE FUNCTION reconvene.attendance(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    meeting reconvene.meetings;
    after_joined double precision := '-infinity';
    after_id text := '';
BEGIN
    SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room';
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    IF EXISTS (SELECT 1 FROM reconvene.imports WHERE room = meeting.room) THEN
        RETURN reconvene.imported_attendance(call);
    END IF;
    IF call ->> 'after' IS NOT NULL THEN
        SELECT first_joined_at, id INTO after_joined, after_id FROM reconvene.participants
        WHERE id = call ->> 'after' AND room = meeting.room;
        IF NOT FOUND THEN
            RETURN '{"refused": "unknown_participant"}';
        END IF;
    END IF;
    RETURN json_build_object('value', json_build_object(
        'meeting', row_to_json(meeting),
        'participants', coalesce((
            SELECT json_agg(json_build_array(row_to_json(person), stays) ORDER BY first_joined_at, id)
            FROM (
                SELECT * FROM reconvene.participants
                WHERE room = meeting.room AND (first_joined_at, id) > (after_joined, after_id)
                ORDER BY first_joined_at, id
                LIMIT (call ->> 'limit')::integer
            ) AS person
            CROSS JOIN LATERAL (
                SELECT coalesce(json_agg(row_to_json(stay) ORDER BY joined_at, session_id), '[]') AS stays
                FROM reconvene.participant_sessions AS stay WHERE participant_id = person.id
            ) AS of_person
        ), '[]')
    ));
END $$;

CREATE FUNCTION reconvene.imported_crowd(
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

-- A meeting as a list shows it.
CREATE FUNCTION reconvene.in_list(hosted reconvene.meetings) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    origin text;
BEGIN
    SELECT kind INTO origin FROM reconvene.imports WHERE room = hosted.room;
    IF FOUND THEN
        RETURN (
            SELECT json_build_object(
                'meeting', row_to_json(hosted), 'attended', attended, 'present', present, 'last_seen_at', last_seen_at,
                'imported', origin
            )
            FROM reconvene.imported_crowd(hosted.room)
        );
    END IF;
    RETURN (
        SELECT json_build_object(
            'meeting', row_to_json(hosted),
            'attended', count(*),
            'present', count(*) FILTER (WHERE state = 'connected'),
            'last_seen_at', max(last_seen_at),
            'imported', NULL
        )
        FROM reconvene.participants WHERE participants.room = hosted.room
    );
END $$;

CREATE OR REPLACE FUNCTION reconvene.hosted_meetings(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    found reconvene.meetings[];
BEGIN
    IF call ->> 'user_id' IS NULL THEN
        found := ARRAY(
            SELECT meetings FROM reconvene.meetings
            ORDER BY created_at DESC, room
            LIMIT (call ->> 'limit')::integer
        );
    ELSE
        found := ARRAY(
            SELECT meetings FROM reconvene.meetings WHERE host_user_id = call ->> 'user_id'
            ORDER BY created_at DESC, room
            LIMIT (call ->> 'limit')::integer
        );
    END IF;
    RETURN json_build_object('value', coalesce((
        SELECT json_agg(
            reconvene.in_list((room, title, host_user_id, created_at, ended_at)::reconvene.meetings)
            ORDER BY created_at DESC, room COLLATE "C"
        )
        FROM unnest(found)
    ), '[]'));
END $$;

INSERT INTO reconvene.migrations (number, name) VALUES (11, '0011_reading_both');
