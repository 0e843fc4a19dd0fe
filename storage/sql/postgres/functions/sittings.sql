-- Sittings: times in which people come together in a meeting.

-- Whether the sitting is over: there were people in it, nobody is in now, and the last of them left longer ago than
-- `storage.entry.SITTING_ENDS_AFTER`. An open stay of a node that has been dead for so long ended at its last heartbeat; by
-- the newest one of all nodes, as none is written while the database is away. Programs, whose user ids begin with b_
-- (`storage.records.PROGRAMS`), do not count.
CREATE OR REPLACE FUNCTION reconvene.sitting_is_over(which text, at double precision) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM reconvene.participants AS person
        JOIN reconvene.participant_sessions ON participant_id = person.id AND left_at IS NULL
        JOIN reconvene.nodes ON nodes.id = node_id
            AND heartbeat_at >= least(at, (SELECT max(heartbeat_at) FROM reconvene.nodes)) - 900
        WHERE room = which AND state = 'connected' AND NOT starts_with(user_id, 'b_') AND NOT starts_with(user_id, 'xb_')
    ) THEN
        RETURN false;
    END IF;
    RETURN coalesce((
        SELECT max(coalesce(left_at, greatest(joined_at, heartbeat_at))) < at - 900
        FROM reconvene.meetings
        JOIN reconvene.participants AS person
            ON person.room = meetings.room AND abs(person.sitting) = meetings.sitting
        JOIN reconvene.participant_sessions ON participant_id = person.id
        LEFT JOIN reconvene.nodes ON nodes.id = node_id
        WHERE meetings.room = which AND NOT starts_with(user_id, 'b_') AND NOT starts_with(user_id, 'xb_')
    ), false);
END $$;

-- Lock the meetings of joins, and return those that are there. The joins may change the meetings `apart`: those are locked
-- against each other, and their next sitting begins if the last one is over.
CREATE OR REPLACE FUNCTION reconvene.lock_to_join(wishes reconvene.wish[], apart text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    wanted record;
    locked text[] := '{}';
BEGIN
    FOR wanted IN
        SELECT room COLLATE "C" AS room, min(at) AS at FROM unnest(wishes) GROUP BY 1 ORDER BY 1
    LOOP
        IF wanted.room = ANY (apart) THEN
            PERFORM 1 FROM reconvene.meetings WHERE room = wanted.room FOR NO KEY UPDATE;
            CONTINUE WHEN NOT FOUND;
            -- Asked under the lock: another process may have begun it.
            UPDATE reconvene.meetings SET sitting = sitting + 1
            WHERE room = wanted.room AND ended_at IS NULL AND reconvene.sitting_is_over(room, wanted.at);
        ELSE
            PERFORM 1 FROM reconvene.meetings WHERE room = wanted.room FOR SHARE;
            CONTINUE WHEN NOT FOUND;
        END IF;
        locked := locked || wanted.room;
    END LOOP;
    RETURN locked;
END $$;
