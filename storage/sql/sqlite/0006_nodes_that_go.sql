-- Rows of nodes that died long ago are deleted, and their stays remain: the node that a stay names need not have a row.
-- SQLite has no other way to take a foreign key off a table than to make it anew.

CREATE TABLE stays_anew (
    participant_id TEXT NOT NULL REFERENCES participants (id),
    session_id TEXT NOT NULL CHECK (session_id <> ''),
    node_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    joined_at REAL NOT NULL,
    left_at REAL CHECK (left_at >= joined_at),
    reason TEXT CHECK (reason IN ('left', 'lost', 'removed', 'ended')),
    estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated IN (0, 1)),
    connections INTEGER NOT NULL DEFAULT 1 CHECK (connections >= 1),
    reconnects TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(reconnects)),
    PRIMARY KEY (participant_id, session_id),
    CHECK ((left_at IS NULL) = (reason IS NULL)),
    CHECK (estimated = 0 OR left_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

INSERT INTO stays_anew
SELECT participant_id, session_id, node_id, instance, joined_at, left_at, reason, estimated, connections, reconnects
FROM participant_sessions;

DROP TABLE participant_sessions;
ALTER TABLE stays_anew RENAME TO participant_sessions;

CREATE UNIQUE INDEX one_open_stay ON participant_sessions (participant_id) WHERE left_at IS NULL;
CREATE INDEX open_stays_by_node ON participant_sessions (node_id) WHERE left_at IS NULL;
CREATE INDEX lost_stays_by_end ON participant_sessions (left_at) WHERE reason = 'lost';

-- What begins or goes on, does at a node that is known: else nobody would find its stays when it dies.

CREATE TRIGGER node_is_known BEFORE INSERT ON participant_sessions
WHEN NOT EXISTS (SELECT 1 FROM nodes WHERE id = NEW.node_id)
BEGIN
    SELECT RAISE(ABORT, 'the node is not known');
END;

-- As they were.

CREATE TRIGGER stay_opened AFTER INSERT ON participant_sessions
WHEN NEW.left_at IS NULL -- which leaves the total as it was
BEGIN
    UPDATE participants
    SET session_count = (SELECT count(*) FROM participant_sessions WHERE participant_id = NEW.participant_id),
        state = 'connected',
        last_seen_at = max(last_seen_at, NEW.joined_at)
    WHERE id = NEW.participant_id AND NOT (
        state = 'connected'
        AND last_seen_at >= NEW.joined_at
        AND session_count = (SELECT count(*) FROM participant_sessions WHERE participant_id = NEW.participant_id)
    );
END;

CREATE TRIGGER closed_stay_added AFTER INSERT ON participant_sessions
WHEN NEW.left_at IS NOT NULL
BEGIN
    UPDATE participants
    SET session_count = totals.session_count,
        total_duration = totals.total_duration,
        state = iif(totals.is_open, 'connected', 'disconnected'),
        last_seen_at = max(last_seen_at, coalesce(NEW.left_at, NEW.joined_at))
    FROM (
        SELECT
            count(*) AS session_count,
            coalesce(max(left_at IS NULL), 0) AS is_open,
            coalesce(sum(max(0.0, left_at - max(joined_at, coalesce(covered, joined_at)))), 0.0) AS total_duration
        FROM (
            SELECT joined_at, left_at, max(left_at) OVER (
                ORDER BY joined_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS covered
            FROM participant_sessions WHERE participant_id = NEW.participant_id
        )
    ) AS totals
    WHERE id = NEW.participant_id;
END;

CREATE TRIGGER stay_changed AFTER UPDATE OF joined_at, left_at ON participant_sessions
WHEN OLD.joined_at <> NEW.joined_at OR OLD.left_at IS NOT NEW.left_at
BEGIN
    UPDATE participants
    SET session_count = totals.session_count,
        total_duration = totals.total_duration,
        state = iif(totals.is_open, 'connected', 'disconnected'),
        last_seen_at = max(last_seen_at, coalesce(NEW.left_at, NEW.joined_at))
    FROM (
        SELECT
            count(*) AS session_count,
            coalesce(max(left_at IS NULL), 0) AS is_open,
            coalesce(sum(max(0.0, left_at - max(joined_at, coalesce(covered, joined_at)))), 0.0) AS total_duration
        FROM (
            SELECT joined_at, left_at, max(left_at) OVER (
                ORDER BY joined_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS covered
            FROM participant_sessions WHERE participant_id = NEW.participant_id
        )
    ) AS totals
    WHERE id = NEW.participant_id;
END;
