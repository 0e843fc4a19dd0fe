"""What each call does to a SQLite database: the statements, and one function per call of the `Store` protocol.

The functions run within a transaction their caller holds. Nothing is check-then-insert: each tries to insert and
reads what is there when the database says that it exists. A participant's state and totals are the triggers' work
(see `sql/sqlite`).
"""

from __future__ import annotations

import sqlite3
from typing import Any

from storage.store import (
    Attendance,
    Joined,
    JoinRequest,
    Meeting,
    MeetingEnded,
    Participant,
    Restorable,
    Stay,
    StayAbandon,
    StayEnd,
    StayResume,
    UnknownMeeting,
)

CREATE_MEETING = """
INSERT INTO meetings (room, title, host_user_id, created_at)
VALUES (:room, :title, :user_id, :at)
ON CONFLICT DO NOTHING
RETURNING room, title, host_user_id, created_at, ended_at
"""

MEETING = "SELECT room, title, host_user_id, created_at, ended_at FROM meetings WHERE room = :room"

END_MEETING = """
UPDATE meetings SET ended_at = coalesce(ended_at, max(created_at, :at)) WHERE room = :room
RETURNING room, title, host_user_id, created_at, ended_at
"""

END_STAYS = """
UPDATE participant_sessions
SET left_at = max(joined_at, :at), reason = 'ended'
WHERE left_at IS NULL AND participant_id IN (SELECT id FROM participants WHERE room = :room)
"""

ADD_PARTICIPANT = """
INSERT INTO participants (id, room, user_id, name, role, first_joined_at, last_seen_at)
VALUES (:participant_id, :room, :user_id, :first_name, :role, :at, :at)
ON CONFLICT DO NOTHING
RETURNING id
"""

RENAME_PARTICIPANT = """
UPDATE participants
SET name = iif(:name = '', name, :name),
    first_joined_at = min(first_joined_at, :at), last_seen_at = max(last_seen_at, :at)
WHERE room = :room AND user_id = :user_id
RETURNING id
"""

PARTICIPANT = """
SELECT id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count, total_duration
FROM participants WHERE id = :participant_id
"""

PARTICIPANTS = """
SELECT id, room, user_id, name, role, state, first_joined_at, last_seen_at, session_count, total_duration
FROM participants WHERE room = :room
ORDER BY first_joined_at, id
"""

# The stay that is open goes on; failing that the previous one, if it was lost a moment ago; failing that a new one
# begins. A stay that is closed under the very id asked for (a join tried again) is opened again.
OPEN_STAY = """
INSERT INTO participant_sessions (participant_id, session_id, node_id, instance, joined_at)
VALUES (
    :participant_id,
    coalesce(
        (SELECT session_id FROM participant_sessions WHERE participant_id = :participant_id AND left_at IS NULL),
        (
            SELECT session_id FROM participant_sessions
            WHERE participant_id = :participant_id AND session_id = :previous_session
                AND reason = 'lost' AND :at - left_at < :grace
        ),
        :session_id
    ),
    :node_id,
    :instance,
    :at
)
ON CONFLICT (participant_id, session_id) DO UPDATE
SET node_id = excluded.node_id, instance = excluded.instance, connections = connections + 1,
    left_at = NULL, reason = NULL, estimated = 0
RETURNING participant_id, session_id, node_id, instance, joined_at, left_at, reason, estimated, connections
"""

CLOSE_STAY = """
UPDATE participant_sessions SET left_at = max(joined_at, :at), reason = :reason, estimated = 0
WHERE participant_id = :participant_id AND session_id = :session_id AND node_id = :node_id
    AND (left_at IS NULL OR estimated = 1)
"""

ABANDON_STAY = """
UPDATE participant_sessions SET left_at = max(joined_at, :at), reason = iif(connections = 1, 'left', 'lost')
WHERE left_at IS NULL AND node_id = :node_id
    AND participant_id = (SELECT id FROM participants WHERE room = :room AND user_id = :user_id)
"""

