"""Records, made of the JSON that the SQL functions answer with: {"value": …} or {"refused": "why"}.

Rows are objects with the columns' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.errors import MeetingEnded, MeetingExists, UnknownMeeting, UnknownParticipant, WalkLost
from storage.open_stays import OpenStay
from storage.records import Attendance, HostedMeeting, Joined, Meeting, Participant, Restorable, Stay

_REFUSALS = {
    "unknown_meeting": UnknownMeeting,
    "meeting_ended": MeetingEnded,
    "meeting_exists": MeetingExists,
    "unknown_participant": UnknownParticipant,
    "walk_lost": WalkLost,
}


def outcome(answer: Mapping[str, Any]) -> Any:
    if "refused" in answer:
        return _REFUSALS[answer["refused"]]()
    return answer["value"]


def attendance(found: Mapping[str, Any], limit: int | None) -> Attendance:
    people = [(participant(person), [stay(row) for row in rows]) for person, rows in found["participants"]]
    # One more would tell for certain; an empty last page is the price of asking for what is wanted.
    return Attendance(meeting(found["meeting"]), people, people[-1][0].id if len(people) == limit else None)


def joined(found: Mapping[str, Any]) -> Joined:
    return Joined(
        meeting(found["meeting"]),
        participant(found["participant"]),
        stay(found["stay"]),
        found["created"],
        found["rejoined"],
        found["continued"],
    )


def restorable(found: Mapping[str, Any]) -> Restorable:
    whose = meeting(found["meeting"]), participant(found["participant"]), stay(found["stay"])
    return Restorable(*whose, float(found["seen_at"]))


def open_stay(found: Mapping[str, Any]) -> OpenStay:
    who = found["room"], found["user_id"], found["participant_id"], found["session_id"]
    return OpenStay(*who, found["instance"], float(found["joined_at"]))


def hosted(found: Mapping[str, Any]) -> HostedMeeting:
    return HostedMeeting(
        meeting(found["meeting"]),
        found["attended"],
        found["present"],
        time(found["last_seen_at"]),
        found["imported"],
    )


def time(value: float | None) -> float | None:
    """JSON of the database's writes whole seconds as integers."""
    return None if value is None else float(value)


def meeting(columns: Mapping[str, Any]) -> Meeting:
    return Meeting(
        columns["room"],
        columns["title"],
        columns["host_user_id"],
        float(columns["created_at"]),
        time(columns["ended_at"]),
    )


def participant(columns: Mapping[str, Any]) -> Participant:
    return Participant(
        columns["id"],
        columns["room"],
        columns["user_id"],
        columns["name"],
        columns["role"],
        columns["state"],
        float(columns["first_joined_at"]),
        float(columns["last_seen_at"]),
        columns["session_count"],
        float(columns["total_duration"]),
    )


def stay(columns: Mapping[str, Any]) -> Stay:
    return Stay(
        columns["participant_id"],
        columns["session_id"],
        columns["node_id"],
        columns["instance"],
        float(columns["joined_at"]),
        time(columns["left_at"]),
        columns["reason"],
        columns["estimated"],
        columns["connections"],
        tuple(map(float, columns["reconnects"])),
    )
