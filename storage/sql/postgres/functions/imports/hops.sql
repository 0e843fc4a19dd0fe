-- The same as `storage.hops`: within a walk, two rows of one name are one person's if one begins when the other ends, one of
-- them is in a breakout room, and they are not known to be two people's. A guest's row gets the key of the person, if one is
-- known, otherwise that of the first row.
CREATE OR REPLACE FUNCTION reconvene.follow_hops(walk reconvene.import_walks) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    within CONSTANT double precision := 10;
    stay record;
    name text;
    chain integer;
    chains integer := 0;
    best double precision;
    away double precision;
    begins double precision[];
    ends double precision[];
    ends_in_breakout boolean[];
    persons text[];
    anchors text[];
    sessions text[] := '{}';
    chained integer[] := '{}';
    first integer := 1;
BEGIN
    FOR stay IN
        SELECT stays.*, CASE WHEN NOT guest THEN keys.person END AS known_as
        FROM reconvene.import_stays AS stays
        JOIN reconvene.import_keys AS keys ON keys.room = walk.room AND keys.key = stays.key
        WHERE walk_id = walk.id AND counted AND left_at IS NOT NULL AND stays.name_key IN (
            SELECT hopping.name_key FROM reconvene.import_stays AS hopping
            WHERE hopping.walk_id = walk.id AND hopping.counted AND hopping.breakout AND hopping.name_key <> ''
        )
        ORDER BY name_key, joined_at, left_at, session_id
    LOOP
        IF name IS DISTINCT FROM stay.name_key THEN
            name := stay.name_key;
            first := chains + 1;
        END IF;
        chain := NULL;
        FOR one IN first..chains LOOP
            away := abs(stay.joined_at - ends[one]);
            CONTINUE WHEN away > within OR NOT (ends_in_breakout[one] OR stay.breakout)
                OR persons[one] <> stay.known_as
                -- One row lies within the other.
                OR stay.joined_at < ends[one] AND (stay.left_at <= ends[one] OR stay.joined_at = begins[one]);
            -- Rows of the same person come first, then the nearest.
            away := away + CASE WHEN persons[one] = stay.known_as THEN 0 ELSE within END;
            IF chain IS NULL OR away < best THEN
                chain := one;
                best := away;
            END IF;
        END LOOP;
        IF chain IS NULL THEN
            chains := chains + 1;
            chain := chains;
            anchors[chain] := stay.key;
        ELSIF persons[chain] IS NULL AND stay.known_as IS NOT NULL THEN
            anchors[chain] := stay.key;
        END IF;
        begins[chain] := stay.joined_at;
        ends[chain] := stay.left_at;
        ends_in_breakout[chain] := stay.breakout;
        persons[chain] := coalesce(persons[chain], stay.known_as);
        IF stay.guest THEN
            sessions := sessions || stay.session_id;
            chained := chained || chain;
        END IF;
    END LOOP;
    UPDATE reconvene.import_stays AS stays SET key = anchors[hop.chain], guessed = true
    FROM unnest(sessions, chained) AS hop (session_id, chain)
    WHERE stays.walk_id = walk.id AND stays.session_id = hop.session_id AND stays.key <> anchors[hop.chain];
END $$;
