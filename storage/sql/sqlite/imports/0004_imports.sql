-- Attendance that was read elsewhere. What is shown of a part are the rows of one walk: `shown` points to it, and to
-- show other rows is to let it point elsewhere. It goes with its meeting.

CREATE TABLE imports (
    room TEXT PRIMARY KEY REFERENCES meetings (room) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('webinar', 'meeting')),
    external_id TEXT NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL,
    due_attempt INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX imports_by_due ON imports (due_at) WHERE due_at IS NOT NULL;

-- `ended_at` is what was told of the end; `last_walk` was finished last.

CREATE TABLE import_parts (
    room TEXT NOT NULL REFERENCES imports (room) ON DELETE CASCADE,
    part TEXT NOT NULL CHECK (part <> ''),
    starts_at REAL,
    ended_at REAL,
    state TEXT NOT NULL DEFAULT 'unread' CHECK (state IN ('unread', 'live', 'partial', 'complete', 'unknown')),
    shown TEXT,
    agreed INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    checked_at REAL,
    last_walk TEXT,
    PRIMARY KEY (room, part),
    CHECK ((shown IS NULL) = (state = 'unread'))
) STRICT, WITHOUT ROWID;

CREATE INDEX import_parts_by_last_walk ON import_parts (last_walk) WHERE last_walk IS NOT NULL;

-- `finish` is the state it was finished with, if it was. Known then: the sum of its rows' digests, the first and the
-- last moment of its stays that count. The one of what is heard live has no owner, and these as they come.

CREATE TABLE import_walks (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    room TEXT NOT NULL,
    part TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('walking', 'shown', 'dropped', 'live')),
    owner TEXT NOT NULL,
    lease_until REAL NOT NULL,
    begun_at REAL NOT NULL,
    touched_at REAL NOT NULL,
    source TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT '',
    cursor TEXT,
    pages INTEGER NOT NULL DEFAULT 0,
    rows INTEGER NOT NULL DEFAULT 0,
    total INTEGER,
    finish TEXT,
    digests INTEGER NOT NULL DEFAULT 0,
    first_at REAL,
    last_at REAL,
    FOREIGN KEY (room, part) REFERENCES import_parts (room, part) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX import_walks_by_part ON import_walks (room, part);

-- Whose each key is. A row's stays the same person's when persons are united: only this table changes.

CREATE TABLE import_keys (
    room TEXT NOT NULL REFERENCES imports (room) ON DELETE CASCADE,
    key TEXT NOT NULL CHECK (key <> ''),
    person TEXT NOT NULL,
    PRIMARY KEY (room, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX import_keys_by_person ON import_keys (room, person);

CREATE TABLE import_stays (
    walk_id TEXT NOT NULL REFERENCES import_walks (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL CHECK (session_id <> ''),
    key TEXT NOT NULL,
    guest INTEGER NOT NULL CHECK (guest IN (0, 1)),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    joined_at REAL NOT NULL,
    left_at REAL,
    joined_told INTEGER NOT NULL CHECK (joined_told IN (0, 1)),
    left_told INTEGER NOT NULL CHECK (left_told IN (0, 1)),
    counted INTEGER NOT NULL CHECK (counted IN (0, 1)),
    digest INTEGER NOT NULL,
    PRIMARY KEY (walk_id, session_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE import_registrants (
    walk_id TEXT NOT NULL REFERENCES import_walks (id) ON DELETE CASCADE,
    registrant_id TEXT NOT NULL CHECK (registrant_id <> ''),
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('approved', 'pending', 'denied')),
    registered_at REAL,
    digest INTEGER NOT NULL,
    PRIMARY KEY (walk_id, registrant_id)
) STRICT, WITHOUT ROWID;
