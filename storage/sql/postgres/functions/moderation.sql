-- Changes by moderators. The file `joins` tells the order of locks.

-- `call` has what `storage.moderation.Change` has, without what is empty.
CREATE OR REPLACE FUNCTION reconvene.change(call jsonb) RETURNS json LANGUAGE plpgsql
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    meeting reconvene.meetings;
    given record;
    done_at double precision;
    changed_at double precision := (call ->> 'at')::double precision;
    changed_by text := call ->> 'by';
    detail jsonb := call -> 'detail';
    before text;
BEGIN
    SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    SELECT at INTO done_at FROM reconvene.changes
    WHERE room = meeting.room AND user_id = changed_by AND key = call ->> 'key';
    IF FOUND THEN
        -- The call was sent again because its answer was lost: it was the first itself.
        RETURN reconvene.changed(meeting, NOT (call ? 'again' AND done_at = changed_at), done_at);
    END IF;
    IF meeting.ended_at IS NOT NULL THEN
        RETURN '{"refused": "meeting_ended"}';
    END IF;
    IF reconvene.sitting_is_over(meeting.room, changed_at) THEN
        meeting.sitting := meeting.sitting + 1;
    END IF;
    IF (call ->> 'revision')::integer <> meeting.revision THEN
        RETURN json_build_object(
            'refused', 'outdated',
            'settings', meeting.settings, 'revision', meeting.revision, 'sitting', meeting.sitting
        );
    END IF;
    INSERT INTO reconvene.changes (room, user_id, key, at)
    VALUES (meeting.room, changed_by, call ->> 'key', changed_at);
    IF call ? 'settings' THEN
        -- A patch of the top level; null deletes.
        meeting.settings := (meeting.settings || (call -> 'settings')) - ARRAY(
            SELECT name FROM jsonb_each(call -> 'settings') AS patch (name, value) WHERE value = 'null'
        );
        meeting.revision := meeting.revision + 1;
    END IF;
    -- One by one: a statement about a list of users would be planned to look at everybody in the meeting.
    FOR given IN
        SELECT user_id COLLATE "C" AS key FROM (
            SELECT jsonb_object_keys(call -> part) FROM unnest('{roles, may, remove}'::text[]) AS part
            UNION
            SELECT unnest(ARRAY[call ->> 'host', meeting.host_user_id]) WHERE call ? 'host'
        ) AS changed (user_id)
        ORDER BY 1
    LOOP
        PERFORM 1 FROM reconvene.participants WHERE room = meeting.room AND user_id = given.key FOR NO KEY UPDATE;
    END LOOP;
    IF call ->> 'host' <> meeting.host_user_id THEN
        PERFORM reconvene.set_role(meeting.room, meeting.host_user_id, 'cohost', changed_at);
        PERFORM reconvene.set_role(meeting.room, call ->> 'host', 'host', changed_at);
        meeting.host_user_id := call ->> 'host';
        -- A host is always let in.
        PERFORM reconvene.forgive(meeting.room, meeting.host_user_id);
        -- Nobody takes it back by a link of before.
        PERFORM reconvene.void_host_link(meeting.room, changed_at);
    END IF;
    UPDATE reconvene.meetings
    SET settings = meeting.settings, revision = meeting.revision, sitting = meeting.sitting,
        host_user_id = meeting.host_user_id
    WHERE room = meeting.room
        AND (call ? 'settings' OR sitting <> meeting.sitting OR host_user_id <> meeting.host_user_id);
    FOR given IN SELECT * FROM jsonb_each_text(call -> 'roles') LOOP
        CONTINUE WHEN given.key = meeting.host_user_id;
        PERFORM reconvene.set_role(meeting.room, given.key, given.value, changed_at);
        IF given.value = 'cohost' THEN
            -- Co-hosts get in, too.
            UPDATE reconvene.admissions SET denials = 0 WHERE room = meeting.room AND user_id = given.key;
        END IF;
    END LOOP;
    FOR given IN SELECT * FROM jsonb_each(call -> 'may') LOOP
        UPDATE reconvene.participants SET may = given.value, role_at = greatest(changed_at, role_at)
        WHERE room = meeting.room AND user_id = given.key;
    END LOOP;
    FOR given IN SELECT * FROM jsonb_each_text(call -> 'remove') LOOP
        CONTINUE WHEN given.key = meeting.host_user_id;
        PERFORM reconvene.remove_user(
            meeting.room, given.key, given.value, changed_at, changed_by, call ->> 'node'
        );
    END LOOP;
    PERFORM reconvene.forgive(meeting.room, who) FROM jsonb_array_elements_text(call -> 'readmit') AS who;
    FOR given IN SELECT value AS key FROM jsonb_array_elements_text(call -> 'admit') LOOP
        INSERT INTO reconvene.admissions (room, user_id, sitting, at, by)
        VALUES (meeting.room, given.key, meeting.sitting, changed_at, changed_by)
        ON CONFLICT (room, user_id) DO UPDATE SET sitting = excluded.sitting, at = excluded.at, by = excluded.by;
        DELETE FROM reconvene.removals WHERE room = meeting.room AND user_id = given.key AND back = 'knock';
    END LOOP;
    FOR given IN SELECT value AS key FROM jsonb_array_elements_text(call -> 'deny') LOOP
        CONTINUE WHEN given.key = meeting.host_user_id;
        INSERT INTO reconvene.admissions AS known (room, user_id, denials, at, by)
        VALUES (meeting.room, given.key, 1, changed_at, changed_by)
        ON CONFLICT (room, user_id) DO UPDATE
        SET sitting = 0, denials = known.denials + 1, at = excluded.at, by = excluded.by;
    END LOOP;
    IF call ? 'name' THEN
        SELECT name INTO before FROM reconvene.participants
        WHERE room = meeting.room AND user_id = changed_by FOR NO KEY UPDATE;
        UPDATE reconvene.participants SET name = call ->> 'name' WHERE room = meeting.room AND user_id = changed_by;
        -- Nothing is written, if nobody is called otherwise by it.
        detail := CASE WHEN before <> call ->> 'name' THEN
            detail || jsonb_build_object('name', call ->> 'name', 'before', before)
        END;
    END IF;
    IF call ->> 'action' <> '' AND detail IS NOT NULL THEN
        PERFORM reconvene.write_audit(
            meeting.room, changed_at, changed_by, call ->> 'action', call ->> 'whom', detail
        );
    END IF;
    RETURN reconvene.changed(meeting, false, changed_at);
