-- Who is and who was in a meeting.

CREATE OR REPLACE FUNCTION reconvene.participant_of_user(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', (
        SELECT row_to_json(participants) FROM reconvene.participants
        WHERE room = call ->> 'room' AND user_id = call ->> 'user_id'
    ))
$$;

CREATE OR REPLACE FUNCTION reconvene.people(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce((
        SELECT json_agg(row_to_json(participants)) FROM reconvene.participants
        WHERE room = call ->> 'room' AND (
            id = ANY (ARRAY(SELECT jsonb_array_elements_text(call -> 'participants')))
            OR user_id = ANY (ARRAY(SELECT jsonb_array_elements_text(call -> 'users')))
        )
    ), '[]'::json))
$$;

-- The latest stay that began when everybody before had been gone for the grace time.
CREATE OR REPLACE FUNCTION reconvene.began(which text, grace double precision) RETURNS double precision
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT max(joined_at) FROM (
            SELECT joined_at, max(coalesce(left_at, 'infinity')) OVER (
                ORDER BY joined_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS until
            FROM reconvene.participants
            JOIN reconvene.participant_sessions ON participant_id = participants.id
            WHERE room = which
        ) AS stays
        WHERE until IS NULL OR until + grace < joined_at
    );
END $$;

-- A stay that ended in the future ended before the clock was set back: it counts as older than all others.
CREATE OR REPLACE FUNCTION reconvene.restorable(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    ends_until double precision := coalesce((call ->> 'until')::double precision, 'infinity');
    exact_after double precision := (call ->> 'exact_after')::double precision;
    estimated_after double precision := (call ->> 'estimated_after')::double precision;
    grace double precision := coalesce((call ->> 'grace')::double precision, 0);
BEGIN
    -- Each branch starts from few rows: nodes that were alive a moment ago, and stays that were lost a moment ago. Only a
    -- participant's latest stay counts.
    RETURN json_build_object('value', coalesce((
        WITH found AS MATERIALIZED (
            SELECT participant_sessions.*
            FROM reconvene.nodes JOIN reconvene.participant_sessions ON node_id = nodes.id
            WHERE heartbeat_at > estimated_after AND left_at IS NULL
            UNION ALL
            SELECT lost.* FROM reconvene.participant_sessions AS lost
            WHERE reason = 'lost' AND left_at > estimated_after AND (estimated OR left_at > exact_after)
                AND left_at <= ends_until
                AND NOT EXISTS (
                    SELECT 1 FROM reconvene.participant_sessions AS other
                    WHERE other.participant_id = lost.participant_id AND other.session_id <> lost.session_id
                        AND (
                            other.left_at IS NULL
                            OR (other.left_at <= ends_until, other.left_at, other.joined_at, other.session_id)
                                > (lost.left_at <= ends_until, lost.left_at, lost.joined_at, lost.session_id)
                        )
                )
        ),
        -- Once for each meeting, whoever of it is found.
        begun AS MATERIALIZED (
            SELECT room, reconvene.began(room, grace) AS began_at FROM (
                SELECT DISTINCT room FROM found JOIN reconvene.participants ON participants.id = participant_id
            ) AS rooms
        )
        SELECT json_agg(
            json_build_object(
                'meeting', row_to_json(meetings), 'participant', row_to_json(participants), 'stay', row_to_json(stays),
                'seen_at', coalesce(left_at, (SELECT heartbeat_at FROM reconvene.nodes WHERE nodes.id = node_id)),
                'began_at', began_at
            )
            ORDER BY meetings.room, stays.joined_at, stays.participant_id
        )
        FROM found AS stays
        JOIN reconvene.participants ON participants.id = stays.participant_id
        JOIN reconvene.meetings ON meetings.room = participants.room
        JOIN begun ON begun.room = meetings.room
        WHERE meetings.ended_at IS NULL
    ), '[]'));
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
