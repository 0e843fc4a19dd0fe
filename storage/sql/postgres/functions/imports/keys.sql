-- Union-find. Keys of one row have the same number: they are one person's, who is named by the smallest of all keys linked
-- that way. A new key is first given to the smallest person of its rows. When two persons turn out to be one, directly or
-- through others, all keys of the greater become the smaller's.
--
-- Each key is looked up by a subquery of its own: a join, planned for few rows, might read all keys of the room.
CREATE OR REPLACE FUNCTION reconvene.unite(which text, numbers bigint[], keys text[]) RETURNS void LANGUAGE plpgsql
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