RESUME_STAY = """
UPDATE participant_sessions
SET node_id = :node_id, instance = :instance, connections = connections + 1,
    left_at = NULL, reason = NULL, estimated = 0
WHERE participant_id = :participant_id AND session_id = :session_id AND (left_at IS NULL OR reason = 'lost')
    AND NOT EXISTS (
        SELECT 1 FROM participant_sessions
        WHERE participant_id = :participant_id AND session_id <> :session_id AND left_at IS NULL
    )
    AND EXISTS (
        SELECT 1 FROM participants JOIN meetings USING (room)
        WHERE participants.id = :participant_id AND ended_at IS NULL
    )
"""

SEE_PARTICIPANT = "UPDATE participants SET last_seen_at = max(last_seen_at, :at) WHERE id = :participant_id"

# Each branch starts from what there is little of: nodes that were alive a moment ago (SQLite keeps the order of a
# CROSS JOIN), and stays that were lost a moment ago. A stay that another one outlasted does not tell where its
# participant was.
RESTORABLE = """
SELECT
    meetings.room, title, host_user_id, created_at, ended_at,
    participants.id, participants.room, user_id, name, role, state,
    first_joined_at, last_seen_at, session_count, total_duration,
    participant_id, session_id, node_id, instance, joined_at, left_at, reason, estimated, connections
FROM (
    SELECT participant_sessions.* FROM nodes CROSS JOIN participant_sessions ON node_id = nodes.id
    WHERE heartbeat_at > :estimated_after AND left_at IS NULL
    UNION ALL
    SELECT * FROM participant_sessions AS lost
    WHERE reason = 'lost' AND left_at > iif(estimated, :estimated_after, :exact_after)
        AND left_at > :estimated_after
        AND NOT EXISTS (
            SELECT 1 FROM participant_sessions AS other
            WHERE other.participant_id = lost.participant_id AND other.session_id <> lost.session_id
                AND (
                    other.left_at IS NULL
                    OR (other.left_at, other.joined_at, other.session_id)
                        > (lost.left_at, lost.joined_at, lost.session_id)
                )
        )
) AS stays
JOIN participants ON participants.id = participant_id
JOIN meetings ON meetings.room = participants.room
WHERE ended_at IS NULL
ORDER BY meetings.room, joined_at, participant_id
"""

STAYS = """
SELECT participant_id, session_id, node_id, instance, joined_at, left_at, reason, estimated, connections
FROM participant_sessions
WHERE participant_id IN (SELECT id FROM participants WHERE room = :room)
ORDER BY joined_at, session_id
"""

KNOW_NODE = "INSERT INTO nodes (id, heartbeat_at) VALUES (:node_id, :at) ON CONFLICT DO NOTHING"

HEARTBEAT = """
INSERT INTO nodes (id, heartbeat_at) VALUES (:node_id, :at)
ON CONFLICT DO UPDATE SET heartbeat_at = excluded.heartbeat_at, stopped_at = NULL
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
SET left_at = max(joined_at, (SELECT heartbeat_at FROM nodes WHERE id = node_id)), reason = 'lost', estimated = 1
WHERE left_at IS NULL AND node_id IN (SELECT id FROM nodes WHERE heartbeat_at < :dead_before)
"""


def create_meeting(
    connection: sqlite3.Connection, room: str, user_id: str, title: str, at: float
) -> tuple[Meeting, bool]:
    values = {"room": room, "user_id": user_id, "title": title, "at": at}
    if row := connection.execute(CREATE_MEETING, values).fetchone():
        return Meeting(*row), True
    return known_meeting(connection, room), False


def meeting(connection: sqlite3.Connection, room: str) -> Meeting | None:
    row = connection.execute(MEETING, {"room": room}).fetchone()
    return Meeting(*row) if row else None


def known_meeting(connection: sqlite3.Connection, room: str) -> Meeting:
    found = meeting(connection, room)
    if found is None:
        raise UnknownMeeting(room)
    return found


