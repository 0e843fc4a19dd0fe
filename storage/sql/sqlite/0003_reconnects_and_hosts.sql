-- When somebody came back within a stay: a JSON list of seconds since the epoch, the latest hundred.

ALTER TABLE participant_sessions ADD COLUMN reconnects TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(reconnects));

-- A host's meetings, and those that are old enough to be deleted.

CREATE INDEX meetings_by_host ON meetings (host_user_id, created_at);
CREATE INDEX meetings_by_creation ON meetings (created_at);
