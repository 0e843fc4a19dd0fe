-- Rows of nodes that died long ago are deleted, and their stays remain: the node that a stay names need not have a row.

-- This locks the table for a moment. While somebody reads it for long, the migration gives up, so that nobody queues
-- behind it; nothing has changed then, and it can be tried again.
SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.participant_sessions DROP CONSTRAINT participant_sessions_node_id_fkey;

INSERT INTO reconvene.migrations (number, name) VALUES (15, '0015_nodes_that_go');
