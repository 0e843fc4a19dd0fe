-- Imports and their parts, as they are told.

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
                -- Of two roles the higher: it is the first by the alphabet.
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

CREATE OR REPLACE FUNCTION reconvene.imported(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', reconvene.told_import(call ->> 'room'))
$$;

-- There are few imports, and any number of meetings.
CREATE OR REPLACE FUNCTION reconvene.latest_imports(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    WITH all_imports AS MATERIALIZED (
        SELECT imports.room, meetings.created_at
        FROM reconvene.imports JOIN reconvene.meetings ON meetings.room = imports.room
    )
    SELECT json_build_object('value', coalesce(
        json_agg(reconvene.told_import(room) ORDER BY created_at DESC, room), '[]'
    ))
    FROM (
        SELECT * FROM all_imports ORDER BY created_at DESC, room LIMIT (call ->> 'limit')::integer
    ) AS latest
$$;