END $$;

CREATE OR REPLACE FUNCTION reconvene.changed(meeting reconvene.meetings, is_again boolean, done_at double precision)
RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT json_build_object('value', json_build_object(
        'again', is_again,
        'at', done_at,
        'settings', meeting.settings,
        'revision', meeting.revision,
        'sitting', meeting.sitting
    ))
$$;

-- One by one, as above, in the order in which all lock people.
CREATE OR REPLACE FUNCTION reconvene.set_hands(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    given record;
BEGIN
    FOR given IN SELECT * FROM jsonb_each_text(call -> 'hands') AS each (who, raised_at) ORDER BY who COLLATE "C" LOOP
        UPDATE reconvene.participants SET hand_at = given.raised_at::double precision
        WHERE room = call ->> 'room' AND user_id = given.who;
    END LOOP;
    RETURN '{"value": null}';
END $$;

-- A token may claim role and rights since a moment in the future. A change that follows is newer than that, too.
CREATE OR REPLACE FUNCTION reconvene.set_role(which text, who text, role text, changed_at double precision)
RETURNS void LANGUAGE sql AS $$
    UPDATE reconvene.participants SET role = $3, role_at = greatest(changed_at, role_at)
    WHERE room = which AND user_id = who
$$;

-- That of releases until 0.7.
DROP FUNCTION IF EXISTS reconvene.remove_user(text, text, text, double precision, text);

-- `back`: how the user may come back. `node`: the caller's ("", NULL: unknown).
CREATE OR REPLACE FUNCTION reconvene.remove_user(
    which text, who text, back text, removed_at double precision, removed_by text, node text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    person text;
BEGIN
    IF back = 'freely' THEN
        DELETE FROM reconvene.removals WHERE room = which AND user_id = who;
    ELSE
        INSERT INTO reconvene.removals (room, user_id, back, at, by) VALUES (which, who, $3, removed_at, removed_by)
        ON CONFLICT (room, user_id) DO UPDATE SET back = excluded.back, at = excluded.at, by = excluded.by;
    END IF;
    UPDATE reconvene.admissions SET sitting = 0 WHERE room = which AND user_id = who;
    PERFORM reconvene.set_role(which, who, 'participant', removed_at);
    -- They were in this sitting, which ends as it would with them, and have no place in it.
    UPDATE reconvene.participants SET hand_at = NULL, sitting = -abs(sitting) WHERE room = which AND user_id = who
    RETURNING id INTO person;
    -- The last stay, if it was lost a moment ago: nobody may come back to it.
    UPDATE reconvene.participant_sessions AS last SET reason = 'removed'
    WHERE participant_id = person AND reason = 'lost' AND left_at > removed_at - 900
        AND NOT EXISTS (
            SELECT 1 FROM reconvene.participant_sessions AS other
            WHERE other.participant_id = last.participant_id AND other.session_id <> last.session_id
                AND (
                    other.left_at IS NULL
                    OR (other.left_at, other.joined_at, other.session_id)
                        > (last.left_at, last.joined_at, last.session_id)
                )
        );
    -- Under another node, which may be dead, nobody can say more than when that was last heard of.
    UPDATE reconvene.participant_sessions
    SET left_at = CASE
            WHEN coalesce(node, '') IN (node_id, '') THEN greatest(joined_at, removed_at)
            ELSE greatest(
                joined_at,
                reconnects[cardinality(reconnects)],
                (SELECT heartbeat_at FROM reconvene.nodes WHERE id = node_id)
            )
        END,
        reason = 'removed',
        estimated = coalesce(node, '') NOT IN (node_id, '')
    WHERE participant_id = person AND left_at IS NULL;
END $$;

-- Forget a removal, and denials.
CREATE OR REPLACE FUNCTION reconvene.forgive(which text, who text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM reconvene.removals WHERE room = which AND user_id = who;
    UPDATE reconvene.admissions SET denials = 0 WHERE room = which AND user_id = who;
$$;

-- The meeting is locked.
CREATE OR REPLACE FUNCTION reconvene.write_audit(
    which text, at double precision, by text, action text, whom text, detail jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO reconvene.audit (room, n, at, by, action, whom, detail)
    SELECT $1, coalesce(max(n), 0) + 1, $2, $3, $4, $5, $6 FROM reconvene.audit WHERE room = $1
$$;
