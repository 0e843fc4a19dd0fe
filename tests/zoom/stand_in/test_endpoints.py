"""The stand-in refuses what Zoom refuses: a client that gets past it has asked rightly."""

from __future__ import annotations

from random import Random
from urllib.parse import quote

import pytest

from tests.zoom.stand_in import Credentials, WebinarView, ZoomStandIn
from tests.zoom.stand_in.asking import (
    DOUBLE,
    LEADING,
    PLAIN,
    REGISTRANTS,
    REPORT,
    SINGLE,
    UUIDS,
    Asking,
    rows,
)
from tests.zoom.stand_in.endpoints import SCOPES


async def test_token_endpoint_takes_the_right_credentials_only(ask: Asking) -> None:
    good = (await ask.grant()).json()
    assert good["token_type"] == "bearer"
    assert good["expires_in"] == 3600
    assert set(good["scope"].split()) == SCOPES
    assert (await ask.grant(auth=("cLiEnTiDfOrTeStS", "wrong"))).json()["error"] == "invalid_client"
    assert (await ask.grant(grant_type="client_credentials")).json()["error"] == "unsupported_grant_type"
    response = await ask.grant(account_id="another")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert ask.zoom.token_requests == 5


async def test_a_secret_shows_up_nowhere_by_itself(zoom: ZoomStandIn, ask: Asking) -> None:
    await ask.get(REPORT)
    assert ask.token not in repr(zoom.requests)
    assert Credentials().client_secret not in repr(zoom.requests)


async def test_a_token_is_good_for_an_hour(zoom: ZoomStandIn, ask: Asking) -> None:
    zoom.clock.advance(3590)
    assert (await ask.get(REPORT)).status_code == 200
    zoom.clock.advance(20)
    assert await ask.refused(REPORT) == (401, 124, "Access token is expired.")
    await ask.grant()
    assert (await ask.get(REPORT)).status_code == 200
    ask.token = "eyJmade.up"
    assert await ask.refused(REPORT) == (401, 124, "Invalid access token.")


async def test_a_page_has_thirty_rows_whatever_was_asked_for(ask: Asking) -> None:
    page = (await ask.get(REPORT, page_size=300)).json()
    assert (len(page["participants"]), page["total_records"], page["page_size"]) == (30, 69, 300)
    seen = [*page["participants"]]
    while token := page["next_page_token"]:
        page = (await ask.get(REPORT, page_size=300, next_page_token=token)).json()
        assert "page_count" not in page
        seen += page["participants"]
    assert [row["name"] for row in seen] == [f"row {number}" for number in range(69)]
    assert len((await ask.get(REPORT)).json()["participants"]) == 30
    assert len((await ask.get(REPORT, page_size=7)).json()["participants"]) == 7


async def test_pages_may_be_ragged(zoom: ZoomStandIn, ask: Asking) -> None:
    zoom.books.ragged = Random(4)  # noqa: S311 - no secret
    page = (await ask.get(REPORT)).json()
    sizes = [len(page["participants"])]
    while token := page["next_page_token"]:
        page = (await ask.get(REPORT, next_page_token=token)).json()
        sizes.append(len(page["participants"]))
    assert sum(sizes) == 69
    assert min(sizes) < 10 < max(sizes) <= 30


async def test_a_page_token_leads_on_once(zoom: ZoomStandIn, ask: Asking) -> None:
    invalid = (400, 300, "The next page token is invalid or expired.")
    token = (await ask.get(REPORT)).json()["next_page_token"]
    assert await ask.refused(REPORT, next_page_token=token, page_size=20) == invalid
    other = REPORT.replace("report/webinars", "past_webinars")
    assert await ask.refused(other, next_page_token=token) == invalid
    assert (await ask.get(REPORT, next_page_token=token)).json()["participants"][0]["name"] == "row 30"
    assert await ask.refused(REPORT, next_page_token=token) == invalid
    assert await ask.refused(REPORT, next_page_token="made-up") == invalid
    token = (await ask.get(REPORT)).json()["next_page_token"]
    zoom.clock.advance(15 * 60 + 1)
    assert await ask.refused(REPORT, next_page_token=token) == invalid


async def test_a_page_token_may_be_made_to_last(zoom: ZoomStandIn, ask: Asking) -> None:
    zoom.pages.again = True
    token = (await ask.get(REPORT)).json()["next_page_token"]
    one, two = [(await ask.get(REPORT, next_page_token=token)).json() for _ in range(2)]
    assert one["participants"] == two["participants"]


