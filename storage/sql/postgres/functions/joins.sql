-- Joins.
--
-- Several processes write at once. All lock rows in one order, so that there are no deadlocks: the meeting, its participants
-- by user, the stays of each. Calls of one batch come sorted in that order. A call that opens a stay locks the meeting FOR
-- SHARE, so that no stay is opened while the meeting ends.

-- Joins of different people, as sets: one statement per table for all of them. `is_again`: the calls are sent again
-- because the answer was lost. Every row is looked up by its key, even while there are few: a plan is made once and kept.
-- A stay that ended in the future was lost before the clock was set back, not a moment ago.
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
    former reconvene.wish[] := '{}'; -- those of them who took a meeting over
    apart text[]; -- meetings that may have to be changed
    locked text[];
    made text[] := '{}';
    numbers integer[]; -- of wishes about which there is something to decide
    hosts jsonb; -- of the meetings `apart`, before
    given record;
BEGIN
    LOOP
        apart := ARRAY(
            SELECT room FROM (
                SELECT room, min(at) AS at, bool_or(invite IS NOT NULL OR coalesce(role = 'host', false)) AS is_apart
                FROM unnest(wishes) GROUP BY room
            ) AS wanted
            JOIN reconvene.meetings USING (room)
            WHERE ended_at IS NULL AND (is_apart OR reconvene.sitting_is_over(room, at))
        );
        IF apart = '{}' THEN
            locked := ARRAY(
                SELECT room FROM reconvene.meetings WHERE room IN (SELECT room FROM unnest(wishes))
                ORDER BY room
                FOR SHARE
            );
        ELSE
            locked := reconvene.lock_to_join(wishes, apart);
        END IF;
        -- Meanwhile a meeting may have been deleted, or made by another process.
        EXIT WHEN NOT EXISTS (SELECT 1 FROM unnest(wishes) AS wish WHERE "create" AND room <> ALL (locked));
        WITH made_now AS (
            INSERT INTO reconvene.meetings (room, title, host_user_id, created_at, settings, revision)
            SELECT DISTINCT ON (room)
                room, title, user_id, at, coalesce(settings, '{}'), coalesce(settings <> '{}', false)::integer
            FROM jsonb_to_recordset(calls) AS wish (
                n integer, room text, title text, user_id text, at double precision, "create" boolean, settings jsonb
            )
            WHERE "create" AND room <> ALL (locked)
            ORDER BY room, n
            ON CONFLICT DO NOTHING
            RETURNING room
        )
        SELECT made || coalesce(array_agg(room), '{}') INTO made FROM made_now;
    END LOOP;
    -- Read under the locks: what a moderator has done before counts, and what one does now waits for these joins.
    numbers := ARRAY(
        SELECT coalesce(n, 0) FROM unnest(wishes) AS wish
        JOIN reconvene.meetings ON meetings.room = wish.room AND ended_at IS NULL
        WHERE wish.room = ANY (locked) AND (
            settings <> '{}' OR guests_wait OR "returns" OR invite IS NOT NULL OR role IS NOT NULL OR may IS NOT NULL
            OR EXISTS (SELECT 1 FROM reconvene.removals AS known WHERE (known.room, known.user_id) = (wish.room, wish.user_id))
            OR EXISTS (SELECT 1 FROM reconvene.admissions AS known WHERE (known.room, known.user_id) = (wish.room, wish.user_id))
        )
    );
    IF numbers <> '{}' THEN
        hosts := (SELECT jsonb_object_agg(room, host_user_id) FROM reconvene.meetings WHERE room = ANY (apart));
        wishes := reconvene.judged(wishes, numbers);
    END IF;
    seated := ARRAY(
        SELECT wish FROM unnest(wishes) AS wish
        JOIN reconvene.meetings ON meetings.room = wish.room AND ended_at IS NULL
        WHERE wish.room = ANY (locked) AND refused IS NULL
        ORDER BY wish.room COLLATE "C", wish.user_id COLLATE "C"
    );

    -- Whoever was host of a meeting until somebody came with the host link. All are locked first, in the order of above.
    IF hosts IS NOT NULL THEN
        former := ARRAY(
            SELECT wish FROM unnest(seated) AS wish JOIN reconvene.meetings ON meetings.room = wish.room
            WHERE wish.role = 'host' AND host_user_id = wish.user_id AND hosts ->> wish.room NOT IN ('', wish.user_id)
        );
    END IF;
    IF former <> '{}' THEN
        FOR given IN
            SELECT room COLLATE "C" AS room, user_id COLLATE "C" AS user_id FROM (
                SELECT room, user_id FROM unnest(seated)
                UNION SELECT room, hosts ->> room FROM unnest(former)
            ) AS touched
            ORDER BY 1, 2
        LOOP
            PERFORM 1 FROM reconvene.participants WHERE room = given.room AND user_id = given.user_id FOR NO KEY UPDATE;
        END LOOP;
    END IF;

    -- A new participant gets its first stay below: totals and state are written here, so that the trigger need not.
    INSERT INTO reconvene.participants AS known (
        id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count, sitting
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
        1,
        meetings.sitting
    FROM unnest(seated) AS wish JOIN reconvene.meetings ON meetings.room = wish.room
    ON CONFLICT (room, user_id) DO UPDATE
    SET name = CASE WHEN excluded.name = '' THEN known.name ELSE excluded.name END,
        sitting = excluded.sitting,
        first_joined_at = least(known.first_joined_at, excluded.first_joined_at),
        last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at);

    IF EXISTS (SELECT 1 FROM unnest(seated) AS wish WHERE name = '') THEN
        UPDATE reconvene.participants AS person SET name = wish.first_name
        FROM unnest(seated) AS wish
        WHERE wish.name = '' AND person.room = wish.room AND person.user_id = wish.user_id AND person.name = '';
    END IF;

    IF numbers <> '{}' THEN
        UPDATE reconvene.participants AS person
        SET role = coalesce(wish.role, person.role),
            may = coalesce(wish.may, person.may),
            role_at = coalesce(wish.role_at, person.role_at)
        FROM unnest(seated) AS wish
        WHERE (wish.role IS NOT NULL OR wish.may IS NOT NULL)
            AND person.room = wish.room AND person.user_id = wish.user_id;
    END IF;

    FOR given IN SELECT * FROM unnest(former) LOOP
        PERFORM reconvene.set_role(given.room, hosts ->> given.room, 'cohost', given.at);
    END LOOP;

    INSERT INTO reconvene.nodes (id, heartbeat_at)
    SELECT node_id, min(at) FROM unnest(seated) AS wish
    WHERE NOT EXISTS (SELECT 1 FROM reconvene.nodes WHERE id = wish.node_id)
    GROUP BY node_id
    ON CONFLICT DO NOTHING;

    -- The stay that is open goes on. If there is none, the previous one goes on, if it was lost a moment ago; otherwise a
    -- new one begins. A closed stay with the very id that was asked for (a join sent again) is opened again. A join that
    -- is carried out twice counts once: page and moment are the same.
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

    -- Read last, as triggers have changed the rows. Everyone has one open stay now.
    RETURN (
        SELECT json_agg(
            CASE
                WHEN meetings.room IS NULL THEN '{"refused": "unknown_meeting"}'::json
                -- Callers of releases that know no other refusal send no `v`.
                WHEN meetings.ended_at IS NOT NULL OR (wish.refused IS NOT NULL AND wish.v IS NULL)
                    THEN '{"refused": "meeting_ended"}'
                WHEN wish.refused IS NOT NULL THEN json_build_object(
                    'refused', 'not_let_in',
                    'reason', wish.refused,
                    'settings', settings,
                    'revision', revision,
                    'sitting', meetings.sitting,
                    'denials', coalesce((
                        SELECT denials FROM reconvene.admissions AS known
                        WHERE (known.room, known.user_id) = (wish.room, wish.user_id)
                    ), 0),
                    'name', coalesce(person.name, '')
                )
                ELSE json_build_object('value', json_build_object(
                    'meeting', row_to_json(meetings),
                    'participant', row_to_json(person),
                    'stay', row_to_json(stay),
                    'created', meetings.host_user_id = wish.user_id AND (
                        meetings.room = ANY (made)
                        OR (is_again AND meetings.created_at = wish.at AND person.id = wish.participant_id)
                    ),
                    -- Each call has new ids: a row with this call's id was made by this call.
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

CREATE OR REPLACE FUNCTION reconvene.join_meeting(call jsonb) RETURNS json LANGUAGE sql AS $$
    SELECT reconvene.join_many(jsonb_build_array(call), call ? 'again') -> 0
$$;
