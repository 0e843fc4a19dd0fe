"""The SQL of the calls for meetings to a SQLite database. `meetings` uses it.

Nothing is check-then-insert: each call tries to insert, and reads the existing row when the database reports one. The
triggers keep a participant's state and totals (see `sql/sqlite`).
"""

from __future__ import annotations

from storage.records import MOST_RECONNECTS
from storage.sqlite.rows import IS_PERSON as _IS_PERSON
from storage.sqlite.rows import MEETING as _MEETING
from storage.sqlite.rows import PARTICIPANT as _PARTICIPANT
from storage.sqlite.rows import STAY as _STAY

# ruff: noqa: S608 - statements are put together of parts that stand here

CREATE_MEETING = f"""
INSERT INTO meetings (room, title, host_user_id, created_at, settings, revision)
VALUES (:room, :title, :user_id, :at, :settings, :revision)
ON CONFLICT DO NOTHING
RETURNING {_MEETING}
"""

MEETING = f"SELECT {_MEETING} FROM meetings WHERE room = :room"

END_MEETING = f"""
UPDATE meetings SET ended_at = coalesce(ended_at, max(created_at, :at)) WHERE room = :room
RETURNING {_MEETING}
"""

END_STAYS = """
UPDATE participant_sessions
SET left_at = max(joined_at, :at), reason = 'ended'
WHERE left_at IS NULL AND participant_id IN (SELECT id FROM participants WHERE room = :room)
"""

# A new participant gets its first stay at once: totals and state are written here, which saves the trigger the work.
ADD_PARTICIPANT = f"""
INSERT INTO participants (id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count, sitting)
VALUES (:participant_id, :room, :user_id, :first_name, :role, 'connected', :at, :at, 1, :sitting)
ON CONFLICT (room, user_id) DO UPDATE
SET name = iif(:name = '', name, :name), sitting = excluded.sitting,
    first_joined_at = min(first_joined_at, :at), last_seen_at = max(last_seen_at, :at)
RETURNING {_PARTICIPANT}
"""

PARTICIPANT = f"SELECT {_PARTICIPANT} FROM participants WHERE id = :participant_id"

PARTICIPANT_OF_USER = f"SELECT {_PARTICIPANT} FROM participants WHERE room = :room AND user_id = :user_id"

PARTICIPANTS = f"""
SELECT {_PARTICIPANT} FROM participants WHERE room = :room AND (first_joined_at, id) > (:after_joined, :after_id)
ORDER BY first_joined_at, id
LIMIT :limit
"""

PLACE_OF_PARTICIPANT = "SELECT first_joined_at, id FROM participants WHERE id = :after AND room = :room"

# A return that is recorded twice counts once: instance and moment are the same.
_LAST_RETURN = "json_extract(reconnects, '$[#-1]')"
_ONE_MORE_RETURN = f"""json_insert(
        iif(json_array_length(reconnects) < {MOST_RECONNECTS}, reconnects, json_remove(reconnects, '$[0]')),
        '$[#]', :returned_at
    )"""
_JOINED_TWICE = f"instance = :instance AND (session_id = :session_id OR {_LAST_RETURN} = :returned_at)"
_RESUMED_TWICE = f":returned_at IS NULL OR (instance = :instance AND {_LAST_RETURN} = :returned_at)"

# An open stay continues. If there is none, the previous one continues, if it was lost a moment ago; otherwise a new one
# begins. A closed stay with the requested id (a repeated join) is opened again.
OPEN_STAY = f"""
INSERT INTO participant_sessions (participant_id, session_id, node_id, instance, joined_at)
VALUES (
    :participant_id,
    coalesce(
        (SELECT session_id FROM participant_sessions WHERE participant_id = :participant_id AND left_at IS NULL),
        (
            SELECT session_id FROM participant_sessions
            WHERE participant_id = :participant_id AND session_id = :previous_session
                AND reason = 'lost' AND abs(:at - left_at) < :grace
        ),
        :session_id
    ),
    :node_id,
    :instance,
    :at
)
ON CONFLICT (participant_id, session_id) DO UPDATE
SET node_id = excluded.node_id, instance = excluded.instance, left_at = NULL, reason = NULL, estimated = 0,
    connections = connections + iif({_JOINED_TWICE}, 0, 1),
    reconnects = iif({_JOINED_TWICE}, reconnects, {_ONE_MORE_RETURN})
RETURNING {_STAY}
"""

# The moments of a stay, shifted as much as its beginning. (No moment may lie before the beginning or in the future: one
# that would was recorded after the clock was set.)
_RECONNECTS = """iif(:joined_at IS NULL OR :joined_at = joined_at, reconnects, (
        SELECT json_group_array(round(max(:joined_at, min(:at, value + :joined_at - joined_at)), 3))
        FROM json_each(reconnects)
    ))"""

