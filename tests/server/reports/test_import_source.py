"""What is told of an import: of its people and stays, of where they come from, of who registered."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from server.reports import attendance_report, import_source
from server.reports.attendance_report import Rows
from storage.import_reports import Imported, ImportSource, ImportTotals, Registration, Registrations
from storage.imports import Import, Part, PartState, Subject, Walk
from storage.records import Attendance, Meeting, Participant, Stay

START = 1_795_251_600.0
"""2026-11-21 09:00:00 UTC."""

NOW = START + 90_000
ROOM = "ZOOM-88988872033"
UUID = "4AAA/a//b=="
MEETING = Meeting(ROOM, "Launch", "zoom", START, START + 3600)
SUBJECT = Subject(ROOM, "webinar", "88988872033", "Launch", "zoom")
APPROVED = Part("registrants/approved", None, None, "complete", "registrants", "", "", 3, 3, 1, START + 7000)
INSTANCE = Part(
    f"instance/{UUID}",
    START,
    START + 3600,
    "complete",
    "basic",
    "report refused: missing scope",
    "",
    2,
    2,
    0,
    START + 7200,
)
RECORD = Import(SUBJECT, START + 6000, [APPROVED, INSTANCE], None, 0)
TOTALS = ImportTotals(
    registrants={"approved": 3, "pending": 0, "denied": 0},
    people=2,
    guests=1,
    stays=2,
    uncounted=1,
    no_shows=2,
    total_duration=90.1234,
    first_joined_at=START,
    last_left_at=START + 60,
)
ANN = Participant("p_ann", ROOM, "", "Ann", "participant", "disconnected", START, START + 60, 1, 60.0)
GUEST = replace(ANN, id="p_guest", name="ann", first_joined_at=START + 5, last_seen_at=START + 35)
STAY = Stay("p_ann", "s_1", "", UUID, START, START + 60, None, False, 1)
GUESTS = replace(
    STAY, participant_id="p_guest", session_id="s_2", joined_at=START + 5, left_at=START + 35.1234
)
PEOPLE = {
    "p_ann": Imported("=ann@example.org", False, "approved", 1, None),
    "p_guest": Imported("", True, None, 1, "p_ann", guessed=True),
}
ATTENDANCE = Attendance(
    MEETING,
    [(ANN, [STAY]), (GUEST, [replace(GUESTS, estimated=True)])],
    import_source=ImportSource(RECORD, PEOPLE),
)
REGISTRATIONS = Registrations(
    [
        Registration("p_ann", "Ann", "=ann@example.org", "approved", START - 86_400, 1, 60.0),
        Registration("p_bob", "Bob", "bob@example.org", "denied", None, 0, 0.0),
    ],
    "p_bob",
)


def in_state(part: Part, state: PartState, reason: str = "", **changes: Any) -> Part:
    return replace(part, state=state, reason=reason, **changes)


def of(*parts: Part) -> Import:
    return replace(RECORD, parts=parts)


def as_json(record: Attendance = ATTENDANCE, *, whole: bool = True) -> dict[str, Any]:
    source = import_source.source(record.import_source.record, TOTALS, NOW) if record.import_source else None
    answer = json.loads(
        attendance_report.as_json(record, NOW, 1000, source=source, done=[] if whole else None)
    )
    assert isinstance(answer, dict)
    return answer


def read(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True))


# People and stays


def test_a_person_of_an_import_is_told_with_what_zoom_says_of_them() -> None:
    ann, guest = as_json()["participants"]
    besides = ("email", "guest", "registration", "namesakes", "name_match", "guessed")
    assert [ann[name] for name in besides] == ["=ann@example.org", False, "approved", 1, None, False]
    assert [guest[name] for name in besides] == ["", True, None, 1, "p_ann", True]
    assert (guest["estimated"], guest["total_duration"]) == (True, 30.123)
    assert [session["instance"] for session in ann["sessions"]] == [UUID]


def test_a_meeting_held_here_has_no_source_and_tells_nothing_besides() -> None:
    here = replace(ATTENDANCE, import_source=None)
    answer = as_json(here)
    assert answer["source"] is None
    assert (
        not {"email", "guest", "registration", "namesakes", "name_match"} & answer["participants"][0].keys()
    )
    assert "instance" not in answer["participants"][0]["sessions"][0]
    assert "email" not in read(attendance_report.as_csv(here, NOW, Rows.PEOPLE))[0]
    assert "source" not in as_json(here, whole=False)


@pytest.mark.parametrize(
    ("part", "ended"),
    [
        (INSTANCE, True),
        (in_state(INSTANCE, "live", ended_at=None), False),
        (in_state(INSTANCE, "live"), True),
        (in_state(INSTANCE, "unread", ended_at=None), True),
    ],
    ids=["complete", "live", "ended", "unread"],
)
def test_an_import_has_ended_but_while_it_is_live(part: Part, ended: bool) -> None:
    record = replace(ATTENDANCE, import_source=ImportSource(of(APPROVED, part), PEOPLE))
    assert (as_json(record)["meeting"]["ended_at"] is not None) == ended


def test_the_tables_of_an_import_have_columns_of_its_own() -> None:
    ann, guest = read(attendance_report.as_csv(ATTENDANCE, NOW, Rows.STAYS))
    assert list(ann)[:7] == ["name", "email", "guest", "registration", "possible_match", "guessed", "role"]
    assert (ann["guessed"], guest["guessed"]) == ("no", "yes")
    assert list(ann)[-1] == "instance"
    assert (ann["email"], ann["guest"], ann["registration"]) == ("'=ann@example.org", "no", "approved")
    assert (ann["possible_match"], ann["duration_seconds"], ann["instance"]) == ("", "60", UUID)
    assert (guest["email"], guest["guest"], guest["registration"]) == ("", "yes", "")
    assert (guest["possible_match"], guest["estimated"]) == ("p_ann", "yes")
    people = read(attendance_report.as_csv(ATTENDANCE, NOW, Rows.PEOPLE))
    assert [row["possible_match"] for row in people] == ["", "p_ann"]
    assert "instance" not in people[0]


# Where it comes from


def test_the_source_tells_of_every_part_and_of_the_whole() -> None:
    source = as_json()["source"]
    assert source.pop("parts")[1] == {
        "part": f"instance/{UUID}",
        "instance": UUID,
        "status": None,
        "starts_at": "2026-11-21T09:00:00.000Z",
        "ended_at": "2026-11-21T10:00:00.000Z",
        "state": "complete",
        "source": "basic",
        "why": "report refused: missing scope",
        "reason": "",
        "rows": 2,
        "given": 0,
        "total": 2,
        "agreed": 0,
        "checked_at": "2026-11-21T11:00:00.000Z",
        "reading": None,
    }
    assert source == {
        "kind": "webinar",
        "external_id": "88988872033",
        "state": "complete",
        "reason": "",
        "registration": {"state": "complete", "reason": ""},
        "due_at": None,
        "totals": {
            "registrants": {"approved": 3, "pending": 0, "denied": 0},
            "people": 2,
            "guests": 1,
            "stays": 2,
            "uncounted": 1,
            "guessed": 0,
            "no_shows": 2,
            "total_duration": 90.123,
        },
    }
    assert "source" not in as_json(whole=False)


def test_a_part_of_registrants_is_told_by_their_status() -> None:
    part = as_json()["source"]["parts"][0]
    assert (part["status"], part["instance"], part["starts_at"]) == ("approved", None, None)


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        (("complete", "partial"), "partial"),
        (("partial", "unknown"), "unknown"),
        (("unknown", "live"), "live"),
        (("live", "unread"), "unread"),
        (("too_old", "complete"), "complete"),
        (("too_old",), "too_old"),
        ((), "unread"),
    ],
)
def test_the_whole_is_as_good_as_its_worst_part(states: tuple[PartState, ...], whole: PartState) -> None:
    record = of(*(in_state(INSTANCE, state, f"is {state}") for state in states))
    assert import_source.state_of(record) == (whole, f"is {whole}" if states else "")


def test_who_registered_decides_nothing_about_who_attended() -> None:
    record = of(in_state(APPROVED, "unknown", "not read: refused"), INSTANCE)
    assert import_source.state_of(record) == ("complete", "")
    assert import_source.registration_of(record) == ("unknown", "not read: refused")
    assert import_source.summary(record)["state"] == "complete"


def test_why_the_latest_attempt_came_to_less_is_told_beside_what_is_kept() -> None:
    record = of(INSTANCE, in_state(INSTANCE, "complete", "Zoom gave 1 of the 2 rows it has"))
    assert import_source.state_of(record) == ("complete", "Zoom gave 1 of the 2 rows it has")


def test_what_is_read_at_the_moment_is_told_and_what_was_left_is_not() -> None:
    walk = Walk(
        "w_1", INSTANCE.part, "run_1", "report", "", "t", 1, 300, 1843, NOW - 9, NOW - 1, NOW + 5, 300
    )
    left = replace(walk, walk_id="w_2", given=600, lease_until=NOW - 1)

    def reading(*walking: Walk) -> object:
        parts = import_source.source(of(replace(INSTANCE, walking=walking)), TOTALS, NOW)["parts"]
        return parts[0]["reading"]

    assert reading(left, walk) == {"rows": 300, "total": 1843}
    assert reading(left) is None


def test_attendance_that_is_not_known_is_not_zero() -> None:
    unknown = of(APPROVED, in_state(INSTANCE, "unknown", "attendance unknown: refused"))
    totals = import_source.source(unknown, TOTALS, NOW)["totals"]
    assert totals.pop("registrants") == {"approved": 3, "pending": 0, "denied": 0}
    assert set(totals.values()) == {None}
    in_part = of(APPROVED, in_state(INSTANCE, "unknown"), in_state(INSTANCE, "partial"))
    assert import_source.source(in_part, TOTALS, NOW)["totals"]["people"] == 2


@pytest.mark.parametrize("lists", [[], [in_state(APPROVED, "unknown", "not read: refused")]])
def test_who_did_not_come_is_not_known_where_nobody_tells_who_was_approved(lists: list[Part]) -> None:
    pending = replace(APPROVED, part="registrants/pending")
    totals = import_source.source(of(*lists, pending, INSTANCE), TOTALS, NOW)["totals"]
    assert (totals["people"], totals["no_shows"]) == (2, None)


# Who registered


def test_registrants_are_told_with_whether_they_came() -> None:
    answer = json.loads(import_source.registrants_as_json(REGISTRATIONS, RECORD))
    assert answer == {
        "next": "p_bob",
        "registrants": [
            {
                "id": "p_ann",
                "name": "Ann",
                "email": "=ann@example.org",
                "status": "approved",
                "registered_at": "2026-11-20T09:00:00.000Z",
                "came": True,
                "session_count": 1,
                "total_duration": 60.0,
            },
            {
                "id": "p_bob",
                "name": "Bob",
                "email": "bob@example.org",
                "status": "denied",
                "registered_at": None,
                "came": False,
                "session_count": 0,
                "total_duration": 0.0,
            },
        ],
    }
    unknown = json.loads(import_source.registrants_as_json(REGISTRATIONS, of(APPROVED)))
    assert [person["came"] for person in unknown["registrants"]] == [None, None]


def test_the_table_of_registrants() -> None:
    ann, bob = read(import_source.registrants_as_csv(REGISTRATIONS, RECORD))
    assert ann == {
        "name": "Ann",
        "email": "'=ann@example.org",
        "status": "approved",
        "registered_at (UTC)": "2026-11-20 09:00:00",
        "came": "yes",
        "sessions": "1",
        "duration_seconds": "60",
        "duration": "0:01:00",
        "participant_id": "p_ann",
    }
    assert (bob["status"], bob["registered_at (UTC)"], bob["came"]) == ("denied", "", "no")
    unknown = read(import_source.registrants_as_csv(REGISTRATIONS, of(APPROVED)))
    assert {row["came"] for row in unknown} == {"unknown"}
