"""What a report says, made of records without a server or a database."""

from __future__ import annotations

import csv
import io
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.reports import attendance_report
from server.reports.attendance_report import Rows
from server.reports.downsampling import thinned
from storage.records import Attendance, Meeting, Participant, Stay

START = 1_795_251_600.0
"""2026-11-21 09:00:00 UTC."""

MEETING = Meeting("ABC123", "Stand-up", "u_ann", START, None)
ANN = Participant("p_ann", "ABC123", "u_ann", "Ann", "host", "connected", START, START + 90, 2, 30.0)
BEN = Participant(
    "p_ben", "ABC123", "u_ben", "Ben", "participant", "disconnected", START + 10, START + 40, 1, 30.0
)
STAY = Stay("p_ann", "s_1", "n_1", "i_1", START, START + 30, "left", False, 1)
ANNS = [STAY, replace(STAY, session_id="s_2", joined_at=START + 60, left_at=None, reason=None)]
BENS = [
    replace(
        STAY,
        participant_id="p_ben",
        joined_at=START + 10,
        left_at=START + 40.25,
        reason="lost",
        estimated=True,
        connections=3,
        reconnects=(START + 20.5, START + 25),
    )
]
RECORD = Attendance(MEETING, [(ANN, ANNS), (BEN, BENS)])
NOW = START + 3700.5


def as_json(record: Attendance = RECORD, *, limit: int = 1000, whole: bool = True) -> dict[str, Any]:
    answer = json.loads(
        attendance_report.as_json(record, NOW, limit, source=None, done=[] if whole else None)
    )
    assert isinstance(answer, dict)
    return answer


def as_csv(record: Attendance = RECORD, rows: Rows = Rows.STAYS) -> list[dict[str, str]]:
    text = attendance_report.as_csv(record, NOW, rows).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def named(name: str) -> Attendance:
    return Attendance(MEETING, [(replace(ANN, name=name), ANNS[:1])])


# JSON


def test_a_person_has_stays_and_what_they_come_to() -> None:
    assert as_json()["participants"][1] == {
        "id": "p_ben",
        "name": "Ben",
        "role": "participant",
        "state": "disconnected",
        "session_count": 1,
        "reconnects": 2,
        "total_duration": 30.25,
        "first_seen_at": "2026-11-21T09:00:10.000Z",
        "last_seen_at": "2026-11-21T09:00:40.250Z",
        "estimated": True,
        "sessions": [
            {
                "joined_at": "2026-11-21T09:00:10.000Z",
                "left_at": "2026-11-21T09:00:40.250Z",
                "reason": "lost",
                "estimated": True,
                "connections": 3,
                "reconnects": ["2026-11-21T09:00:20.500Z", "2026-11-21T09:00:25.000Z"],
            }
        ],
    }


def test_the_whole_meeting_is_told_on_the_first_page() -> None:
    answer = as_json()
    assert answer["meeting"] == {
        "id": "ABC123",
        "title": "Stand-up",
        "created_at": "2026-11-21T09:00:00.000Z",
        "ended_at": None,
    }
    assert answer["as_of"] == "2026-11-21T10:01:40.500Z"
    assert answer["totals"] == {
        "participants": 2,
        "present": 1,
        "sessions": 3,
        "reconnects": 2,
        "estimated": 1,
        "total_duration": 30 + 3640.5 + 30.25,
        "average_duration": (30 + 3640.5 + 30.25) / 2,
        "peak": 2,
        "peak_at": "2026-11-21T09:00:10.000Z",
        "first_joined_at": "2026-11-21T09:00:00.000Z",
        "last_left_at": None,
    }
    assert answer["presence"] == [
        ["2026-11-21T09:00:00.000Z", 1],
        ["2026-11-21T09:00:10.000Z", 2],
        ["2026-11-21T09:00:30.000Z", 1],
        ["2026-11-21T09:00:40.250Z", 0],
        ["2026-11-21T09:01:00.000Z", 1],
    ]
    assert answer["next"] is None


