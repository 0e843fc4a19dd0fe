-- Whose credentials are void.

-- Either a link is made before its maker is revoked, and dies with the others, or after it, and is refused. Before the
-- meetings are locked, everywhere.
CREATE OR REPLACE FUNCTION reconvene.lock_credentials(who text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('reconvene.revoke ' || who, 0))
$$;

CREATE OR REPLACE FUNCTION reconvene.revoke(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    who text := call ->> 'user_id';
    -- Callers of releases that void no invites send no `at`.
    revoked double precision := coalesce(call ->> 'at', call ->> 'before')::double precision;
    made record;
BEGIN
    PERFORM reconvene.lock_credentials(who);
    DELETE FROM reconvene.revocations WHERE before < (call ->> 'forget')::double precision;
    INSERT INTO reconvene.revocations AS known (user_id, before)
    VALUES (who, (call ->> 'before')::double precision)
    ON CONFLICT (user_id) DO UPDATE SET before = greatest(known.before, excluded.before);
    -- The user's links are dead: the meetings first, as whoever changes invites locks them.
    PERFORM 1 FROM reconvene.meetings
    WHERE room IN (SELECT known.room FROM reconvene.invites AS known WHERE known.by = who AND revoked_at IS NULL)
    ORDER BY room
    FOR NO KEY UPDATE;
    FOR made IN
        UPDATE reconvene.invites AS known SET revoked_at = revoked
        WHERE known.by = who AND revoked_at IS NULL
        RETURNING room, id
    LOOP
        PERFORM reconvene.write_audit(
            made.room, revoked, '', 'revoke_invite', '', jsonb_build_object('invite', made.id)
        );
    END LOOP;
    RETURN '{"value": null}';
END $$;

CREATE OR REPLACE FUNCTION reconvene.all_revocations(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce((
        SELECT json_object_agg(user_id, before) FROM reconvene.revocations
    ), '{}'))
$$;
