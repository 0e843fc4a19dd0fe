-- A start looks for the stays that were lost a moment ago, among all that ever were.

CREATE INDEX lost_stays_by_end ON participant_sessions (left_at) WHERE reason = 'lost';
