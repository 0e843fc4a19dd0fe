-- Whose credentials are void: those that were issued before a moment, in seconds since the epoch.

CREATE TABLE revocations (
    user_id TEXT PRIMARY KEY CHECK (user_id <> ''),
    before REAL NOT NULL
) STRICT, WITHOUT ROWID;
