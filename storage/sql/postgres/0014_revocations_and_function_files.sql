-- Whose credentials are void, and which release wrote the functions.

CREATE TABLE reconvene.revocations (
    user_id text COLLATE "C" PRIMARY KEY CHECK (user_id <> ''),
    before double precision NOT NULL -- what was issued before this moment is void
);

-- From here on functions are in files of their own, in functions/. Each is run again whenever its contents changed. A
-- release does not replace functions that a later release wrote.
CREATE TABLE reconvene.function_files (
    name text COLLATE "C" PRIMARY KEY,
    hash text NOT NULL,
    release integer[] NOT NULL, -- major, minor, patch: arrays are ordered element by element
    written_at timestamptz NOT NULL DEFAULT now()
);

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
        FROM (VALUES ('meetings', 'revocations'), ('migrations', 'function_files')) AS alike (known, made)
        JOIN pg_class ON pg_class.oid = format('reconvene.%I', known)::regclass
        CROSS JOIN aclexplode(relacl)
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (14, '0014_revocations_and_function_files');
