-- What is known of one person, over all meetings. `storage.people` says what these tell and erase.

CREATE OR REPLACE FUNCTION reconvene.export_person(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    who text := call ->> 'user_id';
    quoted text := to_json(who)::text;
BEGIN
    RETURN json_build_object('value', json_build_object(
        'hosted', (
            SELECT coalesce(json_agg(json_build_object(
                'room', room, 'title', title, 'created_at', created_at, 'ended_at', ended_at
            ) ORDER BY room), '[]')
            FROM reconvene.meetings WHERE host_user_id = who
        ),
        'participants', (
            SELECT coalesce(json_agg(json_build_object(
                'id', id, 'room', room, 'name', name, 'role', role, 'first_joined_at', first_joined_at,
                'last_seen_at', last_seen_at, 'session_count', session_count, 'total_duration', total_duration,
                'may', may, 'hand_at', hand_at, 'role_at', role_at
            ) ORDER BY room), '[]')
            FROM reconvene.participants WHERE user_id = who
        ),
        'stays', (
            SELECT coalesce(json_agg(json_build_object(
                'room', room, 'participant_id', participant_id, 'session_id', session_id, 'instance', instance,
                'joined_at', joined_at, 'left_at', left_at, 'reason', reason, 'estimated', estimated,
                'connections', connections, 'reconnects', to_json(reconnects)
            ) ORDER BY room, joined_at, session_id), '[]')
            FROM reconvene.participant_sessions JOIN reconvene.participants ON id = participant_id WHERE user_id = who
        ),
        'removals', (
            SELECT coalesce(json_agg(json_build_object('room', room, 'back', back, 'at', at) ORDER BY room), '[]')
            FROM reconvene.removals WHERE user_id = who
        ),
        'admissions', (
            SELECT coalesce(json_agg(json_build_object(
                'room', room, 'sitting', sitting, 'denials', denials, 'at', at
            ) ORDER BY room), '[]')
            FROM reconvene.admissions WHERE user_id = who
        ),
        'invites', (
            SELECT coalesce(json_agg(json_build_object(
                'room', room, 'id', id, 'role', role, 'uses', uses, 'used', used, 'expires_at', expires_at,
                'revoked_at', revoked_at, 'created_at', created_at
            ) ORDER BY room, created_at, id), '[]')
            FROM reconvene.invites WHERE by = who
        ),
        'invite_uses', (
            SELECT coalesce(json_agg(json_build_object(
                'room', room, 'invite', invite, 'at', invite_uses.at
            ) ORDER BY room, invite), '[]')
            FROM reconvene.invite_uses JOIN reconvene.invites ON id = invite WHERE user_id = who
        ),
        'messages', (
            SELECT coalesce(json_agg(json_build_object(
                'room', room, 'id', id, 'reply_to', reply_to, 'text', text, 'at', at, 'edited_at', edited_at,
                'deleted_at', deleted_at
            ) ORDER BY room, at, id), '[]')
            FROM reconvene.messages WHERE user_id = who
        ),
        'audit', (
            SELECT coalesce(json_agg(json_build_object(
                'room', room, 'n', n, 'at', at, 'action', action, 'as', CASE WHEN by = who THEN 'by' ELSE 'whom' END,
                'name', CASE WHEN by = who THEN detail ->> 'name' ELSE detail #>> ARRAY['names', who] END,
                'before', CASE WHEN by = who THEN detail ->> 'before' END
            ) ORDER BY room, n), '[]')
            FROM reconvene.audit WHERE by = who OR whom = who OR position(quoted IN detail::text) > 0
        ),
        'revoked_before', (SELECT before FROM reconvene.revocations WHERE user_id = who)
    ));
END $$;

CREATE OR REPLACE FUNCTION reconvene.own_stays(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', (
        SELECT coalesce(json_agg(json_build_object(
            'joined_at', joined_at, 'left_at', left_at, 'estimated', estimated
        ) ORDER BY joined_at, session_id), '[]')
        FROM reconvene.participant_sessions
        WHERE participant_id = (
            SELECT id FROM reconvene.participants WHERE room = call ->> 'room' AND user_id = call ->> 'user_id'
        )
    ))
$$;

