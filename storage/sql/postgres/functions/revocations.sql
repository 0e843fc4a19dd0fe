-- Whose credentials are void.

CREATE OR REPLACE FUNCTION reconvene.revoke(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM reconvene.revocations WHERE before < (call ->> 'forget')::double precision;
    INSERT INTO reconvene.revocations AS known (user_id, before)
    VALUES (call ->> 'user_id', (call ->> 'before')::double precision)
    ON CONFLICT (user_id) DO UPDATE SET before = greatest(known.before, excluded.before);
    RETURN '{"value": null}';
END $$;

CREATE OR REPLACE FUNCTION reconvene.all_revocations(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce((
        SELECT json_object_agg(user_id, before) FROM reconvene.revocations
    ), '{}'))
$$;
