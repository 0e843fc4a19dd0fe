"""Which failure an answer of Zoom's is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson
import pytest

from server.zoom.errors import (
    BadAnswer,
    DailyLimit,
    MissingScope,
    NoPermission,
    NotFound,
    NotRegistrable,
    PageTokenInvalid,
    Refused,
    TooOld,
    Unavailable,
    ZoomFailure,
)
from server.zoom.zoom_responses import Answer, content, failure, is_about_the_token, said

NOW = datetime(2024, 5, 17, 12, 0, 0, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2024, 5, 18, tzinfo=UTC).timestamp()

SCOPES = (
    "Invalid access token, does not contain scopes:"
    "[report:read:list_webinar_participants:admin, report:read:list_webinar_participants]."
)
TOKEN = "The next page token is invalid or expired."


def answer(
    status: int,
    body: Any = None,
    private: tuple[str, ...] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, told, orjson.dumps(body), private)


def failure_of(
    status: int, body: Any = None, *, paged: bool = False, headers: Mapping[str, str] = MappingProxyType({})
) -> ZoomFailure:
    return failure(answer(status, body, headers=headers), "the report", paged=paged, now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"code": 4711, "message": SCOPES}, MissingScope),
        (400, {"code": "4711", "message": SCOPES}, MissingScope),
        (400, {"code": 4711, "message": "no"}, MissingScope),
        (400, {"code": 4700, "message": SCOPES}, MissingScope),
        (401, {"code": 4700, "message": SCOPES}, MissingScope),
        (400, {"code": 200, "message": "Only available for Paid account"}, NoPermission),
        (400, {"code": 300, "message": "Validation Failed."}, Refused),
        (400, {"code": 300, "message": TOKEN}, Refused),
        (400, {"code": 1010, "message": "User does not belong to this account"}, Refused),
        (400, {"code": 104, "message": SCOPES}, MissingScope),
        (401, {"code": 104, "message": SCOPES}, MissingScope),
        (400, {"code": 12702, "message": "Can not access a webinar a year ago."}, TooOld),
        (400, {"code": 300, "message": "This report is older than 6 months."}, TooOld),
        (400, None, Refused),
        (403, {"message": "Forbidden"}, Refused),
        (404, {"code": 3001, "message": "Meeting does not exist: 1."}, NotFound),
        (
            404,
            {"code": 404, "message": "Registration has not been enabled for this webinar: 1."},
            NotRegistrable,
        ),
        (
            400,
            {"code": 300, "message": "Registration has not been enabled for this meeting: 1"},
            NotRegistrable,
        ),
        (400, {"code": 300, "message": "This meeting has not registration required: 1."}, NotRegistrable),
        (400, {"code": 3000, "message": "Meeting 1 does not have registration as required."}, NotRegistrable),
        (404, {"code": 3001, "message": "Registration is not required for this meeting."}, NotRegistrable),
        (400, {"code": 300, "message": "Registration is required."}, Refused),
        (400, {"code": 3001, "message": "Webinar does not exist: 1."}, NotFound),
        (404, None, NotFound),
        (408, None, Unavailable),
        (500, None, Unavailable),
        (502, "<html>", Unavailable),
        (503, {"code": 3001}, Unavailable),
        (204, None, BadAnswer),
        (302, None, BadAnswer),
    ],
)
def test_the_table_of_errors(status: int, body: Any, kind: type[ZoomFailure]) -> None:
    assert type(failure_of(status, body)) is kind


def test_the_missing_scopes_are_named() -> None:
    found = failure_of(400, {"code": 4711, "message": SCOPES})
    assert isinstance(found, MissingScope)
    assert found.scopes == (
        "report:read:list_webinar_participants:admin",
        "report:read:list_webinar_participants",
    )
    assert "report:read:list_webinar_participants:admin" in str(found)


def test_only_a_token_that_was_sent_can_be_invalid() -> None:
    assert isinstance(failure_of(400, {"code": 300, "message": TOKEN}, paged=True), PageTokenInvalid)
    errors = {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [{"field": "next_page_token", "message": "Invalid"}],
    }
    assert isinstance(failure_of(400, errors, paged=True), PageTokenInvalid)
    assert type(failure_of(400, {"code": 300, "message": "Validation Failed."}, paged=True)) is Refused


def test_a_refusal_tells_zooms_reasons() -> None:
    body = {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [{"field": "page_size", "message": "too large"}, "odd"],
    }
    assert str(failure_of(400, body)) == (
        "Zoom refused the report: Validation Failed.; page_size: too large (code 300, HTTP 400)"
    )


@pytest.mark.parametrize(
    ("code", "message", "about"),
    [(124, "Invalid access token.", True), (4700, "Token cannot be empty.", True), (4700, SCOPES, False)],
)
def test_which_401_is_about_the_token(code: int, message: str, about: bool) -> None:
    assert is_about_the_token(answer(401, {"code": code, "message": message})) is about


@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        ({}, "You have reached the maximum per-second rate limit for this API. Try again later.", 0),
        ({"x_ratelimit_type": "QPS", "x_ratelimit_remaining": "0"}, "", 0),
        ({"retry_after": "2"}, "", 2),
        ({"retry_after": "0"}, "", 0),
        ({"retry_after": "soon"}, "", 0),
        ({"x_ratelimit_type": "QPS", "retry_after": "2024-05-17T12:00:03Z"}, "", 3),
        ({"x_ratelimit_type": "QPS", "retry_after": "2024-05-17T11:00:00Z"}, "", 0),
    ],
)
def test_too_many_a_second_is_waited_for(headers: dict[str, str], message: str, wait: float) -> None:
    found = failure_of(429, {"code": 429, "message": message}, headers=headers)
    assert isinstance(found, Unavailable)
    assert found.wait == wait


@pytest.mark.parametrize(
    ("headers", "message", "until"),
    [
        ({"retry_after": "2024-05-18T00:00:00Z"}, "", MIDNIGHT),
        ({"retry_after": "2024-05-17T12:00:03Z"}, "", NOW + 3),
        ({"retry_after": "43200"}, "", MIDNIGHT),
        ({"retry_after": "61"}, "", NOW + 61),
        ({"x_ratelimit_type": "Daily-limit"}, "", MIDNIGHT),
        ({"x_ratelimit_type": "Daily-limit", "retry_after": "2"}, "", NOW + 2),
        ({"x_ratelimit_type": "Daily-limit", "retry_after": "2024-05-17T11:00:00Z"}, "", NOW + 1),
        ({}, "You have reached the maximum daily rate limit for this API.", MIDNIGHT),
        ({"retry_after": "Sat, 18 May 2024 00:00:00 GMT"}, "", MIDNIGHT),
        ({"retry_after": "999999999"}, "", NOW + 31 * 86400),
    ],
)
def test_a_daily_limit_is_not(headers: dict[str, str], message: str, until: float) -> None:
    found = failure_of(429, {"code": 429, "message": message}, headers=headers)
    assert isinstance(found, DailyLimit)
    assert found.until == until


def test_a_server_that_is_busy_tells_how_long() -> None:
    found = failure_of(503, None, headers={"retry_after": "7"})
    assert isinstance(found, Unavailable)
    assert found.wait == 7


def test_a_success_is_an_object_without_an_error() -> None:
    assert content(answer(200, {"participants": []})) == {"participants": []}
    assert content(answer(200, {"code": 0, "topic": "A"})) == {"code": 0, "topic": "A"}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {"code": 300},
        {"code": "300"},
        {"code": "E1"},
        {"code": 200, "message": "No permission."},
    ],
)
def test_a_success_may_be_none(body: Any) -> None:
    with pytest.raises(BadAnswer):
        content(answer(200, body))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"participants": [', b"\xff\xfe", b"[" * 100_000, b"1" * 10_000]
)
def test_garbage_is_no_success(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        content(Answer(200, {}, body))


def test_a_broken_character_costs_no_page() -> None:
    assert content(Answer(200, {}, b'{"topic": "a\xffb"}')) == {"topic": "a\ufffdb"}


def test_what_zoom_says_is_told_in_one_line_without_secrets_and_addresses() -> None:
    told = said(
        answer(
            400,
            {
                "code": 1001,
                "message": "User ann.lee+x@example.com\r\n\x1b[31m does not exist: Bearer abc.def "
                + "x" * 999,
            },
            private=("abc.def", ""),
        )
    )
    assert told.startswith("User … …[31m does not exist: Bearer … xxx")
    assert told.endswith("… (code 1001, HTTP 400)")
    assert len(told) < 240