-- Who the person is in the record of that meeting from then on (`storage.people.alias`).
CREATE OR REPLACE FUNCTION reconvene.alias(who text, which text, salt text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN starts_with(who, 'b_') THEN 'b_' WHEN starts_with(who, 'xb_') THEN 'xb_' ELSE 'e_' END
        || left(encode(sha256(convert_to(salt || which, 'UTF8')), 'hex'), 24)
$$;

-- The file `joins` tells the order of locks.
CREATE OR REPLACE FUNCTION reconvene.erase_person(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    who text := call ->> 'user_id';
    quoted text := to_json(who)::text;
    rooms text[];
    present text[];
    which text;
    old text; -- the id of the participant
    new text;
BEGIN
    rooms := ARRAY(
        SELECT room COLLATE "C" FROM (
            SELECT room FROM reconvene.meetings WHERE host_user_id = who
            UNION SELECT room FROM reconvene.participants WHERE user_id = who
            UNION SELECT room FROM reconvene.removals WHERE user_id = who OR by = who
            UNION SELECT room FROM reconvene.admissions WHERE user_id = who OR by = who
            UNION SELECT room FROM reconvene.invites WHERE by = who
            UNION SELECT room FROM reconvene.invites JOIN reconvene.invite_uses ON id = invite WHERE user_id = who
            UNION SELECT room FROM reconvene.changes WHERE user_id = who
            UNION SELECT room FROM reconvene.messages WHERE user_id = who
            UNION SELECT room FROM reconvene.messages WHERE to_user = who
            UNION SELECT room FROM reconvene.messages WHERE deleted_by = who
            UNION SELECT room FROM reconvene.audit WHERE by = who OR whom = who OR position(quoted IN detail::text) > 0
        ) AS found
        ORDER BY 1
    );
    FOREACH which IN ARRAY rooms LOOP
        PERFORM 1 FROM reconvene.meetings WHERE room = which FOR NO KEY UPDATE;
        PERFORM 1 FROM reconvene.participants WHERE room = which AND user_id = who FOR UPDATE;
    END LOOP;
    present := ARRAY(
        SELECT room FROM reconvene.participant_sessions JOIN reconvene.participants ON id = participant_id
        WHERE user_id = who AND left_at IS NULL ORDER BY room COLLATE "C"
    );
    IF present <> '{}' THEN
        RETURN json_build_object('refused', 'person_present', 'rooms', to_json(present));
    END IF;
    FOREACH which IN ARRAY rooms LOOP
        new := reconvene.alias(who, which, call ->> 'salt');
        SELECT id INTO old FROM reconvene.participants WHERE room = which AND user_id = who;
        IF FOUND THEN
            -- The id is another one, too. Stays are moved in between, as they name it.
            INSERT INTO reconvene.participants (
                id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count, total_duration,
                role_at, sitting
            )
            SELECT 'p_' || new, room, new, 'erased', role, state, first_joined_at, last_seen_at, session_count,
                total_duration, role_at, sitting
            FROM reconvene.participants WHERE id = old;
            UPDATE reconvene.participant_sessions SET participant_id = 'p_' || new, instance = ''
            WHERE participant_id = old;
            DELETE FROM reconvene.participants WHERE id = old;
        END IF;
        UPDATE reconvene.meetings SET host_user_id = new WHERE room = which AND host_user_id = who;
        DELETE FROM reconvene.removals WHERE room = which AND user_id = who;
        UPDATE reconvene.removals SET by = new WHERE room = which AND by = who;
        DELETE FROM reconvene.admissions WHERE room = which AND user_id = who;
        UPDATE reconvene.admissions SET by = new WHERE room = which AND by = who;
        UPDATE reconvene.invites SET by = new WHERE room = which AND by = who;
        DELETE FROM reconvene.invite_uses
        WHERE user_id = who AND invite IN (SELECT id FROM reconvene.invites WHERE room = which);
        DELETE FROM reconvene.changes WHERE room = which AND user_id = who;
        DELETE FROM reconvene.messages WHERE room = which AND user_id = who;
        UPDATE reconvene.messages SET to_user = new WHERE room = which AND to_user = who;
        UPDATE reconvene.messages SET deleted_by = new WHERE room = which AND deleted_by = who;
        UPDATE reconvene.audit
        SET by = CASE WHEN by = who THEN new ELSE by END, whom = CASE WHEN whom = who THEN new ELSE whom END,
            detail = CASE
                WHEN action = 'rename' AND by = who THEN '{}'
                ELSE replace((detail #- ARRAY['names', who])::text, quoted, to_json(new)::text)::jsonb
            END
        WHERE room = which AND (by = who OR whom = who OR position(quoted IN detail::text) > 0);
    END LOOP;
    RETURN json_build_object('value', cardinality(rooms));
END $$;
