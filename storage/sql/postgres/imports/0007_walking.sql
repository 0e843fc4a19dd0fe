-- Walks: how what is elsewhere gets here, page by page.
--
-- Everything that writes to an import locks its meeting's row first, and no other meeting's: neither another write, nor a
-- deletion, gets in between, and rows that go with the meeting can be locked in any order. (Only claim_due_imports does
-- without: it waits for nobody.) Plans are made once, when the tables may have been empty: every row is looked up.

-- The meeting's row is locked; meeting and import are made where they are missing. False: it is a meeting of our own.
CREATE FUNCTION reconvene.hold_import(call jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        PERFORM 1 FROM reconvene.meetings WHERE room = call ->> 'room' FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO reconvene.meetings (room, title, host_user_id, created_at, ended_at)
        SELECT call ->> 'room', call ->> 'title', call ->> 'host_user_id', at, at
        FROM (VALUES ((call ->> 'at')::double precision)) AS moment (at)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            INSERT INTO reconvene.imports (room, kind, external_id, created_at)
            VALUES (call ->> 'room', call ->> 'kind', call ->> 'external_id', (call ->> 'at')::double precision);
            RETURN true;
        END IF;
    END LOOP;
    RETURN EXISTS (SELECT 1 FROM reconvene.imports WHERE room = call ->> 'room');
END $$;

-- A walk, as it is once its meeting's row is locked. Without an id: there is none.
CREATE FUNCTION reconvene.hold_walk(walk_id text) RETURNS reconvene.import_walks LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks;
BEGIN
    PERFORM 1 FROM reconvene.meetings
    WHERE room = (SELECT room FROM reconvene.import_walks WHERE id = walk_id)
    FOR NO KEY UPDATE;
    SELECT * INTO walk FROM reconvene.import_walks WHERE id = walk_id;
    RETURN walk;
END $$;

CREATE FUNCTION reconvene.make_part(call jsonb) RETURNS reconvene.import_parts LANGUAGE plpgsql AS $$
DECLARE
    part reconvene.import_parts;
BEGIN
    INSERT INTO reconvene.import_parts AS known (room, part, starts_at)
    VALUES (call ->> 'room', call ->> 'part', (call ->> 'starts_at')::double precision)
    ON CONFLICT ON CONSTRAINT import_parts_pkey
        DO UPDATE SET starts_at = least(known.starts_at, excluded.starts_at)
    RETURNING * INTO part;
    RETURN part;
END $$;

-- A meeting began and ended when its parts did, as far as that is known.
CREATE FUNCTION reconvene.date_import(which text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reconvene.meetings
    SET created_at = known.first, ended_at = greatest(known.first, known.last)
    FROM (
        SELECT
            coalesce(min(coalesce(starts_at, first_at)), min(imports.created_at)) AS first,
            coalesce(max(greatest(ended_at, last_at, starts_at)), min(imports.created_at)) AS last
        FROM reconvene.imports
        LEFT JOIN reconvene.import_parts AS parts ON parts.room = imports.room
        LEFT JOIN reconvene.import_walks AS walks ON walks.id = parts.shown
        WHERE imports.room = which
    ) AS known
    WHERE meetings.room = which
        AND (meetings.created_at <> known.first OR meetings.ended_at <> greatest(known.first, known.last));
END $$;

CREATE FUNCTION reconvene.begin_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
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
    PERFORM reconvene.make_part(call);
    PERFORM reconvene.date_import(call ->> 'room');
    INSERT INTO reconvene.import_walks AS known (id, room, part, state, owner, lease_until, begun_at, touched_at)
    VALUES (call ->> 'walk_id', call ->> 'room', call ->> 'part', 'walking', call ->> 'owner', leased, at, at)
    ON CONFLICT (id) DO UPDATE
        SET lease_until = greatest(known.lease_until, leased), touched_at = greatest(known.touched_at, at)
    RETURNING * INTO walk;
    RETURN json_build_object('value', row_to_json(walk));
END $$;

CREATE FUNCTION reconvene.take_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
    at double precision := (call ->> 'at')::double precision;
BEGIN
    UPDATE reconvene.import_walks
    SET owner = call ->> 'owner',
        lease_until = at + (call ->> 'lease')::double precision,
        touched_at = greatest(touched_at, at)
    WHERE id = walk.id AND state = 'walking' AND (owner = call ->> 'owner' OR lease_until <= at)
    RETURNING * INTO walk;
    RETURN json_build_object('value', CASE WHEN FOUND THEN row_to_json(walk) END);
END $$;

CREATE FUNCTION reconvene.renew_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
    at double precision := (call ->> 'at')::double precision;
BEGIN
    UPDATE reconvene.import_walks
    SET lease_until = greatest(lease_until, at + (call ->> 'lease')::double precision),
        touched_at = greatest(touched_at, at)
    WHERE id = walk.id AND state = 'walking' AND owner = call ->> 'owner';
    RETURN CASE WHEN FOUND THEN '{"value": null}' ELSE '{"refused": "walk_lost"}' END;
END $$;

CREATE FUNCTION reconvene.release_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
BEGIN
    UPDATE reconvene.import_walks SET lease_until = least(lease_until, (call ->> 'at')::double precision)
    WHERE id = walk.id AND state = 'walking' AND owner = call ->> 'owner';
    RETURN '{"value": null}';
END $$;

CREATE FUNCTION reconvene.drop_walk(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    walk reconvene.import_walks := reconvene.hold_walk(call ->> 'walk_id');
BEGIN
    UPDATE reconvene.import_walks SET state = 'dropped'
    WHERE id = walk.id AND state = 'walking' AND owner = call ->> 'owner';
    RETURN '{"value": null}';
END $$;

-- Keys of one row have the same number: they are one person's, who has the least of all keys linked that way. A key that
-- is new is at first that of the least person of its rows; where two persons turn out to be one, by way of any number of
-- others, all keys of the greater become the lesser's.
--
-- What is looked up for each key stands in a subquery of its own: by a join, all keys of the room might be gone through, as
-- few had been expected.
CREATE FUNCTION reconvene.unite(which text, numbers bigint[], keys text[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
DECLARE
    moved record;
BEGIN
    INSERT INTO reconvene.import_keys (room, key, person)
    SELECT which, linked.key, min(linked.least)
    FROM (
        SELECT key, person, min(coalesce(person, key)) OVER (PARTITION BY number) AS least
        FROM (
            SELECT pair.number, pair.key COLLATE "C" AS key, (
                SELECT person FROM reconvene.import_keys AS known WHERE known.room = which AND known.key = pair.key
            ) AS person
            FROM unnest(numbers, keys) AS pair (number, key)
        ) AS held
    ) AS linked
    WHERE linked.person IS NULL
    GROUP BY linked.key;
    FOR moved IN
        WITH RECURSIVE held AS (
            SELECT DISTINCT pair.number, (
                SELECT person FROM reconvene.import_keys AS known WHERE known.room = which AND known.key = pair.key
            ) AS person
            FROM unnest(numbers, keys) AS pair (number, key)
        ),
        links AS MATERIALIZED (
            SELECT number, person FROM (SELECT *, count(*) OVER (PARTITION BY number) AS persons FROM held) AS counted
            WHERE persons > 1
        ),
        linked AS (
            SELECT person, person AS other FROM links
            UNION
            SELECT linked.person, further.person
            FROM linked
            JOIN links AS through ON through.person = linked.other
            JOIN links AS further ON further.number = through.number
        )
        SELECT person, min(other) AS least FROM linked GROUP BY person HAVING min(other) <> person
    LOOP
        UPDATE reconvene.import_keys SET person = moved.least WHERE room = which AND person = moved.person;
    END LOOP;
END $$;

INSERT INTO reconvene.migrations (number, name) VALUES (7, '0007_walking');
