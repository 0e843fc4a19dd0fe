-- Nodes. The file `joins` tells the order of locks.

CREATE OR REPLACE FUNCTION reconvene.heartbeat(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reconvene.nodes (id, heartbeat_at, engine_seen_at)
    VALUES (
        call ->> 'node_id', (call ->> 'at')::double precision, (call ->> 'engine_seen_at')::double precision
    )
    ON CONFLICT (id) DO UPDATE
    SET heartbeat_at = excluded.heartbeat_at, stopped_at = NULL, engine_seen_at = excluded.engine_seen_at;
    RETURN json_build_object('value', extract(epoch FROM clock_timestamp()));
END $$;

-- A node has seen the engine before its heartbeat, by which there is an index.
CREATE OR REPLACE FUNCTION reconvene.others_see_engine(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', EXISTS (
        SELECT FROM reconvene.nodes
        WHERE heartbeat_at > (call ->> 'since')::double precision
            AND engine_seen_at > (call ->> 'since')::double precision
            AND id <> call ->> 'node_id'
    ))
$$;

-- `ahead_of`: also those heard of after it, before a clock was set back. Nodes that have been dead for a day are forgotten
-- (`storage.sqlite.meetings.FORGOTTEN_AFTER`), keys of changes after two (`storage.moderation.KEYS_KEPT`).
CREATE OR REPLACE FUNCTION reconvene.close_dead_nodes(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    dead_before double precision := (call ->> 'dead_before')::double precision;
    ahead_of double precision := (call ->> 'ahead_of')::double precision;
    dead text[] := ARRAY(
        SELECT id FROM reconvene.nodes
        WHERE (heartbeat_at < dead_before OR heartbeat_at > ahead_of)
            AND EXISTS (SELECT 1 FROM reconvene.participant_sessions WHERE node_id = nodes.id AND left_at IS NULL)
    );
    locked text[];
    closed integer;
BEGIN
    locked := reconvene.lock_people_of(dead);
    -- Checked again under the locks: the node may have sent a heartbeat meanwhile, or a stay may have gone on elsewhere.
    -- Stays that came to the node meanwhile are closed the next time.
    UPDATE reconvene.participant_sessions AS stays
    SET left_at = greatest(joined_at, heartbeat_at, reconnects[cardinality(reconnects)]),
        reason = 'lost',
        estimated = true
    FROM reconvene.nodes
    WHERE left_at IS NULL AND node_id = nodes.id AND nodes.id = ANY (dead) AND participant_id = ANY (locked)
        AND (heartbeat_at < dead_before OR heartbeat_at > ahead_of);
    GET DIAGNOSTICS closed = ROW_COUNT;
    DELETE FROM reconvene.nodes
    WHERE heartbeat_at < dead_before - 86400
        AND NOT EXISTS (SELECT 1 FROM reconvene.participant_sessions WHERE node_id = nodes.id AND left_at IS NULL);
    DELETE FROM reconvene.changes WHERE at < dead_before - 172800;
    RETURN json_build_object('value', closed);
END $$;

CREATE OR REPLACE FUNCTION reconvene.stop_node(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION reconvene.lock_people_of(node_ids text[]) RETURNS text[] LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(array_agg(id), '{}') FROM (
        SELECT id FROM reconvene.participants
        WHERE id IN (
            SELECT participant_id FROM reconvene.participant_sessions WHERE left_at IS NULL AND node_id = ANY (node_ids)
        )
        ORDER BY room, user_id
        FOR NO KEY UPDATE
    ) AS locked
$$;
