"""The columns of a SQLite database that records are made of, and the records."""

from __future__ import annotations

import json
from typing import Any

from storage.records import PROGRAMS, Meeting, Participant, Stay


def _listed(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns.split())


MEETING = _listed("meetings", "room title host_user_id created_at ended_at settings revision sitting")

PARTICIPANT = _listed(
    "participants",
    "id room user_id name role state first_joined_at last_seen_at session_count total_duration may hand_at role_at",
)

STAY = "participant_id, session_id, node_id, instance, joined_at, left_at, reason, estimated, connections, reconnects"

IS_PERSON = " AND ".join(f"participants.user_id NOT GLOB '{prefix}*'" for prefix in PROGRAMS)
"""Of `participants`: not a program."""

MEETING_COLUMNS = len(MEETING.split())
PARTICIPANT_COLUMNS = len(PARTICIPANT.split())
STAY_COLUMNS = len(STAY.split())


def loaded(text: str) -> dict[str, Any]:
    """A JSON object."""
    if text == "{}":
        return {}
    found: dict[str, Any] = json.loads(text)
    return found


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def moment(at: float) -> float:
    """Rounded to milliseconds: SQLite writes a number into JSON with fifteen digits."""
    return round(at, 3)


def meeting(row: tuple[Any, ...]) -> Meeting:
    room, title, host_user_id, created_at, ended_at, settings, revision, sitting = row
    return Meeting(room, title, host_user_id, created_at, ended_at, loaded(settings), revision, sitting)


def participant(row: tuple[Any, ...]) -> Participant:
    return Participant(*(*row[:10], loaded(row[10]), *row[11:]))


def stay(row: tuple[Any, ...]) -> Stay:
    estimated, connections, reconnects = row[7:]
    returns = () if reconnects == "[]" else tuple(json.loads(reconnects))
    participant_id, session_id, node_id, instance, joined_at, left_at, reason = row[:7]
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
        returns,
    )
