"""Makes records from the JSON that the SQL functions return: {"value": …} or {"refused": "why"}.

Rows are objects with the columns' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from storage.errors import (
    MeetingEnded,
    MeetingExists,
    NotLetIn,
    Outdated,
    PersonPresent,
    Revoked,
    TooManyInvites,
    UnknownMeeting,
    UnknownParticipant,
    WalkLost,
)
from storage.open_stays import OpenStay
from storage.people import OwnStay
from storage.records import (
    Attendance,
    HostedMeeting,
    Joined,
    JoinRequest,
    Meeting,
    Participant,
    Restorable,
    Shown,
    Stay,
)

# What the answer says besides is for the exception.
_REFUSALS = {
    "not_let_in": NotLetIn,
    "outdated": Outdated,
    "person_present": PersonPresent,
    "unknown_meeting": UnknownMeeting,
    "meeting_ended": MeetingEnded,
    "meeting_exists": MeetingExists,
    "revoked": Revoked,
    "too_many_invites": TooManyInvites,
    "unknown_participant": UnknownParticipant,
    "walk_lost": WalkLost,
}


def outcome(answer: Mapping[str, Any]) -> Any:
    if "refused" in answer:
        told = {name: value for name, value in answer.items() if name != "refused"}
        return _REFUSALS[answer["refused"]](**told)
    return answer["value"]


def columns(record: Any) -> dict[str, Any]:
    """A dataclass record as a JSON object. Records in it are left as they are."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


_KNOWN_ANSWERS = 2
"""Sent with joins, for the functions: a caller without it knows no refusal but those of release 0.5."""

_OPTIONAL = {field.name: field.default for field in fields(Shown)} | {"settings": {}}


def wish(request: JoinRequest) -> dict[str, Any]:
    """A join as the functions read it, without what is left at its default."""
    found = columns(request)
    for name, default in _OPTIONAL.items():
        if found[name] == default:
            del found[name]
    found["first_name"] = request.first_name
    found["grace"] = None if request.has_place else request.grace
    found["v"] = _KNOWN_ANSWERS
    return found


def attendance(found: Mapping[str, Any], limit: int | None) -> Attendance:
    people = [(participant(person), [stay(row) for row in rows]) for person, rows in found["participants"]]
    # A full page may be the last one: then the next page is empty.
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
    return Restorable(*whose, float(found["seen_at"]), float(found["began_at"]))


def open_stay(found: Mapping[str, Any]) -> OpenStay:
    who = found["room"], found["user_id"], found["participant_id"], found["session_id"]
    return OpenStay(*who, found["instance"], float(found["joined_at"]))


def own_stay(found: Mapping[str, Any]) -> OwnStay:
    return OwnStay(float(found["joined_at"]), time(found["left_at"]), found["estimated"])


def hosted(found: Mapping[str, Any]) -> HostedMeeting:
    return HostedMeeting(
        meeting(found["meeting"]),
        found["attended"],
        found["present"],
        time(found["last_seen_at"]),
        found["imported"],
    )


def time(value: float | None) -> float | None:
    """The database's JSON has whole seconds as integers."""
    return None if value is None else float(value)


def meeting(row: Mapping[str, Any]) -> Meeting:
    return Meeting(
        row["room"],
        row["title"],
        row["host_user_id"],
        float(row["created_at"]),
        time(row["ended_at"]),
        row["settings"],
        row["revision"],
        row["sitting"],
    )


def participant(row: Mapping[str, Any]) -> Participant:
    return Participant(
        row["id"],
        row["room"],
        row["user_id"],
        row["name"],
        row["role"],
        row["state"],
        float(row["first_joined_at"]),
        float(row["last_seen_at"]),
        row["session_count"],
        float(row["total_duration"]),
        row["may"],
        time(row["hand_at"]),
        time(row["role_at"]),
    )


def stay(row: Mapping[str, Any]) -> Stay:
    return Stay(
        row["participant_id"],
        row["session_id"],
        row["node_id"],
        row["instance"],
        float(row["joined_at"]),
        time(row["left_at"]),
        row["reason"],
        row["estimated"],
        row["connections"],
        tuple(map(float, row["reconnects"])),
    )
