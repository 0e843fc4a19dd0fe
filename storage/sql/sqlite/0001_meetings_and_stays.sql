-- Times are seconds since the epoch (UTC), durations seconds.

CREATE TABLE meetings (
    room TEXT PRIMARY KEY CHECK (room <> ''),
    title TEXT NOT NULL,
    host_user_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    ended_at REAL CHECK (ended_at >= created_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE participants (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    room TEXT NOT NULL REFERENCES meetings (room),
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('host', 'cohost', 'participant')),
    state TEXT NOT NULL DEFAULT 'disconnected' CHECK (state IN ('connected', 'disconnected')),
    first_joined_at REAL NOT NULL,
    last_seen_at REAL NOT NULL,
    session_count INTEGER NOT NULL DEFAULT 0 CHECK (session_count >= 0),
    total_duration REAL NOT NULL DEFAULT 0 CHECK (total_duration >= 0),
    UNIQUE (room, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    heartbeat_at REAL NOT NULL,
    stopped_at REAL
) STRICT, WITHOUT ROWID;

CREATE INDEX nodes_by_heartbeat ON nodes (heartbeat_at);

CREATE TABLE participant_sessions (
    participant_id TEXT NOT NULL REFERENCES participants (id),
    session_id TEXT NOT NULL CHECK (session_id <> ''),
    node_id TEXT NOT NULL REFERENCES nodes (id),
    instance TEXT NOT NULL,
    joined_at REAL NOT NULL,
    left_at REAL CHECK (left_at >= joined_at),
    reason TEXT CHECK (reason IN ('left', 'lost', 'removed', 'ended')),
    estimated INTEGER NOT NULL DEFAULT 0 CHECK (estimated IN (0, 1)),
    connections INTEGER NOT NULL DEFAULT 1 CHECK (connections >= 1),
    PRIMARY KEY (participant_id, session_id),
    CHECK ((left_at IS NULL) = (reason IS NULL)),
    CHECK (estimated = 0 OR left_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_open_stay ON participant_sessions (participant_id) WHERE left_at IS NULL;
CREATE INDEX open_stays_by_node ON participant_sessions (node_id) WHERE left_at IS NULL;

-- What is known of a participant by its stays is recomputed from all of them whenever one changes. The total is the
-- length of the union of the closed ones: going through them by arrival, each adds only what lies after the latest
-- departure so far (`covered`). The query stands in each trigger because SQLite would not look up one participant
-- through a view with a window function: it would compute everybody's.

CREATE TRIGGER stay_opened AFTER INSERT ON participant_sessions
WHEN NEW.left_at IS NULL -- which leaves the total as it was
BEGIN
    UPDATE participants
    SET session_count = (SELECT count(*) FROM participant_sessions WHERE participant_id = NEW.participant_id),
        state = 'connected',
        last_seen_at = max(last_seen_at, NEW.joined_at)
    WHERE id = NEW.participant_id;
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

CREATE TRIGGER stay_deleted AFTER DELETE ON participant_sessions
BEGIN
    UPDATE participants
    SET session_count = totals.session_count,
        total_duration = totals.total_duration,
        state = iif(totals.is_open, 'connected', 'disconnected')
    FROM (
        SELECT
            count(*) AS session_count,
            coalesce(max(left_at IS NULL), 0) AS is_open,
            coalesce(sum(max(0.0, left_at - max(joined_at, coalesce(covered, joined_at)))), 0.0) AS total_duration
        FROM (
            SELECT joined_at, left_at, max(left_at) OVER (
                ORDER BY joined_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS covered
            FROM participant_sessions WHERE participant_id = OLD.participant_id
        )
    ) AS totals
    WHERE id = OLD.participant_id;
END;