async def test_an_empty_page_token_begins_again(ask: Asking) -> None:
    page = (await ask.get(REPORT, next_page_token="")).json()
    assert page["participants"][0]["name"] == "row 0"


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        (REPORT, {"page_size": 301}, "page_size"),
        (REPORT, {"page_size": "many"}, "page_size"),
        (REPORT, {"page_size": 0}, "page_size"),
        (REPORT, {"include_fields": "user_email"}, "include_fields"),
        (REPORT, {"status": "approved"}, "status"),
        (REGISTRANTS, {"status": "cancelled"}, "status"),
        (REGISTRANTS, {"page": 2}, "page"),
        ("/past_webinars/88988872033/instances", {"page_size": 30}, "page_size"),
    ],
)
async def test_wrong_parameters_are_refused(
    ask: Asking, path: str, params: dict[str, str | int], field: str
) -> None:
    response = await ask.get(path, **params)
    body = response.json()
    assert (response.status_code, body["code"], body["message"]) == (400, 300, "Validation Failed.")
    assert [each["field"] for each in body["errors"]] == [field]


async def test_a_number_gives_the_latest_instance_that_has_ended(ask: Asking, webinar: WebinarView) -> None:
    assert (await ask.get(REPORT)).json()["total_records"] == 69
    webinar.instances[-1].ended = False
    assert (await ask.get(REPORT)).json()["total_records"] == 68
    listed = (await ask.get("/past_webinars/88988872033/instances")).json()["webinars"]
    assert [each["uuid"] for each in listed] == [LEADING, SINGLE, PLAIN]
    assert listed[-1]["start_time"] == "2026-10-01T15:00:00Z"


@pytest.mark.parametrize("uuid", UUIDS)
async def test_a_uuid_has_to_be_encoded_once_or_twice(ask: Asking, uuid: str) -> None:
    once = quote(uuid, safe="")
    twice = quote(once, safe="")
    right, wrong = (twice, once) if uuid in {LEADING, DOUBLE} else (once, twice)
    for path in ("/report/webinars/{}/participants", "/past_webinars/{}/participants"):
        good = await ask.get(path.format(right))
        assert good.json()["total_records"] == 66 + UUIDS.index(uuid)
        assert (await ask.refused(path.format(wrong)))[:2] == (404, 3001)
        if "/" in uuid:
            # As it is, it is another path.
            assert (await ask.refused(path.format(uuid)))[:2] == (404, 2300)
    assert ask.zoom.requests[0].subject == uuid


async def test_who_registered_is_listed_by_status(ask: Asking) -> None:
    totals = {
        status: (await ask.get(REGISTRANTS, status=status)).json()["total_records"]
        for status in ("approved", "pending", "denied")
    }
    assert totals == {"approved": 40, "pending": 3, "denied": 2}
    assert (await ask.get(REGISTRANTS)).json()["total_records"] == 40
    status, code, message = await ask.refused("/meetings/81234567890/registrants")
    assert (status, code) == (404, 404)
    assert message == "Registration has not been enabled for this meeting: 81234567890."


async def test_the_registration_is_told_to_those_who_ask_for_it(ask: Asking) -> None:
    assert "registrant_id" not in (await ask.get(REPORT)).json()["participants"][0]
    row = (await ask.get(REPORT, include_fields="registrant_id")).json()["participants"][0]
    assert row["registrant_id"] == "r0"


async def test_a_meeting_of_one_is_in_the_basic_list_only(zoom: ZoomStandIn, ask: Asking) -> None:
    shown = zoom.webinars["81234567890"].instances[0]
    shown.report = shown.basic = rows(1)
    assert (await ask.get("/report/meetings/4Meet%3D%3D/participants")).json()["participants"] == []
    assert len((await ask.get("/past_meetings/4Meet%3D%3D/participants")).json()["participants"]) == 1


async def test_what_has_expired_has_instances_and_reports_only(zoom: ZoomStandIn, ask: Asking) -> None:
    zoom.webinars["88988872033"].expired = True
    for path in ("/webinars/88988872033", REGISTRANTS):
        assert (await ask.refused(path))[:2] == (404, 3001)
    assert (await ask.get("/past_webinars/88988872033/instances")).json()["webinars"]
    assert (await ask.get(REPORT)).json()["participants"]


async def test_meetings_are_not_webinars(ask: Asking) -> None:
    assert (await ask.get("/meetings/81234567890")).json()["uuid"] == "4Meet=="
    assert (await ask.get("/webinars/88988872033")).json()["topic"] == "A webinar"
    assert (await ask.get("/report/meetings/4Meet%3D%3D/participants")).status_code == 200
    missing = await ask.refused("/past_meetings/88988872033/instances")
    assert missing == (404, 3001, "Meeting does not exist: 88988872033.")
    missing = await ask.refused("/report/webinars/4Meet%3D%3D/participants")
    assert missing == (404, 3001, "Webinar 4Meet== not found or has expired.")
