-- Stays after they began. The file `joins` tells the order of locks.

-- Connections and moments of return of a stay, once a page has come back `at` a moment (NULL: none has). `is_same_page`: it
-- is the page that was there last. If that page came, or began the stay, at this very moment, the call was sent again.
CREATE OR REPLACE FUNCTION reconvene.one_more_return(
    connections integer,
    reconnects double precision[],
    at double precision,
    is_same_page boolean,
    began_at double precision DEFAULT NULL,
    OUT counted integer,
    OUT remembered double precision[]
) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    moment double precision := round(at::numeric, 3); -- to the millisecond, as in every store
BEGIN
    IF at IS NULL
        OR (is_same_page AND (at = began_at OR moment = reconnects[cardinality(reconnects)]))
    THEN
        counted := connections;
        remembered := reconnects;
    ELSE
        counted := connections + 1;
        remembered := reconnects[greatest(1, cardinality(reconnects) - 98):] || moment;
    END IF;
END $$;

-- Moments of a stay, moved by as much as its beginning is. (None comes to lie before the beginning or in the future: such a
-- moment was recorded after the clock was set.)
CREATE OR REPLACE FUNCTION reconvene.corrected(
    moments double precision[], joined_at double precision, began_at double precision, now double precision
) RETURNS double precision[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN began_at IS NULL OR began_at = joined_at THEN moments
        ELSE ARRAY(
            SELECT round(greatest(began_at, least(now, moment + began_at - joined_at))::numeric, 3)::double precision
            FROM unnest(moments) WITH ORDINALITY AS each (moment, place) ORDER BY place
        )
    END
$$;

-- `joined_at` as in `resume_stay`.
CREATE OR REPLACE FUNCTION reconvene.leave(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    began_at double precision := (call ->> 'joined_at')::double precision;
BEGIN
    PERFORM 1 FROM reconvene.participants WHERE id = call ->> 'participant_id' FOR NO KEY UPDATE;
    -- Of a removal, which closes the stay in the record at once, the room knows better when that began, and when the
    -- removed were last there; also if that they had come back to it here was still to be recorded, or they left
    -- before the room had heard of it. Who was still to be recorded as gone when the meeting ended was not there until then.
    UPDATE reconvene.participant_sessions
    SET joined_at = coalesce(began_at, joined_at),
        left_at = greatest(coalesce(began_at, joined_at), (call ->> 'at')::double precision),
        reconnects = reconvene.corrected(reconnects, joined_at, began_at, (call ->> 'at')::double precision),
        reason = CASE WHEN reason = 'removed' THEN reason ELSE call ->> 'reason' END,
        estimated = false
    WHERE participant_id = call ->> 'participant_id' AND session_id = call ->> 'session_id'
        AND (
            node_id = call ->> 'node_id'
            OR reason = 'removed' AND (estimated OR (call ->> 'at')::double precision > left_at)
        )
        AND (
            left_at IS NULL
            OR CASE reason
                WHEN 'removed' THEN call ->> 'reason' = 'removed'
                    OR call ->> 'reason' = 'left'
                    AND (call ->> 'at')::double precision > left_at + coalesce(began_at - joined_at, 0.0)
                WHEN 'ended' THEN (call ->> 'at')::double precision < left_at
                ELSE estimated
            END
        );
    RETURN '{"value": null}';
END $$;

-- `joined_at`: when the stay began, by the clock as it is set now. `if_free`: a stay that is open under another node is left
-- alone. If the meeting ended before this was recorded, the stay lasted until then; or, as far as is known, until now, if by a
-- clock that was set back it ended before it was created.
CREATE OR REPLACE FUNCTION reconvene.resume_stay(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    ends_at double precision;
    created double precision;
    whose text := call ->> 'participant_id';
    resumed_at double precision := (call ->> 'at')::double precision;
    began_at double precision := (call ->> 'joined_at')::double precision;
BEGIN
    SELECT ended_at, created_at INTO ends_at, created FROM reconvene.meetings WHERE room = call ->> 'room' FOR SHARE;
    IF NOT FOUND OR ends_at <= resumed_at THEN
        RETURN '{"value": null}';
    END IF;
    PERFORM 1 FROM reconvene.participants WHERE id = whose FOR NO KEY UPDATE;
    INSERT INTO reconvene.nodes (id, heartbeat_at) VALUES (call ->> 'node_id', resumed_at) ON CONFLICT DO NOTHING;
    UPDATE reconvene.participant_sessions AS known
    SET node_id = call ->> 'node_id',
        instance = call ->> 'instance',
        joined_at = coalesce(began_at, joined_at),
        left_at = CASE
            WHEN ends_at = created THEN greatest(coalesce(began_at, joined_at), resumed_at)
            ELSE ends_at
        END,
        reason = CASE WHEN ends_at IS NOT NULL THEN 'ended' END,
        estimated = false,
        (connections, reconnects) = (
            SELECT counted, remembered FROM reconvene.one_more_return(
                known.connections,
                reconvene.corrected(known.reconnects, known.joined_at, began_at, resumed_at),
                CASE WHEN (call ->> 'returned')::boolean THEN resumed_at END,
                known.instance = call ->> 'instance'
            )
        )
    WHERE participant_id = whose AND session_id = call ->> 'session_id'
        AND (
            left_at IS NULL
                AND (node_id = call ->> 'node_id' OR (call ->> 'if_free')::boolean IS NOT TRUE)
            OR reason = 'lost' AND NOT EXISTS (
                SELECT 1 FROM reconvene.participants JOIN reconvene.removals USING (room, user_id) WHERE id = whose
            )
        )
        AND NOT EXISTS (
            SELECT 1 FROM reconvene.participant_sessions AS other
            WHERE other.participant_id = whose AND other.session_id <> call ->> 'session_id' AND other.left_at IS NULL
        );
    IF FOUND THEN
        UPDATE reconvene.participants SET last_seen_at = greatest(last_seen_at, resumed_at) WHERE id = whose;
    END IF;
    RETURN '{"value": null}';
END $$;

-- A stay in which nobody is ends when somebody was last seen in it, like a stay of a node that died.
CREATE OR REPLACE FUNCTION reconvene.abandon_stay(call jsonb) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    seen_at double precision := (call ->> 'seen_at')::double precision;
BEGIN
    PERFORM 1 FROM reconvene.participants WHERE id = call ->> 'participant_id' FOR NO KEY UPDATE;
    UPDATE reconvene.participant_sessions
    SET left_at = greatest(joined_at, reconnects[cardinality(reconnects)], seen_at),
        reason = CASE WHEN connections = 1 AND seen_at IS NULL THEN 'left' ELSE 'lost' END,
        estimated = true
    WHERE participant_id = call ->> 'participant_id' AND session_id = call ->> 'session_id'
        AND node_id = call ->> 'node_id' AND left_at IS NULL;
    RETURN '{"value": null}';
END $$;

-- A node compares these with who is in its rooms, and closes those that nobody is in.
CREATE OR REPLACE FUNCTION reconvene.open_stays(call jsonb) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('value', coalesce(json_agg(json_build_object(
        'room', room,
        'user_id', user_id,
        'participant_id', participant_id,
        'session_id', session_id,
        'instance', instance,
        'joined_at', joined_at
    )), '[]'))
    FROM reconvene.participant_sessions JOIN reconvene.participants ON id = participant_id
    WHERE node_id = call ->> 'node_id' AND left_at IS NULL
$$;
