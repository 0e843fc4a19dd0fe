-- Who may do what in a meeting. A sitting is a time in which people come together: see `storage.entry`.

ALTER TABLE meetings ADD COLUMN settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings));
ALTER TABLE meetings ADD COLUMN revision INTEGER NOT NULL DEFAULT 0; -- of the settings
ALTER TABLE meetings ADD COLUMN sitting INTEGER NOT NULL DEFAULT 1;

ALTER TABLE participants ADD COLUMN may TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(may)); -- where it differs
ALTER TABLE participants ADD COLUMN hand_at REAL;
ALTER TABLE participants ADD COLUMN role_at REAL; -- when the role was changed last
ALTER TABLE participants ADD COLUMN sitting INTEGER NOT NULL DEFAULT 0; -- the last one that the user was in

-- These go with their meeting, whichever release deletes it. "by" and whom are user ids: '' is the admin key, the system,
-- or everybody.

CREATE TABLE admissions (
    room TEXT NOT NULL REFERENCES meetings (room) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    sitting INTEGER NOT NULL DEFAULT 0, -- in which the user was admitted; 0: none
    denials INTEGER NOT NULL DEFAULT 0 CHECK (denials >= 0),
    at REAL NOT NULL,
    "by" TEXT NOT NULL,
    PRIMARY KEY (room, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE removals (
    room TEXT NOT NULL REFERENCES meetings (room) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    back TEXT NOT NULL CHECK (back IN ('never', 'knock')),
    at REAL NOT NULL,
    "by" TEXT NOT NULL,
    PRIMARY KEY (room, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
    id TEXT PRIMARY KEY CHECK (id <> ''),
    room TEXT NOT NULL REFERENCES meetings (room) ON DELETE CASCADE,
    hash TEXT NOT NULL CHECK (hash <> ''),
    role TEXT NOT NULL CHECK (role IN ('host', 'cohost', 'participant')),
    uses INTEGER CHECK (uses >= 1), -- NULL: any number
    used INTEGER NOT NULL DEFAULT 0 CHECK (used <= uses),
    expires_at REAL,
    revoked_at REAL,
    created_at REAL NOT NULL,
    "by" TEXT NOT NULL,
    UNIQUE (room, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE invite_uses (
    invite TEXT NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (invite, user_id)
) STRICT, WITHOUT ROWID;

-- Which changes were carried out, so that none is twice.
CREATE TABLE changes (
    room TEXT NOT NULL REFERENCES meetings (room) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (room, user_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX changes_by_time ON changes (at);

CREATE TABLE audit (
    room TEXT NOT NULL REFERENCES meetings (room) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    at REAL NOT NULL,
    "by" TEXT NOT NULL,
    action TEXT NOT NULL,
    whom TEXT NOT NULL,
    detail TEXT NOT NULL CHECK (json_valid(detail)),
    PRIMARY KEY (room, n)
) STRICT, WITHOUT ROWID;
