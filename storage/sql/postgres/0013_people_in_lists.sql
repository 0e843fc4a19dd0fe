-- Programs take part in meetings: they are on record, and a list of meetings counts people.

-- As in 0011, but for programs, whose user ids begin with b_ (`storage.store.PROGRAMS`).
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
    );
END $$;

INSERT INTO reconvene.migrations (number, name) VALUES (13, '0013_people_in_lists');