# Of a removal, which closes the stay in the record at once, the room knows better when that began, and when the removed
# were last there; also if that they had come back to it here was still to be recorded, or they left before the room
# had heard of it. Who was still to be recorded as gone when the meeting ended was not there until then.
CLOSE_STAY = f"""
UPDATE participant_sessions
SET joined_at = coalesce(:joined_at, joined_at), left_at = max(coalesce(:joined_at, joined_at), :at),
    reconnects = {_RECONNECTS},
    reason = iif(reason = 'removed', reason, :reason), estimated = 0
WHERE participant_id = :participant_id AND session_id = :session_id
    AND (node_id = :node_id OR reason = 'removed' AND (estimated = 1 OR :at > left_at))
    AND (
        left_at IS NULL
        OR CASE reason
            WHEN 'removed' THEN :reason = 'removed'
                OR :reason = 'left' AND :at > left_at + coalesce(:joined_at - joined_at, 0)
            WHEN 'ended' THEN :at < left_at
            ELSE estimated = 1
        END
    )
"""

OPEN_STAYS = """
SELECT room, user_id, participant_id, session_id, instance, joined_at
FROM participant_sessions JOIN participants ON id = participant_id
WHERE node_id = :node_id AND left_at IS NULL
"""

ABANDON_STAY = """
UPDATE participant_sessions
SET left_at = max(
        joined_at,
        coalesce(json_extract(reconnects, '$[#-1]'), joined_at),
        coalesce(:seen_at, joined_at)
    ),
    reason = iif(connections = 1 AND :seen_at IS NULL, 'left', 'lost'), estimated = 1
WHERE participant_id = :participant_id AND session_id = :session_id AND node_id = :node_id AND left_at IS NULL
"""

_ENDED_AT = """(
        SELECT ended_at FROM participants JOIN meetings USING (room) WHERE participants.id = :participant_id
    )"""

# If the meeting ended before it was recorded, it lasted until then; or, as far as is known, until now, if by a clock
# that was set back it ended before it was created.
_LASTED_UNTIL = """(
        SELECT iif(ended_at = created_at, max(coalesce(:joined_at, joined_at), :at), ended_at)
        FROM participants JOIN meetings USING (room) WHERE participants.id = :participant_id
    )"""

RESUME_STAY = f"""
UPDATE participant_sessions
SET node_id = :node_id, instance = :instance, joined_at = coalesce(:joined_at, joined_at),
    left_at = {_LASTED_UNTIL}, reason = iif({_ENDED_AT} IS NULL, NULL, 'ended'), estimated = 0,
    connections = connections + iif({_RESUMED_TWICE}, 0, 1),
    reconnects = iif({_RESUMED_TWICE}, {_RECONNECTS}, {_ONE_MORE_RETURN.replace("reconnects", _RECONNECTS)})
WHERE participant_id = :participant_id AND session_id = :session_id
    AND (
        left_at IS NULL AND (node_id = :node_id OR NOT :if_free)
        OR reason = 'lost' AND NOT EXISTS (
            SELECT 1 FROM participants JOIN removals USING (room, user_id) WHERE id = :participant_id
        )
    )
    AND NOT EXISTS (
        SELECT 1 FROM participant_sessions
        WHERE participant_id = :participant_id AND session_id <> :session_id AND left_at IS NULL
    )
    AND coalesce({_ENDED_AT} > :at, 1)
"""

SEE_PARTICIPANT = "UPDATE participants SET last_seen_at = max(last_seen_at, :at) WHERE id = :participant_id"

# Each branch starts from few rows: nodes that were alive a moment ago (SQLite keeps the order of a CROSS JOIN), and
# stays that were lost a moment ago. Only a participant's latest stay counts. (A stay that ended in the future ended
# before the clock was set back: it counts as older than all others.)
RESTORABLE = f"""
SELECT {_MEETING}, {_PARTICIPANT}, {_STAY},
    coalesce(left_at, (SELECT heartbeat_at FROM nodes WHERE nodes.id = node_id))
FROM (
    SELECT participant_sessions.* FROM nodes CROSS JOIN participant_sessions ON node_id = nodes.id
    WHERE heartbeat_at > :estimated_after AND left_at IS NULL
    UNION ALL
    SELECT * FROM participant_sessions AS lost
    WHERE reason = 'lost' AND left_at > iif(estimated, :estimated_after, :exact_after)
        AND left_at > :estimated_after AND left_at <= :until
        AND NOT EXISTS (
            SELECT 1 FROM participant_sessions AS other
            WHERE other.participant_id = lost.participant_id AND other.session_id <> lost.session_id
                AND (
                    other.left_at IS NULL
                    OR (other.left_at <= :until, other.left_at, other.joined_at, other.session_id)
                        > (lost.left_at <= :until, lost.left_at, lost.joined_at, lost.session_id)
                )
        )
) AS stays
JOIN participants ON participants.id = participant_id
JOIN meetings ON meetings.room = participants.room
WHERE ended_at IS NULL
ORDER BY meetings.room, joined_at, participant_id
"""

