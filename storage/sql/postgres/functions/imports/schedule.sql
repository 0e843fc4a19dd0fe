-- When an import is to be read again.

CREATE OR REPLACE FUNCTION reconvene.schedule_import(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
    UPDATE reconvene.imports
    SET due_at = (call ->> 'due_at')::double precision, due_attempt = (call ->> 'attempt')::integer
    WHERE room = call ->> 'room';
    RETURN '{"value": null}';
END $$;

-- It is about many rooms, so it locks no meetings. It skips imports that are locked, and waits for nothing.
CREATE OR REPLACE FUNCTION reconvene.claim_due_imports(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    claimed text[] := ARRAY(
        SELECT room FROM reconvene.imports
        WHERE due_at <= (call ->> 'now')::double precision
        ORDER BY due_at, room
        LIMIT (call ->> 'limit')::integer
        FOR NO KEY UPDATE SKIP LOCKED
    );
BEGIN
    UPDATE reconvene.imports SET due_at = (call ->> 'again_at')::double precision WHERE room = ANY (claimed);
    RETURN json_build_object('value', coalesce((
        SELECT json_agg(reconvene.told_import(room) ORDER BY place)
        FROM unnest(claimed) WITH ORDINALITY AS due (room, place)
    ), '[]'));
END $$;
