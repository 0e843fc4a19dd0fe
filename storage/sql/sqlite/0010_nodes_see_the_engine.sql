-- As in PostgreSQL, where several nodes may share an engine.

ALTER TABLE nodes ADD COLUMN engine_seen_at REAL;
