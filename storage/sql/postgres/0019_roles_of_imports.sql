-- Who was host or panelist of what was imported, by any key of theirs: `{"p_…": "host"}`.

SET LOCAL lock_timeout = '5s';
ALTER TABLE reconvene.imports ADD COLUMN roles jsonb NOT NULL DEFAULT '{}';

-- As in 0007, but for the roles.
CREATE OR REPLACE FUNCTION reconvene.begin_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks;
    at double precision := (call ->> 'at')::double precision;
    leased double precision := at + (call ->> 'lease')::double precision;
BEGIN
    -- Before anything is made.
    IF EXISTS (
        SELECT 1 FROM reconvene.import_walks
        WHERE id = call ->> 'walk_id' AND (room, part) <> (call ->> 'room', call ->> 'part')
    ) THEN
        RETURN '{"refused": "walk_lost"}';
    END IF;
    IF NOT reconvene.hold_import(call) THEN
        RETURN '{"refused": "meeting_exists"}';
    END IF;
    SELECT * INTO walk FROM reconvene.import_walks WHERE id = call ->> 'walk_id';
    IF FOUND AND (walk.owner <> call ->> 'owner' OR walk.state <> 'walking') THEN
        RETURN '{"refused": "walk_lost"}';
    END IF;
    UPDATE reconvene.meetings SET title = call ->> 'title' WHERE room = call ->> 'room' AND title <> call ->> 'title';
    IF jsonb_typeof(call -> 'roles') = 'object' THEN
        UPDATE reconvene.imports SET roles = call -> 'roles' WHERE room = call ->> 'room' AND roles <> call -> 'roles';
    END IF;
    PERFORM reconvene.make_part(call);
    PERFORM reconvene.date_import(call ->> 'room');
    INSERT INTO reconvene.import_walks AS known (id, room, part, state, owner, lease_until, begun_at, touched_at)
    VALUES (call ->> 'walk_id', call ->> 'room', call ->> 'part', 'walking', call ->> 'owner', leased, at, at)
    ON CONFLICT (id) DO UPDATE
        SET lease_until = greatest(known.lease_until, leased), touched_at = greatest(known.touched_at, at)
    RETURNING * INTO walk;
    RETURN json_build_object('value', row_to_json(walk));
END $$;

-- As in 0010, but for the roles.
CREATE OR REPLACE FUNCTION reconvene.told_import(which text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'room', imports.room,
        'kind', kind,
        'external_id', external_id,
        'title', title,
        'host_user_id', host_user_id,
        'created_at', imports.created_at,
        'due_at', due_at,
        'due_attempt', due_attempt,
        'roles', (
            SELECT coalesce(json_object_agg(person, role), '{}')
            FROM (
                -- Of two that somebody has, the first by the alphabet is the higher.
                SELECT person, min(held.value) AS role
                FROM jsonb_each_text(roles) AS held
                JOIN reconvene.import_keys AS keys ON keys.room = imports.room AND keys.key = held.key
                GROUP BY person
            ) AS of_people
        ),
        'parts', (
            SELECT coalesce(
                json_agg(
                    reconvene.told_part(parts)
                    ORDER BY part LIKE 'registrants/%' DESC,
                        CASE WHEN part NOT LIKE 'registrants/%' THEN starts_at END NULLS LAST,
                        part
                ),
                '[]'
            )
            FROM reconvene.import_parts AS parts WHERE parts.room = imports.room
        )
    )
    FROM reconvene.imports JOIN reconvene.meetings ON meetings.room = imports.room
    WHERE imports.room = which
$$;

INSERT INTO reconvene.migrations (number, name) VALUES (19, '0019_roles_of_imports');
