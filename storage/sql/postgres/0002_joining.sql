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

-- What a join brings with it; `n` is its place in the answer.
CREATE TYPE reconvene.wish AS (
    n integer,
    room text,
    user_id text,
    name text,
    first_name text,
    title text,
    participant_id text,
    session_id text,
    previous_session text,
    grace double precision, -- NULL: as long ago as may be
    instance text,
    node_id text,
    "create" boolean,
    at double precision
);

-- Joins of different people, as sets: one statement per table for all of them. `is_again`: the calls are sent again because
-- the answer was lost. Every row is looked up by its key, however few there are as yet: a plan is made once, and kept.
CREATE FUNCTION reconvene.join_many(calls jsonb, is_again boolean DEFAULT false) RETURNS json LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    wishes reconvene.wish[] := ARRAY(
        SELECT wish FROM jsonb_populate_recordset(NULL::reconvene.wish, calls) AS wish
        ORDER BY room COLLATE "C", user_id COLLATE "C"
    );
    seated reconvene.wish[]; -- those in a meeting that goes on
    locked text[];
    made text[] := '{}';
BEGIN
    LOOP
        locked := ARRAY(
            SELECT room FROM reconvene.meetings WHERE room IN (SELECT room FROM unnest(wishes))
            ORDER BY room
            FOR SHARE
        );
        -- One that was there a moment ago may have been deleted, one that was not may be there by now.
        EXIT WHEN NOT EXISTS (SELECT 1 FROM unnest(wishes) AS wish WHERE "create" AND room <> ALL (locked));
        WITH made_now AS (
            INSERT INTO reconvene.meetings (room, title, host_user_id, created_at)
            SELECT DISTINCT ON (room) room, title, user_id, at FROM unnest(wishes) AS wish
            WHERE "create" AND room <> ALL (locked)
            ORDER BY room, n
            ON CONFLICT DO NOTHING
            RETURNING room
        )
        SELECT made || coalesce(array_agg(room), '{}') INTO made FROM made_now;
    END LOOP;
    seated := ARRAY(
        SELECT wish FROM unnest(wishes) AS wish
        JOIN reconvene.meetings ON meetings.room = wish.room AND ended_at IS NULL
        WHERE wish.room = ANY (locked)
        ORDER BY wish.room COLLATE "C", wish.user_id COLLATE "C"
    );

    -- A new one has the first stay at once: what the trigger would say of it stands here already.
    INSERT INTO reconvene.participants AS known (
        id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count
    )
    SELECT
        wish.participant_id,
        wish.room,
        wish.user_id,
        wish.name,
        CASE WHEN wish.user_id = meetings.host_user_id THEN 'host' ELSE 'participant' END,
        'connected',
        wish.at,
        wish.at,
        1
    FROM unnest(seated) AS wish JOIN reconvene.meetings ON meetings.room = wish.room
    ON CONFLICT (room, user_id) DO UPDATE
    SET name = CASE WHEN excluded.name = '' THEN known.name ELSE excluded.name END,
        first_joined_at = least(known.first_joined_at, excluded.first_joined_at),
        last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at);

    IF EXISTS (SELECT 1 FROM unnest(seated) AS wish WHERE name = '') THEN
        UPDATE reconvene.participants AS person SET name = wish.first_name
        FROM unnest(seated) AS wish
        WHERE wish.name = '' AND person.room = wish.room AND person.user_id = wish.user_id AND person.name = '';
    END IF;

    INSERT INTO reconvene.nodes (id, heartbeat_at)
    SELECT node_id, min(at) FROM unnest(seated) AS wish
    WHERE NOT EXISTS (SELECT 1 FROM reconvene.nodes WHERE id = wish.node_id)
    GROUP BY node_id
    ON CONFLICT DO NOTHING;

    -- The stay that is open goes on; failing that the previous one, if it was lost a moment ago; failing that a new one
    -- begins. A stay that is closed under the very id asked for (a join tried again) is opened again. What is done
    -- twice, because its first answer was lost, counts once: the page and the moment tell.
    INSERT INTO reconvene.participant_sessions AS known (participant_id, session_id, node_id, instance, joined_at)
    SELECT
        person.id,
        coalesce(open.session_id, previous.session_id, wish.session_id),
        wish.node_id,
        wish.instance,
        wish.at
    FROM unnest(seated) AS wish
    JOIN reconvene.participants AS person ON person.room = wish.room AND person.user_id = wish.user_id
    LEFT JOIN reconvene.participant_sessions AS open
        ON open.participant_id = person.id AND open.left_at IS NULL
    LEFT JOIN reconvene.participant_sessions AS previous
        ON previous.participant_id = person.id AND previous.session_id = wish.previous_session
            AND previous.reason = 'lost' AND (wish.grace IS NULL OR wish.at - previous.left_at < wish.grace)
    ON CONFLICT (participant_id, session_id) DO UPDATE
    SET node_id = excluded.node_id,
        instance = excluded.instance,
        left_at = NULL,
        reason = NULL,
        estimated = false,
        (connections, reconnects) = (
            SELECT counted, remembered FROM reconvene.one_more_return(
                known.connections, known.reconnects, excluded.joined_at, known.instance = excluded.instance,
                known.joined_at
            )
        );

    -- Read last, so that it shows what the triggers made of the stays. Everyone has one open stay now.
    RETURN (
        SELECT json_agg(
            CASE
                WHEN meetings.room IS NULL THEN '{"refused": "unknown_meeting"}'::json
                WHEN meetings.ended_at IS NOT NULL THEN '{"refused": "meeting_ended"}'
                ELSE json_build_object('value', json_build_object(
                    'meeting', row_to_json(meetings),
                    'participant', row_to_json(person),
                    'stay', row_to_json(stay),
                    'created', meetings.host_user_id = wish.user_id AND (
                        meetings.room = ANY (made)
                        OR (is_again AND meetings.created_at = wish.at AND person.id = wish.participant_id)
                    ),
                    -- Ids are made for each call: a row that has this one's, this one made.
                    'rejoined', person.id <> wish.participant_id,
                    'continued', stay.connections > 1
                ))
            END
            ORDER BY wish.n
        )
        FROM unnest(wishes) AS wish
        LEFT JOIN reconvene.meetings ON meetings.room = wish.room AND wish.room = ANY (locked)
        LEFT JOIN reconvene.participants AS person ON person.room = wish.room AND person.user_id = wish.user_id
        LEFT JOIN reconvene.participant_sessions AS stay
            ON stay.participant_id = person.id AND stay.left_at IS NULL
    );
