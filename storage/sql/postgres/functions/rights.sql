-- What moderators see.

CREATE OR REPLACE FUNCTION reconvene.rights(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    meeting reconvene.meetings;
BEGIN
    SELECT * INTO meeting FROM reconvene.meetings WHERE room = call ->> 'room';
    IF NOT FOUND THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    RETURN json_build_object('value', json_build_object(
        'settings', meeting.settings,
        'revision', meeting.revision,
        'sitting', meeting.sitting,
        'removals', coalesce((
            SELECT json_agg(json_build_object(
                'user_id', removals.user_id, 'back', back, 'at', at, 'by', by, 'name', name
            ) ORDER BY removals.user_id)
            FROM reconvene.removals LEFT JOIN reconvene.participants USING (room, user_id)
            WHERE removals.room = meeting.room
        ), '[]'),
        'admissions', coalesce((
            SELECT json_agg(json_build_object(
                'user_id', admissions.user_id, 'at', at, 'by', by, 'name', name
            ) ORDER BY admissions.user_id)
            FROM reconvene.admissions LEFT JOIN reconvene.participants USING (room, user_id)
            WHERE admissions.room = meeting.room AND admissions.sitting = meeting.sitting
        ), '[]'),
        'denials', coalesce((
            SELECT json_agg(json_build_object(
                'user_id', admissions.user_id, 'denials', denials, 'at', at, 'by', by, 'name', name
            ) ORDER BY admissions.user_id)
            FROM reconvene.admissions LEFT JOIN reconvene.participants USING (room, user_id)
            WHERE admissions.room = meeting.room AND denials > 0
        ), '[]'),
        'invites', coalesce((
            SELECT json_agg(to_jsonb(invites) - 'hash' ORDER BY created_at, id)
            FROM reconvene.invites WHERE room = meeting.room
        ), '[]')
    ));
END $$;

CREATE OR REPLACE FUNCTION reconvene.audit_entries(call jsonb) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM reconvene.meetings WHERE room = call ->> 'room') THEN
        RETURN '{"refused": "unknown_meeting"}';
    END IF;
    RETURN json_build_object('value', coalesce((
        SELECT json_agg(row_to_json(entry) ORDER BY n DESC)
        FROM (
            SELECT n, at, by, action, whom, detail FROM reconvene.audit
            WHERE room = call ->> 'room' AND n < coalesce((call ->> 'before')::integer, 2147483647)
            ORDER BY n DESC
            LIMIT (call ->> 'limit')::integer
        ) AS entry
    ), '[]'));
END $$;
