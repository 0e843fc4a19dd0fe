-- The rows of nodes that died long ago are deleted, and what is known of stays there remains: a stay names a node that need
-- not be there any more.

-- It needs the table for itself for a moment. Where somebody goes on reading, it gives up, so that nobody queues behind it
-- for long; nothing has changed then, and it can be tried again.
SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.participant_sessions DROP CONSTRAINT participant_sessions_node_id_fkey;

INSERT INTO reconvene.migrations (number, name) VALUES (15, '0015_nodes_that_go');
