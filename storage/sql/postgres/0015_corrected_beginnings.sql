-- A node's clock may be set while somebody stays: it says then when the stay began by the clock as it goes now.

-- Whoever knows by how much a stay's beginning has to be corrected knows that of all that is known of it. (Nobody came back
-- before it, or in the future: that was recorded after the clock was set, and before this.)
CREATE FUNCTION reconvene.corrected(
    moments double precision[], joined_at double precision, began_at double precision, now double precision
) RETURNS double precision[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN began_at IS NULL OR began_at = joined_at THEN moments
        ELSE ARRAY(
            SELECT round(greatest(began_at, least(now, moment + began_at - joined_at))::numeric, 3)::double precision
            FROM unnest(moments) WITH ORDINALITY AS each (moment, place) ORDER BY place
        )
    END
$$;

-- As in 0003, but for `joined_at`.
CREATE OR REPLACE FUNCTION reconvene.leave(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    began_at double precision := (call ->> 'joined_at')::double precision;
BEGIN
    PERFORM 1 FROM reconvene.participants WHERE id = call ->> 'participant_id' FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET joined_at = coalesce(began_at, joined_at),
        left_at = greatest(coalesce(began_at, joined_at), (call ->> 'at')::double precision),
        reconnects = reconvene.corrected(reconnects, joined_at, began_at, (call ->> 'at')::double precision),
        reason = call ->> 'reason',
        estimated = false
    WHERE participant_id = call ->> 'participant_id' AND session_id = call ->> 'session_id'
        AND node_id = call ->> 'node_id' AND (left_at IS NULL OR estimated);
    RETURN '{"value": null}';
END $$;

-- As in 0002, but for `joined_at` and `if_free`.
CREATE OR REPLACE FUNCTION reconvene.resume_stay(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    whose text := call ->> 'participant_id';
    resumed_at double precision := (call ->> 'at')::double precision;
    began_at double precision := (call ->> 'joined_at')::double precision;
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
        joined_at = coalesce(began_at, joined_at),
        left_at = NULL,
        reason = NULL,
        estimated = false,
        (connections, reconnects) = (
            SELECT counted, remembered FROM reconvene.one_more_return(
                known.connections,
                reconvene.corrected(known.reconnects, known.joined_at, began_at, resumed_at),
                CASE WHEN (call ->> 'returned')::boolean THEN resumed_at END,
                known.instance = call ->> 'instance'
            )
        )
    WHERE participant_id = whose AND session_id = call ->> 'session_id'
        AND (
            left_at IS NULL
                AND (node_id = call ->> 'node_id' OR (call ->> 'if_free')::boolean IS NOT TRUE)
            OR reason = 'lost'
        )
        AND NOT EXISTS (
            SELECT 1 FROM reconvene.participant_sessions AS other
            WHERE other.participant_id = whose AND other.session_id <> call ->> 'session_id' AND other.left_at IS NULL
        );
    IF FOUND THEN
        UPDATE reconvene.participants SET last_seen_at = greatest(last_seen_at, resumed_at) WHERE id = whose;
    END IF;
    RETURN '{"value": null}';
END $$;

-- As in 0003, but that people may leave before the meeting was created, where the clock was set back meanwhile.
CREATE OR REPLACE FUNCTION reconvene.end_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    meeting reconvene.meetings;
    ends_at double precision := (call ->> 'at')::double precision;
BEGIN
    UPDATE reconvene.meetings
    SET ended_at = coalesce(ended_at, greatest(created_at, ends_at))
    WHERE room = call ->> 'room'
    RETURNING * INTO meeting;
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    PERFORM 1 FROM reconvene.participants WHERE room = meeting.room ORDER BY user_id FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, least(meeting.ended_at, ends_at)), reason = 'ended'
    WHERE left_at IS NULL
        AND participant_id IN (SELECT id FROM reconvene.participants WHERE room = meeting.room);
    RETURN json_build_object('value', row_to_json(meeting));
END $$;

-- As in 0004, but for `seen_at`; and a stay that ended in the future did so before the clock was set back, and before all
-- others.
CREATE OR REPLACE FUNCTION reconvene.restorable(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    ends_until double precision := coalesce((call ->> 'until')::double precision, 'infinity');
    exact_after double precision := (call ->> 'exact_after')::double precision;
    estimated_after double precision := (call ->> 'estimated_after')::double precision;
BEGIN
    -- Each branch starts from what there is little of: nodes that were alive a moment ago, and stays that were lost a
    -- moment ago. A stay that another one outlasted does not tell where its participant was.
    RETURN json_build_object('value', coalesce((
        SELECT json_agg(
            json_build_object(
                'meeting', row_to_json(meetings), 'participant', row_to_json(participants), 'stay', row_to_json(stays),
                'seen_at', coalesce(left_at, (SELECT heartbeat_at FROM reconvene.nodes WHERE nodes.id = node_id))
            )
            ORDER BY meetings.room, stays.joined_at, stays.participant_id
        )
        FROM (
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
        ) AS stays
        JOIN reconvene.participants ON participants.id = stays.participant_id
        JOIN reconvene.meetings ON meetings.room = participants.room
        WHERE meetings.ended_at IS NULL
    ), '[]'));
END $$;

-- As in 0002, but that a stay which ended in the future was lost before the clock was set back, not a moment ago.
CREATE OR REPLACE FUNCTION reconvene.join_many(calls jsonb, is_again boolean DEFAULT false) RETURNS json LANGUAGE plpgsql
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
            AND previous.reason = 'lost' AND (wish.grace IS NULL OR abs(wish.at - previous.left_at) < wish.grace)
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

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (15, '0015_corrected_beginnings');
