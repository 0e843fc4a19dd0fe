-- The chat. A message that was deleted has no text, and stays. to_user: NULL is everybody, '' those in charge.

CREATE TABLE messages (
    room TEXT NOT NULL REFERENCES meetings (room) ON DELETE CASCADE,
    id TEXT NOT NULL CHECK (id <> ''),
    user_id TEXT NOT NULL,
    key TEXT NOT NULL, -- made by the author's client
    to_user TEXT,
    reply_to TEXT,
    text TEXT NOT NULL,
    at REAL NOT NULL,
    edited_at REAL,
    deleted_at REAL,
    deleted_by TEXT, -- '': the admin key
    PRIMARY KEY (room, id),
    UNIQUE (room, user_id, key),
    CHECK (deleted_at IS NULL OR text = '')
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_by_time ON messages (room, at);
CREATE INDEX messages_by_user ON messages (user_id);
CREATE INDEX messages_by_addressee ON messages (to_user) WHERE to_user IS NOT NULL;
CREATE INDEX messages_by_deleter ON messages (deleted_by) WHERE deleted_by IS NOT NULL;
