"""What Zoom reports while a webinar or meeting goes on: one event, read from the bytes of its request. Pure.

    meeting.participant_joined, webinar.participant_joined ─► Heard: a stay began
    meeting.participant_left, webinar.participant_left     ─► Heard: a stay ended
    meeting.ended, webinar.ended                           ─► Ended
    endpoint.url_validation                                ─► Validation
    whatever else                                          ─► Other

Events come late, twice and out of order. So each is complete in itself and has the times that Zoom tells, never that of
its arrival: in any order they make the same stays. Events of the waiting room, of people who wait for the host, and of
breakout rooms are no attendance.

Times are seconds since the epoch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.zoom import person_matching
from server.zoom.zoom_records import LAST_MOMENT, ParticipantRow, moment, text
from storage.imports import Kind, LiveStay, Subject

_KINDS: dict[str, Kind] = {"webinar": "webinar", "meeting": "meeting"}

LONGEST_ID = 200


class Malformed(ValueError):  # noqa: N818 - what it is, not that it is an error
    """An event that cannot be understood. The text says why, and repeats nothing of the event."""


@dataclass(frozen=True, slots=True)
class Heard:
    subject: Subject
    stay: LiveStay


@dataclass(frozen=True, slots=True)
class Ended:
    subject: Subject
    part: str
    at: float


@dataclass(frozen=True, slots=True)
class Validation:
    """Zoom asks for proof that this server has the secret."""

    plain_token: str


@dataclass(frozen=True, slots=True)
class Other:
    event: str


Event = Heard | Ended | Validation | Other


def read(body: bytes) -> Event:
    """The event of a request. Raises `Malformed`."""
    try:
        # Names are sometimes cut off within a character.
        told = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Malformed("it is no JSON") from None
    event = _map(told, "it").get("event")
    if not isinstance(event, str) or not event:
        raise Malformed("it names no event")
    noun, _, what = event.partition(".")
    if event == "endpoint.url_validation":
        return Validation(_required(_payload(told), "plainToken"))
    kind = _KINDS.get(noun)
    if kind is None or what not in {"participant_joined", "participant_left", "ended"}:
        return Other(event)
    about = _map(_payload(told).get("object"), "payload.object")
    try:
        subject = person_matching.subject(kind, text(about.get("id")), text(about.get("topic")))
    except ValueError:
        raise Malformed("payload.object.id is no meeting's") from None
    uuid = _required(about, "uuid")
    said_at = _milliseconds(told.get("event_ts"))
    if what == "ended":
        return Ended(
            subject, person_matching.instance_part(uuid), _known(moment(about.get("end_time")), said_at)
        )
    participant = _map(about.get("participant"), "payload.object.participant")
    return Heard(
        subject, _stay(subject, uuid, about, participant, said_at, began=what == "participant_joined")
    )


def _stay(
    subject: Subject,
    uuid: str,
    about: Mapping[str, Any],
    participant: Mapping[str, Any],
    said_at: float | None,
    *,
    began: bool,
) -> LiveStay:
    joined, left = moment(participant.get("join_time")), moment(participant.get("leave_time"))
    if began:
        joined, left = _known(joined, said_at), None
    else:
        left = _known(left, said_at)
    return person_matching.live_stay(
        subject.room,
        uuid,
        ParticipantRow(
            id=text(participant.get("id")),
            participant_user_id=text(participant.get("participant_user_id")),
            user_id=text(participant.get("user_id")),
            name=text(participant.get("user_name")),
            user_email=text(participant.get("email")),
            registrant_id=text(participant.get("registrant_id")),
        ),
        joined_at=joined,
        left_at=left,
        at=_known(said_at, joined if left is None else left),
        starts_at=moment(about.get("start_time")),
        participant_uuid=text(participant.get("participant_uuid")),
    )


def _known(at: float | None, otherwise: float | None) -> float:
    found = otherwise if at is None else at
    if found is None:
        raise Malformed("it does not tell when that was")
    return found


def _milliseconds(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value / 1000 if 0 < value < LAST_MOMENT * 1000 else None


def _payload(told: Mapping[str, Any]) -> Mapping[str, Any]:
    return _map(told.get("payload"), "payload")


def _map(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{name} is no JSON object")
    return value


def _required(record: Mapping[str, Any], name: str) -> str:
    value = text(record.get(name))
    if not 0 < len(value) <= LONGEST_ID:
        raise Malformed(f"there is no {name}, or it is too long")
    return value
