-- What is done to the record. Each function takes a call as JSON and answers {"value": …} or {"refused": "why"}.
--
-- Several processes do this at once. Rows are locked in one order, so that none waits for another in a circle: the
-- meeting, its participants by user, the stays of each. Calls of one batch come sorted in that order. A meeting is locked
-- FOR SHARE by whoever opens a stay in it, so that none is opened while it ends.

CREATE FUNCTION reconvene.find_meeting(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'value', (SELECT row_to_json(meetings) FROM reconvene.meetings WHERE room = call ->> 'room')
    )
$$;

CREATE FUNCTION reconvene.create_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    meeting reconvene.meetings;
    is_created boolean := false;
BEGIN
    LOOP
        SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room';
        EXIT WHEN FOUND;
        INSERT INTO reconvene.meetings (room, title, host_user_id, created_at)
        VALUES (call ->> 'room', call ->> 'title', call ->> 'user_id', (call ->> 'at')::double precision)
        ON CONFLICT DO NOTHING
        RETURNING * INTO meeting;
        is_created := FOUND;
        EXIT WHEN FOUND;
    END LOOP;
    -- Sent again because the first answer was lost: the row is that call's own.
    IF call ? 'again' AND meeting.host_user_id = call ->> 'user_id'
        AND meeting.created_at = (call ->> 'at')::double precision
    THEN
        is_created := true;
    END IF;
    RETURN json_build_object(
        'value', json_build_object('meeting', row_to_json(meeting), 'created', is_created)
    );
END $$;

CREATE FUNCTION reconvene.join_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    asked_at double precision := (call ->> 'at')::double precision;
    asked_name text := call ->> 'name';
    asked_session text := call ->> 'session_id';
    returned_at double precision := (call ->> 'returned_at')::double precision;
    meeting reconvene.meetings;
    person reconvene.participants;
    stay reconvene.participant_sessions;
    answer json;
    open_session text;
    is_created boolean := false;
    is_rejoined boolean;
BEGIN
    LOOP
        SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room' FOR SHARE;
        EXIT WHEN FOUND;
        IF NOT (call ->> 'create')::boolean THEN
            RETURN '{"refused": "unknown_meeting"}';
        END IF;
        answer := reconvene.create_meeting(call);
        is_created := (answer -> 'value' ->> 'created')::boolean;
    END LOOP;
    IF meeting.ended_at IS NOT NULL THEN
        RETURN '{"refused": "meeting_ended"}';
    END IF;

    -- A new one has the first stay at once: what the trigger would say of it stands here already.
    INSERT INTO reconvene.participants AS known (
        id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count
    )
    VALUES (
        call ->> 'participant_id',
        meeting.room,
        call ->> 'user_id',
        call ->> 'first_name',
        CASE WHEN call ->> 'user_id' = meeting.host_user_id THEN 'host' ELSE 'participant' END,
        'connected',
        asked_at,
        asked_at,
        1
    )
    ON CONFLICT (room, user_id) DO UPDATE
    SET name = CASE WHEN asked_name = '' THEN known.name ELSE asked_name END,
        first_joined_at = least(known.first_joined_at, asked_at),
        last_seen_at = greatest(known.last_seen_at, asked_at)
    RETURNING * INTO person;
    -- Ids are made for each call: a row that has this one's, this one made.
    is_rejoined := person.id <> call ->> 'participant_id';

    INSERT INTO reconvene.nodes (id, heartbeat_at) VALUES (call ->> 'node_id', asked_at) ON CONFLICT DO NOTHING;

    SELECT session_id INTO open_session FROM reconvene.participant_sessions
    WHERE participant_id = person.id AND left_at IS NULL;

    -- The stay that is open goes on; failing that the previous one, if it was lost a moment ago; failing that a new one
    -- begins. A stay that is closed under the very id asked for (a join tried again) is opened again. What is done
    -- twice, because its first answer was lost, counts once: the page and the moment tell.
    INSERT INTO reconvene.participant_sessions AS known (participant_id, session_id, node_id, instance, joined_at)
    VALUES (
        person.id,
        coalesce(
            open_session,
            (
                SELECT session_id FROM reconvene.participant_sessions
                WHERE participant_id = person.id AND session_id = call ->> 'previous_session'
                    AND reason = 'lost' AND asked_at - left_at < (call ->> 'grace')::double precision
            ),
            asked_session
        ),
        call ->> 'node_id',
        call ->> 'instance',
        asked_at
    )
    ON CONFLICT (participant_id, session_id) DO UPDATE
    SET node_id = excluded.node_id,
        instance = excluded.instance,
        left_at = NULL,
        reason = NULL,
        estimated = false,
        (connections, reconnects) = (
            SELECT counted, remembered FROM reconvene.one_more_return(
                known.connections, known.reconnects, returned_at,
                known.instance = excluded.instance
                    AND (known.session_id = asked_session OR known.reconnects[cardinality(known.reconnects)] = returned_at)
            )
        )
    RETURNING * INTO stay;

    IF is_rejoined AND open_session IS NULL THEN
        -- Read again, to show what the triggers made of the stay.
        SELECT * INTO person FROM reconvene.participants WHERE id = person.id;
    END IF;
    RETURN json_build_object(
        'value', json_build_object(
            'meeting', row_to_json(meeting),
            'participant', row_to_json(person),
            'stay', row_to_json(stay),
            'created', is_created OR (call ? 'again' AND meeting.host_user_id = person.user_id
                AND meeting.created_at = asked_at AND person.id = call ->> 'participant_id'),
            'rejoined', is_rejoined,
            'continued', stay.connections > 1
        )
    );