def test_a_page_shows_so_many_and_where_the_next_begins_but_sums_up_all() -> None:
    first = as_json(limit=1)
    assert [person["name"] for person in first["participants"]] == ["Ann"]
    assert (first["next"], first["totals"]["participants"]) == ("p_ann", 2)
    later = as_json(Attendance(MEETING, [(BEN, BENS)]), limit=1, whole=False)
    assert [person["name"] for person in later["participants"]] == ["Ben"]
    assert later["next"] is None
    assert not {"totals", "presence"} & later.keys()


def test_a_meeting_that_nobody_joined_has_an_empty_report() -> None:
    answer = as_json(Attendance(MEETING, []))
    assert (answer["participants"], answer["presence"], answer["next"]) == ([], [], None)
    assert (answer["totals"]["average_duration"], answer["totals"]["peak_at"]) == (0, None)


def test_who_has_no_stay_is_listed_all_the_same() -> None:
    record = Attendance(MEETING, [(ANN, [])])
    (person,) = as_json(record)["participants"]
    assert (person["session_count"], person["total_duration"], person["sessions"]) == (0, 0, [])
    assert person["last_seen_at"] == "2026-11-21T09:01:30.000Z"
    assert as_json(record)["totals"]["participants"] == 0
    assert (as_csv(record), len(as_csv(record, Rows.PEOPLE))) == ([], 1)


# People over time, thinned


def level(steps: list[tuple[float, int]], at: float) -> int:
    return max((step for step in steps if step[0] <= at), default=(0.0, 0))[1]


STEPS = st.lists(
    st.tuples(st.floats(0.001, 1e4), st.integers(0, 50)),
    min_size=1,
    max_size=200,
    unique_by=lambda step: step[0],
).map(sorted)


