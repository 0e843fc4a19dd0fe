-- What ends stays and meetings, and what removes them. See 0002 for the order of locks.

CREATE FUNCTION reconvene.leave(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reconvene.participants WHERE id = call ->> 'participant_id' FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, (call ->> 'at')::double precision), reason = call ->> 'reason', estimated = false
    WHERE participant_id = call ->> 'participant_id' AND session_id = call ->> 'session_id'
        AND node_id = call ->> 'node_id' AND (left_at IS NULL OR estimated);
    RETURN '{"value": null}';
END $$;

CREATE FUNCTION reconvene.abandon_stay(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    whose text;
BEGIN
    SELECT id INTO whose FROM reconvene.participants
    WHERE room = call ->> 'room' AND user_id = call ->> 'user_id'
    FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, (call ->> 'at')::double precision),
        reason = CASE WHEN connections = 1 THEN 'left' ELSE 'lost' END
    WHERE left_at IS NULL AND node_id = call ->> 'node_id' AND participant_id = whose;
    RETURN '{"value": null}';
END $$;

CREATE FUNCTION reconvene.end_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    meeting reconvene.meetings;
BEGIN
    UPDATE reconvene.meetings
    SET ended_at = coalesce(ended_at, greatest(created_at, (call ->> 'at')::double precision))
    WHERE room = call ->> 'room'
    RETURNING * INTO meeting;
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    PERFORM 1 FROM reconvene.participants WHERE room = meeting.room ORDER BY user_id FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, meeting.ended_at), reason = 'ended'
    WHERE left_at IS NULL
        AND participant_id IN (SELECT id FROM reconvene.participants WHERE room = meeting.room);
    RETURN json_build_object('value', row_to_json(meeting));
END $$;

CREATE FUNCTION reconvene.delete_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reconvene.meetings
    WHERE room = call ->> 'room' AND created_at = coalesce((call ->> 'created_at')::double precision, created_at)
    FOR UPDATE;
    IF NOT FOUND THEN
        -- Sent again because the first answer was lost: that call has most likely done it.
        RETURN json_build_object('value', call ? 'again');
    END IF;
    PERFORM 1 FROM reconvene.participants WHERE room = call ->> 'room' ORDER BY user_id FOR UPDATE;
    DELETE FROM reconvene.participant_sessions
    WHERE participant_id IN (SELECT id FROM reconvene.participants WHERE room = call ->> 'room');
    DELETE FROM reconvene.participants WHERE room = call ->> 'room';
    DELETE FROM reconvene.meetings WHERE room = call ->> 'room';
    RETURN '{"value": true}';
END $$;

CREATE FUNCTION reconvene.delete_old_meetings(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    before double precision := (call ->> 'before')::double precision;
    old text;
    deleted text[] := '{}';
BEGIN
    FOR old IN
        SELECT room FROM reconvene.meetings
        WHERE created_at < before AND (ended_at IS NULL OR ended_at < before)
            AND NOT EXISTS (
                SELECT 1 FROM reconvene.participants
                WHERE participants.room = meetings.room AND (last_seen_at >= before OR state = 'connected')
            )
        ORDER BY created_at
        LIMIT (call ->> 'limit')::integer
        FOR UPDATE SKIP LOCKED
    LOOP
        -- Looked at again under the lock: someone may have come meanwhile.
        CONTINUE WHEN EXISTS (
            SELECT 1 FROM reconvene.participants
            WHERE room = old AND (last_seen_at >= before OR state = 'connected')
        );
        PERFORM reconvene.delete_meeting(jsonb_build_object('room', old));
        deleted := array_append(deleted, old);
    END LOOP;
    RETURN json_build_object('value', deleted);
END $$;

CREATE FUNCTION reconvene.heartbeat(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reconvene.nodes (id, heartbeat_at)
    VALUES (call ->> 'node_id', (call ->> 'at')::double precision)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, stopped_at = NULL;
    RETURN json_build_object('value', extract(epoch FROM clock_timestamp()));
END $$;

CREATE FUNCTION reconvene.close_dead_nodes(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    dead text[] := ARRAY(
        SELECT id FROM reconvene.nodes
        WHERE heartbeat_at < (call ->> 'dead_before')::double precision
            AND EXISTS (SELECT 1 FROM reconvene.participant_sessions WHERE node_id = nodes.id AND left_at IS NULL)
    );
    locked text[];
    closed integer;
BEGIN
    locked := reconvene.lock_people_of(dead);
    -- Looked at again under the locks: a node that was taken for dead may have been heard of, or a stay gone on elsewhere.
    -- What came to the node meanwhile is closed the next time.
    UPDATE reconvene.participant_sessions AS stays
    SET left_at = greatest(joined_at, heartbeat_at, reconnects[cardinality(reconnects)]),
        reason = 'lost',
        estimated = true
    FROM reconvene.nodes
    WHERE left_at IS NULL AND node_id = nodes.id AND nodes.id = ANY (dead) AND participant_id = ANY (locked)
        AND heartbeat_at < (call ->> 'dead_before')::double precision;
    GET DIAGNOSTICS closed = ROW_COUNT;
    RETURN json_build_object('value', closed);
END $$;

CREATE FUNCTION reconvene.stop_node(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    locked text[];
    closed integer;
BEGIN
    INSERT INTO reconvene.nodes AS known (id, heartbeat_at, stopped_at)
    VALUES (call ->> 'node_id', (call ->> 'at')::double precision, (call ->> 'at')::double precision)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, stopped_at = excluded.stopped_at;
    locked := reconvene.lock_people_of(ARRAY[call ->> 'node_id']);
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, (call ->> 'at')::double precision), reason = 'lost'
    WHERE left_at IS NULL AND node_id = call ->> 'node_id' AND participant_id = ANY (locked);
    GET DIAGNOSTICS closed = ROW_COUNT;
    RETURN json_build_object('value', closed);
END $$;

CREATE FUNCTION reconvene.lock_people_of(node_ids text[]) RETURNS text[] LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(array_agg(id), '{}') FROM (
        SELECT id FROM reconvene.participants
        WHERE id IN (
            SELECT participant_id FROM reconvene.participant_sessions WHERE left_at IS NULL AND node_id = ANY (node_ids)
        )
        ORDER BY room, user_id
        FOR NO KEY UPDATE
    ) AS locked
$$;

INSERT INTO reconvene.migrations (number, name) VALUES (3, '0003_ending');
