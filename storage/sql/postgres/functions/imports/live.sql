-- What is heard while an instance goes on. The file `holds` tells what is locked.

-- What is told replaces a guess. Of two that are told, or of two guesses, the first beginning and the last end count.
CREATE OR REPLACE FUNCTION reconvene.record_live(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    which text := call ->> 'room';
    live text := 'live:' || which || ':' || (call ->> 'part');
    at double precision := (call ->> 'at')::double precision;
    told_beginning double precision := (call ->> 'joined_at')::double precision;
    told_end double precision := (call ->> 'left_at')::double precision;
    known reconvene.import_parts;
    stay reconvene.import_stays;
    keys text[] := ARRAY(SELECT jsonb_array_elements_text(call -> 'keys'));
    is_new boolean;
BEGIN
    IF NOT reconvene.hold_import(call) THEN
        RETURN '{"refused": "meeting_exists"}';
    END IF;
    IF EXISTS (
        SELECT 1 FROM reconvene.import_parts
        WHERE room = which AND part = call ->> 'part' AND state NOT IN ('unread', 'live')
    ) THEN
        RETURN '{"value": false}';
    END IF;
    known := reconvene.make_part(call);
    INSERT INTO reconvene.import_walks AS walks (id, room, part, state, owner, lease_until, begun_at, touched_at)
    VALUES (live, which, known.part, 'live', '', at, at, at)
    ON CONFLICT (id) DO UPDATE SET touched_at = greatest(walks.touched_at, at);
    UPDATE reconvene.import_parts SET shown = live, state = 'live'
    WHERE room = which AND part = known.part AND state = 'unread';

    SELECT * INTO stay FROM reconvene.import_stays WHERE walk_id = live AND session_id = call ->> 'session_id';
    is_new := NOT FOUND;
    INSERT INTO reconvene.import_stays AS stays (
        walk_id, session_id, key, guest, name, name_key, email, joined_at, left_at, joined_told, left_told, counted, digest
    ) VALUES (
        live,
        call ->> 'session_id',
        keys[1],
        (call ->> 'guest')::boolean,
        call ->> 'name',
        call ->> 'name_key',
        call ->> 'email',
        coalesce(told_beginning, told_end, at),
        coalesce(told_end, known.ended_at),
        told_beginning IS NOT NULL,
        told_end IS NOT NULL,
        true,
        0
    )
    ON CONFLICT (walk_id, session_id) DO UPDATE
    SET guest = stays.guest AND excluded.guest,
        name = CASE WHEN stays.name = '' THEN excluded.name ELSE stays.name END,
        name_key = CASE WHEN stays.name = '' THEN excluded.name_key ELSE stays.name_key END,
        email = CASE WHEN stays.email = '' THEN excluded.email ELSE stays.email END,
        joined_at = CASE
            WHEN stays.joined_told = excluded.joined_told THEN least(stays.joined_at, excluded.joined_at)
            WHEN stays.joined_told THEN stays.joined_at
            ELSE excluded.joined_at
        END,
        left_at = CASE
            WHEN stays.left_told = excluded.left_told THEN greatest(stays.left_at, excluded.left_at)
            WHEN stays.left_told THEN stays.left_at
            ELSE excluded.left_at
        END,
        joined_told = stays.joined_told OR excluded.joined_told,
        left_told = stays.left_told OR excluded.left_told
    RETURNING * INTO stay;
    keys := keys || stay.key;
    PERFORM reconvene.unite(which, array_fill(1::bigint, ARRAY[cardinality(keys)]), keys);
    UPDATE reconvene.import_walks
    SET rows = rows + is_new::integer,
        first_at = least(first_at, stay.joined_at),
        last_at = greatest(last_at, stay.joined_at, stay.left_at)
    WHERE id = live;
    PERFORM reconvene.date_import(which);
    RETURN '{"value": true}';
END $$;

CREATE OR REPLACE FUNCTION reconvene.end_live(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    known reconvene.import_parts;
BEGIN
    IF NOT reconvene.hold_import(call) THEN
        RETURN '{"refused": "meeting_exists"}';
    END IF;
    known := reconvene.make_part(call);
    UPDATE reconvene.import_parts SET ended_at = greatest(ended_at, (call ->> 'ended_at')::double precision)
    WHERE room = known.room AND part = known.part
    RETURNING * INTO known;
    IF known.state = 'live' THEN
        UPDATE reconvene.import_stays SET left_at = known.ended_at
        WHERE walk_id = known.shown AND NOT left_told AND left_at IS DISTINCT FROM known.ended_at;
    END IF;
    UPDATE reconvene.imports
    SET due_at = least(due_at, (call ->> 'due_at')::double precision), due_attempt = 1
    WHERE room = known.room;
    PERFORM reconvene.date_import(known.room);
    RETURN '{"value": null}';
END $$;

CREATE OR REPLACE FUNCTION reconvene.is_heard_live(which text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM reconvene.import_parts JOIN reconvene.import_stays ON walk_id = shown
        WHERE room = which AND state = 'live' AND left_at IS NULL
    )
$$;