@given(STEPS, st.integers(5, 60))
def test_few_steps_show_the_same_highs_ends_and_levels_in_between(
    steps: list[tuple[float, int]], most: int
) -> None:
    kept = list(thinned(steps, most))
    assert len(kept) <= most
    assert set(kept) <= set(steps)
    assert (kept[0], kept[-1]) == (steps[0], steps[-1])
    assert max(count for _, count in kept) == max(count for _, count in steps)
    # Where nothing happens for a while, the level is the right one.
    pause = 2 * (steps[-1][0] - steps[0][0]) / ((most - 1) // 2)
    for (at, count), (until, _) in itertools.pairwise(steps):
        if until - at > pause:
            assert level(kept, until - pause / 4) == count


def test_many_steps_in_two_hours_a_week_apart_are_thinned_as_if_there_were_no_week() -> None:
    week = 7 * 86_400.0
    hour = [(12.0 * at, at if at < 300 else 601 - at) for at in range(1, 602)]
    apart = [*hour, *((week + at, count) for at, count in hour)]
    kept = thinned(apart)
    assert len(kept) <= 500
    for begin in (0.0, week):
        steps = [at for at, _ in kept if begin < at < begin + 8000]
        assert len(steps) > 150
        assert max(after - at for at, after in itertools.pairwise(steps)) < 80


def test_few_steps_are_left_as_they_are() -> None:
    steps = [(float(at), at % 3) for at in range(500)]
    assert thinned(steps) == steps
    assert len(thinned([*steps, (1e9, 0)])) < 10


# CSV


def test_the_table_of_stays() -> None:
    assert as_csv() == [
        {
            "name": "Ann",
            "role": "host",
            "joined_at (UTC)": "2026-11-21 09:00:00",
            "left_at (UTC)": "2026-11-21 09:00:30",
            "duration_seconds": "30",
            "duration": "0:00:30",
            "reconnects": "0",
            "reason": "left",
            "estimated": "no",
            "participant_id": "p_ann",
            "kind": "",
        },
        {
            "name": "Ann",
            "role": "host",
            "joined_at (UTC)": "2026-11-21 09:01:00",
            "left_at (UTC)": "",
            "duration_seconds": "3640",
            "duration": "1:00:40",
            "reconnects": "0",
            "reason": "",
            "estimated": "no",
            "participant_id": "p_ann",
            "kind": "",
        },
        {
            "name": "Ben",
            "role": "participant",
            "joined_at (UTC)": "2026-11-21 09:00:10",
            "left_at (UTC)": "2026-11-21 09:00:40",
            "duration_seconds": "30",
            "duration": "0:00:30",
            "reconnects": "2",
            "reason": "lost",
            "estimated": "yes",
            "participant_id": "p_ben",
            "kind": "",
        },
    ]


def test_the_table_of_people() -> None:
    ann, ben = as_csv(rows=Rows.PEOPLE)
    assert ann == {
        "name": "Ann",
        "role": "host",
        "first_seen_at (UTC)": "2026-11-21 09:00:00",
        "last_seen_at (UTC)": "2026-11-21 10:01:40",
        "duration_seconds": "3670",
        "duration": "1:01:10",
        "sessions": "2",
        "reconnects": "0",
        "present": "yes",
        "estimated": "no",
        "participant_id": "p_ann",
        "kind": "",
    }
    assert (ben["name"], ben["reconnects"], ben["present"], ben["estimated"]) == ("Ben", "2", "no", "yes")


def test_a_program_is_marked_in_the_tables_and_in_json() -> None:
    record = Attendance(MEETING, [(ANN, ANNS), (replace(BEN, user_id="b_rec_1"), BENS)])
    assert [row["kind"] for row in as_csv(record)] == ["", "", "bot"]
    assert [row["kind"] for row in as_csv(record, Rows.PEOPLE)] == ["", "bot"]
    answer = as_json(record)
    assert [person.get("kind") for person in answer["participants"]] == [None, "bot"]
    assert answer["participants"][1]["total_duration"] == 30.25
    assert answer["totals"] == as_json(Attendance(MEETING, [(ANN, ANNS)]))["totals"]


def test_the_file_is_as_rfc_4180_has_it_and_marked_as_utf_8() -> None:
    table = attendance_report.as_csv(named('Zoë "Zed" O\'Hara,\u2028李雷 🎉'), NOW, Rows.STAYS)
    assert table.startswith(b'\xef\xbb\xbf"name","role",')
    assert table.endswith(b"\r\n")
    assert table.count(b"\r\n") == table.count(b"\n") == 2
    assert '"Zoë ""Zed"" O\'Hara,\u2028李雷 🎉",'.encode() in table


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1"]


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("before", ["", " ", "\xa0", "\u3000", "\u200b", "\ufeff \u200e"])
def test_a_name_that_is_a_formula_is_only_a_name(name: str, before: str) -> None:
    (row,) = as_csv(named(before + name))
    assert row["name"] == f"'{before}{name}"
    (row,) = as_csv(named(before + name), Rows.PEOPLE)
    assert row["name"] == f"'{before}{name}"


@pytest.mark.parametrize("name", ["Ann", "Ann = Anna", "'Ann", " Ann", "", "李雷", "A@example.org", "1-1"])
def test_any_other_name_is_left_as_it_is(name: str) -> None:
    assert as_csv(named(name))[0]["name"] == name


def test_a_name_does_not_end_its_cell_where_semicolons_separate() -> None:
    """As in spreadsheets of many languages."""
    text = attendance_report.as_csv(named('Ann;=1+1";=1+1'), NOW, Rows.STAYS).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]


@given(st.text(max_size=20))
def test_any_name_comes_back_and_begins_no_formula(name: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in name):
        return
    (row,) = as_csv(named(name))
    assert row["name"] in (name, f"'{name}")
    assert row["name"].strip()[:1] not in {*"=+-@＝＋－＠"}


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00:00"), (59.99, "0:00:59"), (3600, "1:00:00"), (90061.5, "25:01:01")]
)
def test_a_duration_is_shown_in_hours(seconds: float, shown: str) -> None:
    assert attendance_report.duration(seconds) == shown