END $$;

CREATE FUNCTION reconvene.one_more_return(
    connections integer, reconnects double precision[], returned_at double precision, is_repeated boolean,
    OUT counted integer, OUT remembered double precision[]
) LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF returned_at IS NULL OR coalesce(is_repeated, false) THEN
        counted := connections;
        remembered := reconnects;
    ELSE
        counted := connections + 1;
        remembered := reconnects[greatest(1, cardinality(reconnects) - 98):] || returned_at;
    END IF;
END $$;

CREATE FUNCTION reconvene.resume_stay(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    whose text := call ->> 'participant_id';
    resumed_at double precision := (call ->> 'at')::double precision;
    returned_at double precision := (call ->> 'returned_at')::double precision;
BEGIN
    PERFORM 1 FROM reconvene.meetings WHERE room = call ->> 'room' AND ended_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN '{"value": null}';
    END IF;
    PERFORM 1 FROM reconvene.participants WHERE id = whose FOR NO KEY UPDATE;
    INSERT INTO reconvene.nodes (id, heartbeat_at) VALUES (call ->> 'node_id', resumed_at) ON CONFLICT DO NOTHING;
    UPDATE reconvene.participant_sessions AS known
    SET node_id = call ->> 'node_id',
        instance = call ->> 'instance',
        left_at = NULL,
        reason = NULL,
        estimated = false,
        (connections, reconnects) = (
            SELECT counted, remembered FROM reconvene.one_more_return(
                known.connections, known.reconnects, returned_at,
                known.instance = call ->> 'instance'
                    AND known.reconnects[cardinality(known.reconnects)] = returned_at
            )
        )
    WHERE participant_id = whose AND session_id = call ->> 'session_id' AND (left_at IS NULL OR reason = 'lost')
        AND NOT EXISTS (
            SELECT 1 FROM reconvene.participant_sessions AS other
            WHERE other.participant_id = whose AND other.session_id <> call ->> 'session_id' AND other.left_at IS NULL
        );
    IF FOUND THEN
        UPDATE reconvene.participants SET last_seen_at = greatest(last_seen_at, resumed_at) WHERE id = whose;
    END IF;
    RETURN '{"value": null}';
END $$;

INSERT INTO reconvene.migrations (number, name) VALUES (2, '0002_joining');
