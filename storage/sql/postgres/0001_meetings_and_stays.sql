-- Everything lives in a schema of its own, so that no other table is in the way.
-- Times are seconds since the epoch (UTC), durations seconds: to_timestamp(joined_at) shows a date.

CREATE SCHEMA reconvene;

CREATE TABLE reconvene.migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- Ids are compared byte by byte, as in every other store.

CREATE TABLE reconvene.meetings (
    room text COLLATE "C" PRIMARY KEY CHECK (room <> ''),
    title text NOT NULL,
    host_user_id text COLLATE "C" NOT NULL,
    created_at double precision NOT NULL,
    ended_at double precision CHECK (ended_at >= created_at)
);

CREATE INDEX meetings_by_host ON reconvene.meetings (host_user_id, created_at);
CREATE INDEX meetings_by_creation ON reconvene.meetings (created_at);

CREATE TABLE reconvene.participants (
    id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    room text COLLATE "C" NOT NULL REFERENCES reconvene.meetings (room),
    user_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('host', 'cohost', 'participant')),
    state text NOT NULL DEFAULT 'disconnected' CHECK (state IN ('connected', 'disconnected')),
    first_joined_at double precision NOT NULL,
    last_seen_at double precision NOT NULL,
    session_count integer NOT NULL DEFAULT 0 CHECK (session_count >= 0),
    total_duration double precision NOT NULL DEFAULT 0 CHECK (total_duration >= 0),
    UNIQUE (room, user_id)
) WITH (fillfactor = 80); -- every stay changes its row: room beside it keeps the change on the page

CREATE TABLE reconvene.nodes (
    id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    heartbeat_at double precision NOT NULL,
    stopped_at double precision
) WITH (fillfactor = 50);

CREATE INDEX nodes_by_heartbeat ON reconvene.nodes (heartbeat_at);

CREATE TABLE reconvene.participant_sessions (
    participant_id text COLLATE "C" NOT NULL REFERENCES reconvene.participants (id),
    session_id text COLLATE "C" NOT NULL CHECK (session_id <> ''),
    node_id text COLLATE "C" NOT NULL REFERENCES reconvene.nodes (id),
    instance text NOT NULL,
    joined_at double precision NOT NULL,
    left_at double precision CHECK (left_at >= joined_at),
    reason text CHECK (reason IN ('left', 'lost', 'removed', 'ended')),
    estimated boolean NOT NULL DEFAULT false,
    connections integer NOT NULL DEFAULT 1 CHECK (connections >= 1),
    reconnects double precision[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (participant_id, session_id),
    CHECK ((left_at IS NULL) = (reason IS NULL)),
    CHECK (NOT estimated OR left_at IS NOT NULL)
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX one_open_stay ON reconvene.participant_sessions (participant_id) WHERE left_at IS NULL;
CREATE INDEX open_stays_by_node ON reconvene.participant_sessions (node_id) WHERE left_at IS NULL;
CREATE INDEX lost_stays_by_end ON reconvene.participant_sessions (left_at) WHERE reason = 'lost';

-- What is known of a participant by its stays is recomputed from all of them whenever one changes. The total is the
-- length of the union of the closed ones: going through them by arrival, each adds only what lies after the latest
-- departure so far (`covered`).

CREATE FUNCTION reconvene.recount() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seen double precision := coalesce(NEW.left_at, NEW.joined_at);
BEGIN
    UPDATE reconvene.participants
    SET session_count = totals.session_count,
        total_duration = totals.total_duration,
        state = CASE WHEN totals.is_open THEN 'connected' ELSE 'disconnected' END,
        last_seen_at = greatest(last_seen_at, seen)
    FROM (
        SELECT
            count(*) AS session_count,
            coalesce(bool_or(left_at IS NULL), false) AS is_open,
            coalesce(sum(greatest(0, left_at - greatest(joined_at, covered))), 0) AS total_duration
        FROM (
            SELECT joined_at, left_at, max(left_at) OVER (
                ORDER BY joined_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS covered
            FROM reconvene.participant_sessions WHERE participant_id = NEW.participant_id
        ) AS stays
    ) AS totals
    WHERE id = NEW.participant_id;
    RETURN NULL;
END $$;

-- An open stay leaves the total as it was.
CREATE FUNCTION reconvene.count_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reconvene.participants
    SET session_count = counted.stays, state = 'connected', last_seen_at = greatest(last_seen_at, latest)
    FROM (
        SELECT participant_id, max(joined_at) AS latest, (
            SELECT count(*) FROM reconvene.participant_sessions AS stay
            WHERE stay.participant_id = opened.participant_id
        ) AS stays
        FROM opened WHERE left_at IS NULL GROUP BY participant_id
    ) AS counted
    WHERE id = counted.participant_id
        -- A participant's first stay is known when its row is made: nothing is left to write.
        AND NOT (state = 'connected' AND session_count = counted.stays AND last_seen_at >= latest);
    RETURN NULL;
END $$;

CREATE TRIGGER stay_opened AFTER INSERT ON reconvene.participant_sessions
REFERENCING NEW TABLE AS opened FOR EACH STATEMENT EXECUTE FUNCTION reconvene.count_opened();

CREATE TRIGGER closed_stay_added AFTER INSERT ON reconvene.participant_sessions
FOR EACH ROW WHEN (NEW.left_at IS NOT NULL) EXECUTE FUNCTION reconvene.recount();

CREATE TRIGGER stay_changed AFTER UPDATE OF joined_at, left_at ON reconvene.participant_sessions
FOR EACH ROW WHEN (OLD.joined_at <> NEW.joined_at OR OLD.left_at IS DISTINCT FROM NEW.left_at)
EXECUTE FUNCTION reconvene.recount();

-- Stays are deleted with their participant only: there is nothing to recompute then.

INSERT INTO reconvene.migrations (number, name) VALUES (1, '0001_meetings_and_stays');
