-- What is shown of an import. When a part points to another walk, all of it changes at once: a statement sees one or the
-- other.

-- The rows that are shown, and whose they are. An end before the beginning is moved to it. (SQL, so that it is planned as
-- part of the query that uses it.)
CREATE OR REPLACE FUNCTION reconvene.shown_stays(which text) RETURNS SETOF reconvene.shown_stay LANGUAGE sql STABLE AS $$
    SELECT
        keys.person,
        parts.part,
        stays.session_id,
        stays.guest,
        stays.name,
        stays.name_key,
        stays.email,
        stays.joined_at,
        CASE WHEN stays.left_at < stays.joined_at THEN stays.joined_at ELSE stays.left_at END,
        stays.counted,
        NOT stays.joined_told OR (stays.left_at IS NOT NULL AND NOT stays.left_told),
        stays.guessed
    FROM reconvene.import_stays AS stays
    JOIN reconvene.import_parts AS parts ON parts.room = which AND parts.shown = stays.walk_id
    JOIN reconvene.import_keys AS keys ON keys.room = which AND keys.key = stays.key
    WHERE stays.walk_id = ANY (ARRAY(SELECT shown FROM reconvene.import_parts WHERE room = which))
$$;

-- Who came: people with a stay that counts. The total is computed as in `recount`. Name and email are those of the first
-- stay that has one.
CREATE OR REPLACE FUNCTION reconvene.shown_people(which text) RETURNS SETOF reconvene.shown_person LANGUAGE sql STABLE AS $$
    SELECT
        person,
        min(joined_at),
        max(coalesce(left_at, joined_at)),
        count(*),
        bool_or(left_at IS NULL),
        bool_and(guest),
        coalesce(sum(greatest(0, left_at - greatest(joined_at, covered))), 0),
        max(left_at),
        (array_agg(ARRAY[name, name_key] ORDER BY joined_at, session_id) FILTER (WHERE name <> ''))[1][1],
        (array_agg(ARRAY[name, name_key] ORDER BY joined_at, session_id) FILTER (WHERE name <> ''))[1][2],
        (array_agg(email ORDER BY joined_at, session_id) FILTER (WHERE email <> ''))[1],
        bool_or(guessed)
    FROM (
        SELECT *, max(left_at) OVER (
            PARTITION BY person ORDER BY joined_at, session_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered
        FROM reconvene.shown_stays(which) WHERE counted
    ) AS stays
    GROUP BY person
$$;

CREATE OR REPLACE FUNCTION reconvene.shown_registrants(which text) RETURNS SETOF reconvene.shown_registrant
LANGUAGE sql STABLE AS $$
    SELECT
        keys.person,
        registrants.registrant_id,
        registrants.name,
        registrants.name_key,
        registrants.email,
        registrants.status,
        registrants.registered_at
    FROM reconvene.import_registrants AS registrants
    JOIN reconvene.import_keys AS keys ON keys.room = which AND keys.key = registrants.key
    WHERE registrants.walk_id = ANY (ARRAY(SELECT shown FROM reconvene.import_parts WHERE room = which))
$$;

-- Who registered, with the best status, and the name and email of the best registration that has one.
CREATE OR REPLACE FUNCTION reconvene.shown_registrations(which text) RETURNS SETOF reconvene.shown_registration
LANGUAGE sql STABLE AS $$
    SELECT
        person,
        (array_agg(status ORDER BY rank))[1],
        (array_agg(ARRAY[name, name_key] ORDER BY rank, registrant_id) FILTER (WHERE name <> ''))[1][1],
        (array_agg(ARRAY[name, name_key] ORDER BY rank, registrant_id) FILTER (WHERE name <> ''))[1][2],
        (array_agg(email ORDER BY rank, registrant_id) FILTER (WHERE email <> ''))[1],
        min(registered_at)
    FROM (
        SELECT *, array_position(ARRAY['approved', 'pending', 'denied'], status) AS rank
        FROM reconvene.shown_registrants(which)
    ) AS registrants
    GROUP BY person
$$;