def join(connection: sqlite3.Connection, request: JoinRequest) -> Joined:
    created = False
    if request.create:
        joined_meeting, created = create_meeting(
            connection, request.room, request.user_id, request.title, request.at
        )
    else:
        joined_meeting = known_meeting(connection, request.room)
    if joined_meeting.ended_at is not None:
        raise MeetingEnded(request.room)

    values = {
        "room": request.room,
        "user_id": request.user_id,
        "name": request.name,
        "first_name": request.first_name,
        "role": "host" if request.user_id == joined_meeting.host_user_id else "participant",
        "participant_id": request.participant_id,
        "session_id": request.session_id,
        "previous_session": request.previous_session,
        "grace": request.grace,
        "node_id": request.node_id,
        "instance": request.instance,
        "at": request.at,
    }
    rejoined = connection.execute(ADD_PARTICIPANT, values).fetchone() is None
    if rejoined:
        (values["participant_id"],) = connection.execute(RENAME_PARTICIPANT, values).fetchone()
    connection.execute(KNOW_NODE, values)
    stay = _stay(connection.execute(OPEN_STAY, values).fetchone())
    # Read last, so that it shows what the triggers made of the stay.
    participant = Participant(*connection.execute(PARTICIPANT, values).fetchone())
    return Joined(joined_meeting, participant, stay, created, rejoined, continued=stay.connections > 1)


def leave(connection: sqlite3.Connection, end: StayEnd) -> None:
    connection.execute(
        CLOSE_STAY,
        {
            "participant_id": end.participant_id,
            "session_id": end.session_id,
            "node_id": end.node_id,
            "at": end.at,
            "reason": end.reason,
        },
    )


def abandon_stay(connection: sqlite3.Connection, abandon: StayAbandon) -> None:
    values = {
        "room": abandon.room,
        "user_id": abandon.user_id,
        "node_id": abandon.node_id,
        "at": abandon.at,
    }
    connection.execute(ABANDON_STAY, values)


def resume_stay(connection: sqlite3.Connection, resume: StayResume) -> None:
    values = {
        "participant_id": resume.participant_id,
        "session_id": resume.session_id,
        "node_id": resume.node_id,
        "instance": resume.instance,
        "at": resume.at,
    }
    connection.execute(KNOW_NODE, values)
    if connection.execute(RESUME_STAY, values).rowcount:
        connection.execute(SEE_PARTICIPANT, values)


def restorable(connection: sqlite3.Connection, now: float, grace: float, slack: float) -> list[Restorable]:
    values = {"exact_after": now - grace, "estimated_after": now - grace - slack}
    return [
        Restorable(Meeting(*row[:5]), Participant(*row[5:15]), _stay(row[15:]))
        for row in connection.execute(RESTORABLE, values)
    ]


def end_meeting(connection: sqlite3.Connection, room: str, at: float) -> Meeting:
    row = connection.execute(END_MEETING, {"room": room, "at": at}).fetchone()
    if row is None:
        raise UnknownMeeting(room)
    ended = Meeting(*row)
    connection.execute(END_STAYS, {"room": room, "at": ended.ended_at})
    return ended


def attendance(connection: sqlite3.Connection, room: str) -> Attendance:
    found = known_meeting(connection, room)
    stays: dict[str, list[Stay]] = {}
    for row in connection.execute(STAYS, {"room": room}):
        stays.setdefault(row[0], []).append(_stay(row))
    participants = [Participant(*row) for row in connection.execute(PARTICIPANTS, {"room": room})]
    return Attendance(found, [(participant, stays.get(participant.id, [])) for participant in participants])


def heartbeat(connection: sqlite3.Connection, node_id: str, at: float) -> None:
    connection.execute(HEARTBEAT, {"node_id": node_id, "at": at})


def close_dead_nodes(connection: sqlite3.Connection, dead_before: float) -> int:
    return connection.execute(CLOSE_STAYS_OF_DEAD_NODES, {"dead_before": dead_before}).rowcount


def stop_node(connection: sqlite3.Connection, node_id: str, at: float) -> int:
    connection.execute(STOP_NODE, {"node_id": node_id, "at": at})
    return connection.execute(CLOSE_STAYS_OF_NODE, {"node_id": node_id, "at": at}).rowcount


def ping(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT EXISTS (SELECT 1 FROM meetings)").fetchone()


def _stay(row: tuple[Any, ...]) -> Stay:
    participant_id, session_id, node_id, instance, joined_at, left_at, reason, estimated, connections = row
    return Stay(
        participant_id,
        session_id,
        node_id,
        instance,
        joined_at,
        left_at,
        reason,
        bool(estimated),
        connections,
    )
