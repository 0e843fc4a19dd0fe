-- Who may do what in a meeting. A sitting is a time in which people come together: see `storage.entry`.

-- This locks the tables for a moment, as in 0015.
SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.meetings
    ADD COLUMN settings jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN revision integer NOT NULL DEFAULT 0, -- of the settings
    ADD COLUMN sitting integer NOT NULL DEFAULT 1;
ALTER TABLE reconvene.participants
    ADD COLUMN may jsonb NOT NULL DEFAULT '{}', -- where it differs
    ADD COLUMN hand_at double precision,
    ADD COLUMN role_at double precision, -- when the role was changed last
    ADD COLUMN sitting integer NOT NULL DEFAULT 0; -- the last one that the user was in

-- These go with their meeting. `by` and `whom` are user ids: '' is the admin key, the system, or everybody.

CREATE TABLE reconvene.admissions (
    room text COLLATE "C" NOT NULL REFERENCES reconvene.meetings (room) ON DELETE CASCADE,
    user_id text COLLATE "C" NOT NULL,
    sitting integer NOT NULL DEFAULT 0, -- in which the user was admitted; 0: none
    denials integer NOT NULL DEFAULT 0 CHECK (denials >= 0),
    at double precision NOT NULL,
    by text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, user_id)
);

CREATE TABLE reconvene.removals (
    room text COLLATE "C" NOT NULL REFERENCES reconvene.meetings (room) ON DELETE CASCADE,
    user_id text COLLATE "C" NOT NULL,
    back text NOT NULL CHECK (back IN ('never', 'knock')),
    at double precision NOT NULL,
    by text COLLATE "C" NOT NULL,
    PRIMARY KEY (room, user_id)
);

CREATE TABLE reconvene.invites (
    id text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    room text COLLATE "C" NOT NULL REFERENCES reconvene.meetings (room) ON DELETE CASCADE,
    hash text COLLATE "C" NOT NULL CHECK (hash <> ''),
    role text NOT NULL CHECK (role IN ('host', 'cohost', 'participant')),
    uses integer CHECK (uses >= 1), -- NULL: any number
    used integer NOT NULL DEFAULT 0 CHECK (used <= uses),
    expires_at double precision,
    revoked_at double precision,
    created_at double precision NOT NULL,
    by text COLLATE "C" NOT NULL,
    UNIQUE (room, hash)
);

CREATE TABLE reconvene.invite_uses (
    invite text COLLATE "C" NOT NULL REFERENCES reconvene.invites (id) ON DELETE CASCADE,
    user_id text COLLATE "C" NOT NULL,
    at double precision NOT NULL,
    PRIMARY KEY (invite, user_id)
);

-- Which changes were carried out, so that none is twice.
CREATE TABLE reconvene.changes (
    room text COLLATE "C" NOT NULL REFERENCES reconvene.meetings (room) ON DELETE CASCADE,
    user_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    at double precision NOT NULL,
    PRIMARY KEY (room, user_id, key)
);

CREATE INDEX changes_by_time ON reconvene.changes (at);

CREATE TABLE reconvene.audit (
    room text COLLATE "C" NOT NULL REFERENCES reconvene.meetings (room) ON DELETE CASCADE,
    n integer NOT NULL,
    at double precision NOT NULL,
    by text COLLATE "C" NOT NULL,
    action text NOT NULL,
    whom text COLLATE "C" NOT NULL,
    detail jsonb NOT NULL,
    PRIMARY KEY (room, n)
);

-- What a join brings with it: see `JoinRequest`. `v`: which answers the caller knows. `refused` is written by `judged`.
ALTER TYPE reconvene.wish
    ADD ATTRIBUTE v integer,
    ADD ATTRIBUTE returns boolean,
    ADD ATTRIBUTE standing text,
    ADD ATTRIBUTE guests_wait boolean,
    ADD ATTRIBUTE password_version text,
    ADD ATTRIBUTE invite text,
    ADD ATTRIBUTE role text,
    ADD ATTRIBUTE role_at double precision,
    ADD ATTRIBUTE may jsonb,
    ADD ATTRIBUTE refused text;

-- The function of earlier releases names the columns of a meeting, and would fail until functions/meetings.sql is run.
CREATE OR REPLACE FUNCTION reconvene.hosted_meetings(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce(
        json_agg(reconvene.in_list(hosted) ORDER BY created_at DESC, room COLLATE "C"), '[]'
    ))
    FROM (
        SELECT meetings AS hosted, created_at, room FROM reconvene.meetings
        WHERE host_user_id = call ->> 'user_id' OR call ->> 'user_id' IS NULL
        ORDER BY created_at DESC, room
        LIMIT (call ->> 'limit')::integer
    ) AS found
$$;

-- A role that was granted the other tables has rights on these too.
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format(
            'GRANT %s ON reconvene.%I TO %s',
            privilege_type, made, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
        )
        FROM unnest('{admissions, removals, invites, invite_uses, changes, audit}'::text[]) AS made
        CROSS JOIN pg_class
        CROSS JOIN aclexplode(relacl)
        WHERE pg_class.oid = 'reconvene.meetings'::regclass
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (17, '0017_moderation');