END $$;

CREATE FUNCTION reconvene.join_meeting(call jsonb) RETURNS json LANGUAGE sql AS $$
    SELECT reconvene.join_many(jsonb_build_array(call), call ? 'again') -> 0
$$;

-- A stay has seen one connection more, whose page came `at` a moment (NULL: it has not). `is_same_page`: it is the page that
-- was there last. If that came at this very moment, be it to begin the stay, this is the same call, sent again.
CREATE FUNCTION reconvene.one_more_return(
    connections integer,
    reconnects double precision[],
    at double precision,
    is_same_page boolean,
    began_at double precision DEFAULT NULL,
    OUT counted integer,
    OUT remembered double precision[]
) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    moment double precision := round(at::numeric, 3); -- to the millisecond, as in every store
BEGIN
    IF at IS NULL
        OR (is_same_page AND (at = began_at OR moment = reconnects[cardinality(reconnects)]))
    THEN
        counted := connections;
        remembered := reconnects;
    ELSE
        counted := connections + 1;
        remembered := reconnects[greatest(1, cardinality(reconnects) - 98):] || moment;
    END IF;
END $$;

CREATE FUNCTION reconvene.resume_stay(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    whose text := call ->> 'participant_id';
    resumed_at double precision := (call ->> 'at')::double precision;
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
                known.connections,
                known.reconnects,
                CASE WHEN (call ->> 'returned')::boolean THEN resumed_at END,
                known.instance = call ->> 'instance'
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
