-- Invite links.

CREATE OR REPLACE FUNCTION reconvene.make_invite(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    meeting reconvene.meetings;
BEGIN
    PERFORM reconvene.lock_credentials(call ->> 'by');
    SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    IF meeting.ended_at IS NOT NULL THEN
        RETURN '{"refused": "meeting_ended"}';
    END IF;
    IF EXISTS (
        SELECT 1 FROM reconvene.revocations
        WHERE user_id = call ->> 'by' AND before > (call ->> 'at')::double precision
    ) THEN
        RETURN '{"refused": "revoked"}';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM reconvene.invites WHERE room = meeting.room AND id = call ->> 'id') THEN
        IF (SELECT count(*) FROM reconvene.invites WHERE room = meeting.room) >= (call ->> 'most')::integer THEN
            RETURN '{"refused": "too_many_invites"}';
        END IF;
        IF call ->> 'role' = 'host' THEN
            PERFORM reconvene.void_host_link(meeting.room, (call ->> 'at')::double precision);
        END IF;
        INSERT INTO reconvene.invites (id, room, hash, role, uses, expires_at, created_at, by)
        VALUES (
            call ->> 'id', meeting.room, call ->> 'hash', call ->> 'role',
            CASE WHEN call ->> 'role' = 'host' THEN 1 ELSE (call ->> 'uses')::integer END,
            (call ->> 'expires_at')::double precision, (call ->> 'at')::double precision, call ->> 'by'
        );
        PERFORM reconvene.write_audit(
            meeting.room, (call ->> 'at')::double precision, call ->> 'by', 'invite', '',
            jsonb_build_object('invite', call -> 'id', 'role', call -> 'role')
        );
    END IF;
    RETURN (
        SELECT json_build_object('value', to_jsonb(invites) - 'hash') FROM reconvene.invites
        WHERE room = meeting.room AND id = call ->> 'id'
    );
END $$;

CREATE OR REPLACE FUNCTION reconvene.all_invites(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce(json_agg(to_jsonb(invites) - 'hash' ORDER BY created_at, id), '[]'))
    FROM reconvene.invites WHERE room = call ->> 'room'
$$;

CREATE OR REPLACE FUNCTION reconvene.find_invite(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', (
        SELECT to_jsonb(invites) - 'hash' FROM reconvene.invites WHERE room = call ->> 'room' AND id = call ->> 'id'
    ))
$$;

-- The link by which a host comes back who has lost the identity: an invite with the role host. There is one at a time.
CREATE OR REPLACE FUNCTION reconvene.void_host_link(which text, at double precision) RETURNS void LANGUAGE sql AS $$
    UPDATE reconvene.invites SET revoked_at = $2
    WHERE room = which AND role = 'host' AND revoked_at IS NULL AND used < uses
$$;

CREATE OR REPLACE FUNCTION reconvene.is_host_link(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', EXISTS (
        SELECT 1 FROM reconvene.invites
        WHERE room = call ->> 'room' AND hash = call ->> 'hash' AND role = 'host' AND revoked_at IS NULL AND used < uses
            AND (expires_at IS NULL OR expires_at > (call ->> 'at')::double precision)
    ))
$$;

CREATE OR REPLACE FUNCTION reconvene.revoke_invite(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
    UPDATE reconvene.invites SET revoked_at = (call ->> 'at')::double precision
    WHERE room = call ->> 'room' AND id = call ->> 'id' AND revoked_at IS NULL;
    IF FOUND THEN
        PERFORM reconvene.write_audit(
            call ->> 'room', (call ->> 'at')::double precision, call ->> 'by', 'revoke_invite', '',
            jsonb_build_object('invite', call -> 'id')
        );
    END IF;
    RETURN json_build_object('value', EXISTS (
        SELECT 1 FROM reconvene.invites WHERE room = call ->> 'room' AND id = call ->> 'id'
    ));
END $$;
