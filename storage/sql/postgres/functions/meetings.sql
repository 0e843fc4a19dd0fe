-- Meetings: made, shown, listed, ended, deleted.

CREATE OR REPLACE FUNCTION reconvene.find_meeting(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'value', (SELECT row_to_json(meetings) FROM reconvene.meetings WHERE room = call ->> 'room')
    )
$$;

CREATE OR REPLACE FUNCTION reconvene.create_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    meeting reconvene.meetings;
    is_created boolean := false;
    given jsonb := coalesce(call -> 'settings', '{}');
BEGIN
    LOOP
        SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room';
        EXIT WHEN FOUND;
        INSERT INTO reconvene.meetings (room, title, host_user_id, created_at, settings, revision)
        VALUES (
            call ->> 'room', call ->> 'title', call ->> 'user_id', (call ->> 'at')::double precision, given,
            (given <> '{}')::integer
        )
        ON CONFLICT DO NOTHING
        RETURNING * INTO meeting;
        is_created := FOUND;
        EXIT WHEN FOUND;
    END LOOP;
    -- The call was sent again because its answer was lost: the row is its own.
    IF call ? 'again' AND meeting.host_user_id = call ->> 'user_id'
        AND meeting.created_at = (call ->> 'at')::double precision
    THEN
        is_created := true;
    END IF;
    RETURN json_build_object(
        'value', json_build_object('meeting', row_to_json(meeting), 'created', is_created)
    );
END $$;

-- A meeting as a list shows it. Programs, whose user ids begin with b_ or xb_ (`storage.records.PROGRAMS`), are not
-- counted.
CREATE OR REPLACE FUNCTION reconvene.in_list(hosted reconvene.meetings) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    origin text;
BEGIN
    SELECT kind INTO origin FROM reconvene.imports WHERE room = hosted.room;
    IF FOUND THEN
        RETURN (
            SELECT json_build_object(
                'meeting', row_to_json(hosted), 'attended', attended, 'present', present, 'last_seen_at', last_seen_at,
                'imported', origin
            )
            FROM reconvene.imported_crowd(hosted.room)
        );
    END IF;
    RETURN (
        SELECT json_build_object(
            'meeting', row_to_json(hosted),
            'attended', count(*),
            'present', count(*) FILTER (WHERE state = 'connected'),
            'last_seen_at', max(last_seen_at),
            'imported', NULL
        )
        FROM reconvene.participants
        WHERE participants.room = hosted.room AND NOT starts_with(user_id, 'b_')
            AND NOT starts_with(user_id, 'xb_')
    );
END $$;

CREATE OR REPLACE FUNCTION reconvene.hosted_meetings(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    found reconvene.meetings[];
BEGIN
    IF call ->> 'user_id' IS NULL THEN
        found := ARRAY(
            SELECT meetings FROM reconvene.meetings
            ORDER BY created_at DESC, room
            LIMIT (call ->> 'limit')::integer
        );
    ELSE
        found := ARRAY(
            SELECT meetings FROM reconvene.meetings WHERE host_user_id = call ->> 'user_id'
            ORDER BY created_at DESC, room
            LIMIT (call ->> 'limit')::integer
        );
    END IF;
    RETURN json_build_object('value', coalesce((
        SELECT json_agg(
            reconvene.in_list(hosted) ORDER BY created_at DESC, room COLLATE "C"
        )
        FROM unnest(found) AS hosted
    ), '[]'));
END $$;

-- People may leave before the meeting was created, if the clock was set back meanwhile.
CREATE OR REPLACE FUNCTION reconvene.end_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    meeting reconvene.meetings;
    ends_at double precision := (call ->> 'at')::double precision;
BEGIN
    SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
    IF FOUND AND meeting.ended_at IS NULL AND coalesce(call ->> 'action', '') <> '' THEN
        PERFORM reconvene.write_audit(meeting.room, ends_at, call ->> 'by', call ->> 'action', '', '{}');
    END IF;
    UPDATE reconvene.meetings
    SET ended_at = coalesce(ended_at, greatest(created_at, ends_at))
    WHERE room = call ->> 'room'
    RETURNING * INTO meeting;
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    PERFORM 1 FROM reconvene.participants WHERE room = meeting.room ORDER BY user_id FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, least(meeting.ended_at, ends_at)), reason = 'ended'
    WHERE left_at IS NULL
        AND participant_id IN (SELECT id FROM reconvene.participants WHERE room = meeting.room);
    DELETE FROM reconvene.admissions WHERE room = meeting.room;
    DELETE FROM reconvene.invites WHERE room = meeting.room;
    RETURN json_build_object('value', row_to_json(meeting));
END $$;

CREATE OR REPLACE FUNCTION reconvene.delete_meeting(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reconvene.meetings
    WHERE room = call ->> 'room' AND created_at = coalesce((call ->> 'created_at')::double precision, created_at)
    FOR UPDATE;
    IF NOT FOUND THEN
        -- The call was sent again because its answer was lost: most likely it had deleted the meeting.
        RETURN json_build_object('value', call ? 'again');
    END IF;
    PERFORM 1 FROM reconvene.participants WHERE room = call ->> 'room' ORDER BY user_id FOR UPDATE;
    DELETE FROM reconvene.participant_sessions
    WHERE participant_id IN (SELECT id FROM reconvene.participants WHERE room = call ->> 'room');
    DELETE FROM reconvene.participants WHERE room = call ->> 'room';
    -- Invites and whatever else is about who may do what go with it.
    DELETE FROM reconvene.meetings WHERE room = call ->> 'room';
    RETURN '{"value": true}';
END $$;

CREATE OR REPLACE FUNCTION reconvene.delete_old_meetings(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    before double precision := (call ->> 'before')::double precision;
    old text;
    deleted text[] := '{}';
BEGIN
    FOR old IN
        SELECT room FROM reconvene.meetings
        WHERE created_at < before AND (ended_at IS NULL OR ended_at < before)
            AND NOT EXISTS (
                SELECT 1 FROM reconvene.participants
                WHERE participants.room = meetings.room AND (last_seen_at >= before OR state = 'connected')
            )
            AND NOT reconvene.is_heard_live(room)
        ORDER BY created_at
        LIMIT (call ->> 'limit')::integer
        FOR UPDATE SKIP LOCKED
    LOOP
        -- Checked again under the lock: someone may have come meanwhile.
        CONTINUE WHEN reconvene.is_heard_live(old) OR EXISTS (
            SELECT 1 FROM reconvene.participants
            WHERE room = old AND (last_seen_at >= before OR state = 'connected')
        );
        PERFORM reconvene.delete_meeting(jsonb_build_object('room', old));
        deleted := array_append(deleted, old);
    END LOOP;
    RETURN json_build_object('value', deleted);
END $$;
