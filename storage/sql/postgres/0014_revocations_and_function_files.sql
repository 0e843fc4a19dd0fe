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

SELECT reconvene.share_with_supabase();

INSERT INTO reconvene.migrations (number, name) VALUES (14, '0014_revocations_and_function_files');
