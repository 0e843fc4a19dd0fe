-- When somebody came back within a stay: a JSON list of seconds since the epoch, the latest hundred.

ALTER TABLE participant_sessions ADD COLUMN reconnects TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(reconnects));

-- A host's meetings, and those that are old enough to be deleted.

CREATE INDEX meetings_by_host ON meetings (host_user_id, created_at);
CREATE INDEX meetings_by_creation ON meetings (created_at);

-- A participant's first stay is known when its row is made: nothing is left to write.

DROP TRIGGER stay_opened;

CREATE TRIGGER stay_opened AFTER INSERT ON participant_sessions
WHEN NEW.left_at IS NULL -- which leaves the total as it was
BEGIN
    UPDATE participants
    SET session_count = (SELECT count(*) FROM participant_sessions WHERE participant_id = NEW.participant_id),
        state = 'connected',
        last_seen_at = max(last_seen_at, NEW.joined_at)
    WHERE id = NEW.participant_id AND NOT (
        state = 'connected'
        AND last_seen_at >= NEW.joined_at
        AND session_count = (SELECT count(*) FROM participant_sessions WHERE participant_id = NEW.participant_id)
    );
END;

-- Stays are deleted with their participant only: there is nothing to recompute then, once for each of them.

DROP TRIGGER stay_deleted;
