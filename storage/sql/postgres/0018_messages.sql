-- The chat. A message that was deleted has no text, and stays. to_user: NULL is everybody, '' those in charge.

CREATE TABLE reconvene.messages (
    room text COLLATE "C" NOT NULL REFERENCES reconvene.meetings (room) ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL CHECK (id <> ''),
    user_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL, -- made by the author's client
    to_user text COLLATE "C",
    reply_to text COLLATE "C",
    text text NOT NULL,
    at double precision NOT NULL,
    edited_at double precision,
    deleted_at double precision,
    deleted_by text COLLATE "C", -- '': the admin key
    PRIMARY KEY (room, id),
    UNIQUE (room, user_id, key),
    CHECK (deleted_at IS NULL OR text = '')
);

CREATE INDEX messages_by_time ON reconvene.messages (room, at);
CREATE INDEX messages_by_user ON reconvene.messages (user_id);
CREATE INDEX messages_by_addressee ON reconvene.messages (to_user) WHERE to_user IS NOT NULL;
CREATE INDEX messages_by_deleter ON reconvene.messages (deleted_by) WHERE deleted_by IS NOT NULL;

-- A role that was granted the other tables has rights on this one too.
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format(
            'GRANT %s ON reconvene.messages TO %s',
            privilege_type, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
        )
        FROM pg_class CROSS JOIN aclexplode(relacl)
        WHERE pg_class.oid = 'reconvene.meetings'::regclass
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (18, '0018_messages');
