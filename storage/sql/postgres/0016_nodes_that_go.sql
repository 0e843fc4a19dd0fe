-- The rows of nodes that died long ago are deleted, and what is known of stays there remains: a stay names a node that need
-- not be there any more.

-- It needs the table for itself for a moment. Where somebody goes on reading, it gives up, so that nobody queues behind it
-- for long; nothing has changed then, and it can be tried again.
SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.participant_sessions DROP CONSTRAINT participant_sessions_node_id_fkey;

-- As in 0003, but for `ahead_of`, and that nodes which have been dead for a day are forgotten (`storage.sqlite.meetings.FORGOTTEN_AFTER`).
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
    -- Looked at again under the locks: a node that was taken for dead may have been heard of, or a stay gone on elsewhere.
    -- What came to the node meanwhile is closed the next time.
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
    RETURN json_build_object('value', closed);
END $$;

INSERT INTO reconvene.migrations (number, name) VALUES (16, '0016_nodes_that_go');
