"""Zoom's records, as strange as they come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from server.zoom.errors import BadAnswer
from server.zoom.zoom_records import (
    Details,
    Instance,
    ListPage,
    ParticipantRow,
    RegistrantRow,
    count,
    duration,
    moment,
    read,
    read_page,
)

NOON = datetime(2024, 5, 17, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-05-17T12:00:00Z", NOON),
        ("2024-05-17T12:00:00.660Z", NOON + 0.66),
        ("2024-05-17T12:00:00.660123Z", NOON + 0.660123),
        ("2024-05-17T14:00:00+02:00", NOON),
        ("2024-05-17T07:30:00-0430", NOON),
        ("2024-05-17T12:00:00", NOON),
        ("2024-05-17 12:00:00Z", NOON),
        ("2024-05-17T12:00Z", NOON),
        (" 2024-05-17T12:00:00Z ", NOON),
    ],
)
def test_times_are_seconds_since_the_epoch(text: str, seconds: float) -> None:
    assert moment(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "yesterday",
        "2024-05-17",
        "2024-13-17T12:00:00Z",
        "2024-05-17T25:00:00Z",
        "2024-05-17T12:00:61Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59x",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "1970-01-01T00:00:00Z",
        1715947200,
        True,
        {},
        [],
    ],
)
def test_a_time_that_cannot_be_read_counts_as_missing(value: object) -> None:
    assert moment(value) is None


@pytest.mark.parametrize(("value", "seconds"), [(60, 60.0), ("60", 60.0), (1.5, 1.5), (0, 0.0)])
def test_durations_are_seconds(value: object, seconds: float) -> None:
    assert duration(value) == seconds


@pytest.mark.parametrize(
    "value", [None, "", "long", -1, float("nan"), float("inf"), True, [], 10**400, 1e300]
)
def test_a_duration_that_is_none_counts_as_missing(value: object) -> None:
    assert duration(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), ("3", 3), (3.0, 3), (3.5, None), (-1, None), (None, None), (2**31, None), (1e300, None)],
)
def test_counts(value: object, number: int | None) -> None:
    assert count(value) == number


def test_a_row_without_anything_is_a_row() -> None:
    assert read(ParticipantRow, {}) == ParticipantRow()
    assert read(RegistrantRow, {}) == RegistrantRow()
    assert read(Instance, {}) == Instance()
    assert read(Details, {}) == Details()


def test_null_is_as_good_as_missing() -> None:
    for shape in (ParticipantRow, RegistrantRow, Instance, Details):
        assert read(shape, dict.fromkeys(shape.__struct_fields__)) == shape()


def test_a_whole_row() -> None:
    row = {
        "id": "30R7kT7bTIKSNUFEuH_Qlg",
        "participant_user_id": "30R7kT7bTIKSNUFEuH_Qlg",
        "user_id": "27423744",
        "name": "Åsa Ng",
        "user_email": "asa@example.com",
        "registrant_id": "abc",
        "join_time": "2024-05-17T12:00:00Z",
        "leave_time": "2024-05-17T12:00:01.660Z",
        "duration": 1,
        "status": "in_meeting",
        "failover": True,
        "bo_mtg_id": "27423744",
        "internal_user": True,
        "customer_key": "not read",
    }
    assert read(ParticipantRow, row) == ParticipantRow(
        id="30R7kT7bTIKSNUFEuH_Qlg",
        participant_user_id="30R7kT7bTIKSNUFEuH_Qlg",
        user_id="27423744",
        name="Åsa Ng",
        user_email="asa@example.com",
        registrant_id="abc",
        join_time=NOON,
        leave_time=datetime(2024, 5, 17, 12, 0, 1, 660_000, tzinfo=UTC).timestamp(),
        duration=1.0,
        status="in_meeting",
        failover=True,
        bo_mtg_id="27423744",
        internal_user=True,
    )


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (16778240, "16778240"),
        (16778240.0, "16778240"),
        (0, "0"),
        (2**63, str(2**63)),
        (True, ""),
        ({"a": 1}, ""),
        ([], ""),
    ],
)
def test_ids_come_as_numbers_too(value: object, read_as: str) -> None:
    assert read(ParticipantRow, {"user_id": value}).user_id == read_as


def test_characters_that_no_store_keeps_are_replaced() -> None:
    assert read(ParticipantRow, {"name": "a\0b\ud83d"}).name == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    ("value", "read_as"), [("true", True), ("True", True), (1, True), ("false", False), ("", False)]
)
def test_flags_come_as_texts_too(value: object, read_as: bool) -> None:
    assert read(ParticipantRow, {"failover": value}).failover is read_as


@pytest.mark.parametrize("record", [None, [], "row", 3])
def test_what_is_no_object_is_no_row(record: object) -> None:
    with pytest.raises(BadAnswer, match="in the place of a record"):
        read(ParticipantRow, record)


@pytest.mark.parametrize(
    ("answer", "token", "total"),
    [
        ({"next_page_token": "abc", "total_records": 1}, "abc", 1),
        ({"next_page_token": "", "total_records": "1"}, "", 1),
        ({"next_page_token": None, "total_records": None}, "", None),
        ({}, "", None),
    ],
)
def test_a_page(answer: dict[str, Any], token: str, total: int | None) -> None:
    page = read_page(Instance, "webinars", {"webinars": [{"uuid": "a=="}], **answer})
    assert page == ListPage([Instance(uuid="a==")], token, total)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"webinars": None},
        {"webinars": {}},
        {"webinars": [None]},
        {"webinars": [], "next_page_token": 7},
        {"webinars": [], "next_page_token": "a\0"},
        {"webinars": [], "next_page_token": "\ud800"},
        {"webinars": [], "next_page_token": "a" * 5000},
    ],
)
def test_what_is_no_page(answer: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        read_page(Instance, "webinars", answer)