# The latest stay that began when everybody before had been gone for the grace time.
BEGAN = """
SELECT max(joined_at) FROM (
    SELECT joined_at, max(coalesce(left_at, 1e999)) OVER (
        ORDER BY joined_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS until
    FROM participants JOIN participant_sessions ON participant_id = participants.id
    WHERE room = :room
) WHERE until IS NULL OR until + :grace < joined_at
"""

# The stays of a page of people, unsorted: each person has few, and sorting those costs less than sorting all.
STAYS = f"""
SELECT {_STAY} FROM participants CROSS JOIN participant_sessions ON participant_id = id
WHERE room = :room AND (first_joined_at, id) > (:after_joined, :after_id)
    AND (first_joined_at, id) <= (:last_joined, :last_id)
"""

_PEOPLE = f"FROM participants WHERE participants.room = meetings.room AND {_IS_PERSON}"
_MEETINGS = f"""
SELECT {_MEETING},
    (SELECT kind FROM imports WHERE imports.room = meetings.room),
    (SELECT count(*) {_PEOPLE}),
    (SELECT count(*) {_PEOPLE} AND state = 'connected'),
    (SELECT max(last_seen_at) {_PEOPLE})
FROM meetings
"""

HOSTED_MEETINGS = f"""
{_MEETINGS} WHERE host_user_id = :user_id ORDER BY created_at DESC, room LIMIT :limit
"""

LATEST_MEETINGS = f"""
{_MEETINGS} ORDER BY created_at DESC, room LIMIT :limit
"""

OLD_MEETINGS = """
SELECT room FROM meetings
WHERE created_at < :before AND (ended_at IS NULL OR ended_at < :before)
    AND NOT EXISTS (
        SELECT 1 FROM participants
        WHERE participants.room = meetings.room AND (last_seen_at >= :before OR state = 'connected')
    )
    AND NOT EXISTS (
        SELECT 1 FROM import_parts JOIN import_stays ON walk_id = shown
        WHERE import_parts.room = meetings.room AND state = 'live' AND left_at IS NULL
    )
ORDER BY created_at
LIMIT :limit
"""

DELETE_ADMISSIONS = "DELETE FROM admissions WHERE room = :room"
DELETE_INVITES = "DELETE FROM invites WHERE room = :room"

DELETE_STAYS = """
DELETE FROM participant_sessions WHERE participant_id IN (SELECT id FROM participants WHERE room = :room)
"""
DELETE_PARTICIPANTS = "DELETE FROM participants WHERE room = :room"
# Invites and whatever else is about who may do what go with it.
DELETE_MEETING = "DELETE FROM meetings WHERE room = :room"

KNOW_NODE = "INSERT INTO nodes (id, heartbeat_at) VALUES (:node_id, :at) ON CONFLICT DO NOTHING"

HEARTBEAT = """
INSERT INTO nodes (id, heartbeat_at, engine_seen_at) VALUES (:node_id, :at, :engine_seen_at)
ON CONFLICT DO UPDATE
SET heartbeat_at = excluded.heartbeat_at, stopped_at = NULL, engine_seen_at = excluded.engine_seen_at
"""

OTHERS_SEE_ENGINE = """
SELECT EXISTS (
    SELECT 1 FROM nodes WHERE heartbeat_at > :since AND engine_seen_at > :since AND id <> :node_id
)
"""

STOP_NODE = """
INSERT INTO nodes (id, heartbeat_at, stopped_at) VALUES (:node_id, :at, :at)
ON CONFLICT DO UPDATE SET heartbeat_at = excluded.heartbeat_at, stopped_at = excluded.stopped_at
"""

CLOSE_STAYS_OF_NODE = """
UPDATE participant_sessions SET left_at = max(joined_at, :at), reason = 'lost'
WHERE left_at IS NULL AND node_id = :node_id
"""

CLOSE_STAYS_OF_DEAD_NODES = """
UPDATE participant_sessions
SET left_at = max(
        joined_at,
        coalesce(json_extract(reconnects, '$[#-1]'), joined_at),
        (SELECT heartbeat_at FROM nodes WHERE id = node_id)
    ),
    reason = 'lost', estimated = 1
WHERE left_at IS NULL AND node_id IN (
    SELECT id FROM nodes WHERE heartbeat_at < :dead_before OR heartbeat_at > :ahead_of
)
"""

FORGET_CHANGES = "DELETE FROM changes WHERE at < :forgotten_before"

FORGET_NODES = """
DELETE FROM nodes
WHERE heartbeat_at < :forgotten_before
    AND NOT EXISTS (SELECT 1 FROM participant_sessions WHERE node_id = nodes.id AND left_at IS NULL)
"""
