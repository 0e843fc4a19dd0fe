-- When a node of several has heard of the engine last, by which one that is cut off knows that it is alone. NULL: it has none.

-- This locks the table for a moment. If somebody reads it for long, the migration gives up, and can be tried again.
SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.nodes ADD COLUMN engine_seen_at double precision;

INSERT INTO reconvene.migrations (number, name) VALUES (19, '0019_nodes_see_the_engine');
