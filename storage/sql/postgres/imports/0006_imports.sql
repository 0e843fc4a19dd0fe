-- Attendance that was read elsewhere. What is shown of a part are the rows of one walk: `shown` points to it, and to
-- show other rows is to let it point elsewhere. It goes with its meeting.

CREATE TABLE reconvene.imports (
    room text COLLATE "C" PRIMARY KEY REFERENCES reconvene.meetings (room) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('webinar', 'meeting')),
    external_id text NOT NULL,
    created_at double precision NOT NULL,
    due_at double precision,
    due_attempt integer NOT NULL DEFAULT 0
);

CREATE INDEX imports_by_due ON reconvene.imports (due_at) WHERE due_at IS NOT NULL;

-- `ended_at` is what was told of the end; `last_walk` was finished last.

CREATE TABLE reconvene.import_parts (
    room text COLLATE "C" NOT NULL REFERENCES reconvene.imports (room) ON DELETE CASCADE,
    part text COLLATE "C" NOT NULL CHECK (part <> ''),
    starts_at double precision,
    ended_at double precision,
    state text NOT NULL DEFAULT 'unread' CHECK (state IN ('unread', 'live', 'partial', 'complete', 'unknown')),
    shown text COLLATE "C",
    agreed integer NOT NULL DEFAULT 0,
    source text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    checked_at double precision,
    last_walk text COLLATE "C",
    PRIMARY KEY (room, part),
    CHECK ((shown IS NULL) = (state = 'unread'))
);

CREATE INDEX import_parts_by_last_walk ON reconvene.import_parts (last_walk) WHERE last_walk IS NOT NULL;

-- `finish` is the state it was finished with, if it was. Known then: the sum of its rows' digests, the first and the
-- last moment of its stays that count. The one of what is heard live has no owner, and these as they come.

CREATE TABLE reconvene.import_walks (
    id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    room text COLLATE "C" NOT NULL,
    part text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('walking', 'shown', 'dropped', 'live')),
    owner text NOT NULL,
    lease_until double precision NOT NULL,
    begun_at double precision NOT NULL,
    touched_at double precision NOT NULL,
    source text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',
    cursor text,
    pages integer NOT NULL DEFAULT 0,
    rows integer NOT NULL DEFAULT 0,
    total integer,
    finish text,
    digests bigint NOT NULL DEFAULT 0,
    first_at double precision,
    last_at double precision,
    FOREIGN KEY (room, part) REFERENCES reconvene.import_parts (room, part) ON DELETE CASCADE
) WITH (fillfactor = 50); -- every page changes its row

CREATE INDEX import_walks_by_part ON reconvene.import_walks (room, part);

-- Whose each key is. A row's stays the same person's when persons are united: only this table changes.

CREATE TABLE reconvene.import_keys (
    room text COLLATE "C" NOT NULL REFERENCES reconvene.imports (room) ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL CHECK (key <> ''),
    person text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, key)
);

CREATE INDEX import_keys_by_person ON reconvene.import_keys (person, room);

CREATE TABLE reconvene.import_stays (
    walk_id text COLLATE "C" NOT NULL REFERENCES reconvene.import_walks (id) ON DELETE CASCADE,
    session_id text COLLATE "C" NOT NULL CHECK (session_id <> ''),
    key text COLLATE "C" NOT NULL,
    guest boolean NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    email text NOT NULL,
    joined_at double precision NOT NULL,
    left_at double precision,
    joined_told boolean NOT NULL,
    left_told boolean NOT NULL,
    counted boolean NOT NULL,
    digest bigint NOT NULL,
    PRIMARY KEY (walk_id, session_id)
);

CREATE INDEX open_import_stays ON reconvene.import_stays (walk_id) WHERE left_at IS NULL;

CREATE TABLE reconvene.import_registrants (
    walk_id text COLLATE "C" NOT NULL REFERENCES reconvene.import_walks (id) ON DELETE CASCADE,
    registrant_id text COLLATE "C" NOT NULL CHECK (registrant_id <> ''),
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    email text NOT NULL,
    status text NOT NULL CHECK (status IN ('approved', 'pending', 'denied')),
    registered_at double precision,
    digest bigint NOT NULL,
    PRIMARY KEY (walk_id, registrant_id)
);

INSERT INTO reconvene.migrations (number, name) VALUES (6, '0006_imports');
