-- Triggers of stays. Whenever a stay changes, its participant's totals are recomputed from all stays.

-- The total counts overlapping stays once: taken by arrival, each closed stay adds only what lies after the latest departure
-- so far (`covered`).
CREATE OR REPLACE FUNCTION reconvene.recount() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seen double precision := coalesce(NEW.left_at, NEW.joined_at);
BEGIN
    UPDATE reconvene.participants
    SET session_count = totals.session_count,
        total_duration = totals.total_duration,
        state = CASE WHEN totals.is_open THEN 'connected' ELSE 'disconnected' END,
        last_seen_at = greatest(last_seen_at, seen)
    FROM (
        SELECT
            count(*) AS session_count,
            coalesce(bool_or(left_at IS NULL), false) AS is_open,
            coalesce(sum(greatest(0, left_at - greatest(joined_at, covered))), 0) AS total_duration
        FROM (
            SELECT joined_at, left_at, max(left_at) OVER (
                ORDER BY joined_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS covered
            FROM reconvene.participant_sessions WHERE participant_id = NEW.participant_id
        ) AS stays
    ) AS totals
    WHERE id = NEW.participant_id;
    RETURN NULL;
END $$;

-- An open stay leaves the total as it was. With a new one, a hand that was up in another is down.
CREATE OR REPLACE FUNCTION reconvene.count_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reconvene.participants
    SET session_count = counted.stays, state = 'connected', last_seen_at = greatest(last_seen_at, latest),
        hand_at = CASE WHEN hand_at > 0 THEN NULL ELSE hand_at END
    FROM (
        SELECT participant_id, max(joined_at) AS latest, (
            SELECT count(*) FROM reconvene.participant_sessions AS stay
            WHERE stay.participant_id = opened.participant_id
        ) AS stays
        FROM opened WHERE left_at IS NULL GROUP BY participant_id
    ) AS counted
    WHERE id = counted.participant_id
        -- `join_many` writes these columns for a participant's first stay.
        AND NOT (state = 'connected' AND session_count = counted.stays AND last_seen_at >= latest);
    RETURN NULL;
END $$;
