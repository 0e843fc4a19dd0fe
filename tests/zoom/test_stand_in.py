"""The stand-in refuses what Zoom refuses: a client that gets past it has asked rightly."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from tests.zoom import crowd
from tests.zoom.stand_in import Credentials, InstanceView, WebinarView, ZoomStandIn, faults
from tests.zoom.stand_in.clock import iso
from tests.zoom.stand_in.endpoints import SCOPES

PLAIN, SINGLE, LEADING, DOUBLE = "4AAA+bCdEf==", "4AbC/dEf==", "/abCdEf==", "4Ab//cDeF=="
UUIDS = (PLAIN, SINGLE, LEADING, DOUBLE)
REPORT = "/report/webinars/88988872033/participants"
REGISTRANTS = "/webinars/88988872033/registrants"


def rows(count: int, name: str = "row") -> list[dict[str, str]]:
    return [{"name": f"{name} {number}", "registrant_id": f"r{number}"} for number in range(count)]


class Asking:
    """A client that does as it is told."""

    def __init__(self, zoom: ZoomStandIn) -> None:
        self.zoom = zoom
        self.http = httpx.AsyncClient(timeout=5.0)
        self.token = ""

    async def grant(self, **changes: Any) -> httpx.Response:
        known = self.zoom.credentials
        form = {"grant_type": "account_credentials", "account_id": known.account_id}
        auth = changes.pop("auth", (known.client_id, known.client_secret))
        response = await self.http.post(self.zoom.token_url, data={**form, **changes}, auth=auth)
        self.token = response.json().get("access_token", "")
        return response

    async def get(self, path: str, **params: str | int) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.http.get(f"{self.zoom.api_url}{path}", params=params or None, headers=headers)

    async def refused(self, path: str, **params: str | int) -> tuple[int, int, str]:
        response = await self.get(path, **params)
        body = response.json()
        return response.status_code, body["code"], body["message"]


@pytest.fixture
async def zoom() -> AsyncIterator[ZoomStandIn]:
    webinar = WebinarView(
        "88988872033",
        [
            InstanceView(uuid, f"2026-10-0{day}T15:00:00Z", rows(65 + day), rows(65 + day))
            for day, uuid in enumerate(UUIDS, 1)
        ],
        {"approved": rows(40), "pending": rows(3), "denied": rows(2)},
    )
    meeting = WebinarView(
        "81234567890",
        [InstanceView("4Meet==", "2026-10-06T15:00:00Z", rows(1), rows(1))],
        kind="meeting",
        registration=False,
    )
    async with ZoomStandIn([webinar, meeting]) as zoom:
        yield zoom


@pytest.fixture
async def ask(zoom: ZoomStandIn) -> AsyncIterator[Asking]:
    asking = Asking(zoom)
    async with asking.http:
        assert (await asking.grant()).status_code == 200
        yield asking


@pytest.fixture
def webinar(zoom: ZoomStandIn) -> WebinarView:
    return zoom.webinars["88988872033"]


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


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        (REPORT, "report:read:list_webinar_participants"),
        ("/past_webinars/88988872033/participants", "webinar:read:list_past_participants"),
        (REGISTRANTS, "webinar:read:list_registrants"),
        ("/past_webinars/88988872033/instances", "webinar:read:list_past_instances"),
        ("/webinars/88988872033", "webinar:read:webinar"),
        ("/report/meetings/81234567890/participants", "report:read:list_meeting_participants"),
        ("/past_meetings/81234567890/participants", "meeting:read:list_past_participants"),
    ],
)
async def test_every_endpoint_wants_its_own_scope(
    zoom: ZoomStandIn, ask: Asking, path: str, scope: str
) -> None:
    zoom.scopes = SCOPES - {f"{scope}:admin"}
    message = f"Invalid access token, does not contain scopes:[{scope}, {scope}:admin]."
    assert await ask.refused(path) == (400, 4711, message)
    zoom.scopes = [f"{scope}:admin"]
    assert (await ask.get(path)).status_code == 200


async def test_a_webinar_or_an_instance_may_be_refused(ask: Asking, webinar: WebinarView) -> None:
    webinar.instances[-1].refused = (400, 12702, "Can not access a webinar a year ago.")
    assert await ask.refused(REPORT) == webinar.instances[-1].refused
    webinar.refused = (400, 1010, "User does not belong to this account: AbC.")
    for path in (REPORT, REGISTRANTS, "/webinars/88988872033"):
        assert await ask.refused(path) == webinar.refused


async def test_no_more_requests_a_second_than_a_label_admits(zoom: ZoomStandIn, ask: Asking) -> None:
    zoom.clock.stand_still(1000.0)
    await ask.grant()
    zoom.rates.limits = {"heavy": 2}
    assert [(await ask.get(REPORT)).status_code for _ in range(3)] == [200, 200, 429]
    assert (await ask.get(REGISTRANTS)).status_code == 200
    zoom.clock.advance(1.1)
    assert (await ask.get(REPORT)).status_code == 200


async def test_limits_that_are_reached_say_which(zoom: ZoomStandIn, ask: Asking) -> None:
    zoom.faults.next(faults.too_fast())
    response = await ask.get(REPORT)
    assert (response.status_code, response.json()["code"]) == (429, 429)
    assert response.headers["x-ratelimit-type"] == "Per-second-limit"
    assert response.headers["x-ratelimit-remaining"] == "0"
    assert "retry-after" not in response.headers
    zoom.faults.next(faults.daily_limit(1_791_331_200))
    response = await ask.get(REPORT)
    assert response.headers["x-ratelimit-type"] == "Daily-limit"
    assert response.headers["retry-after"] == iso(1_791_331_200) == "2026-10-07T00:00:00Z"


async def test_faults_come_when_they_are_planned(zoom: ZoomStandIn, ask: Asking) -> None:
    zoom.faults.at(2, faults.server_error(502))
    zoom.faults.on(lambda asked: asked.endpoint == "registrants", faults.no_permission())
    zoom.faults.every(4, faults.error_with_200())
    answers = [await ask.get(path) for path in (REPORT, REPORT, REGISTRANTS, REPORT, REGISTRANTS)]
    assert [answer.status_code for answer in answers] == [200, 502, 400, 200, 200]
    assert answers[3].json() == {"code": 5000, "message": "Something went wrong."}
    assert [number for number, _ in zoom.faults.happened] == [2, 3, 4]
    assert [asked.status for asked in zoom.requests] == [200, 502, 400, 200, 200]


async def test_connections_are_cut_before_an_answer_or_in_it(zoom: ZoomStandIn, ask: Asking) -> None:
    token = (await ask.get(REPORT)).json()["next_page_token"]
    zoom.faults.next(faults.cut())
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await ask.get(REPORT, next_page_token=token)
    zoom.faults.next(faults.cut_body())
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        await ask.get(REPORT, next_page_token=token)
    # The page was on its way, so the token is used up.
    assert (await ask.refused(REPORT, next_page_token=token))[:2] == (400, 300)


@pytest.mark.parametrize("fault", [faults.stall(), faults.stall_body()])
async def test_an_answer_may_never_come_or_never_end(
    zoom: ZoomStandIn, ask: Asking, fault: faults.Fault
) -> None:
    zoom.faults.next(fault)
    stalled = asyncio.create_task(ask.get(REPORT))
    await asyncio.wait([stalled], timeout=0.05)
    assert not stalled.done()
    assert (await ask.get(REGISTRANTS)).status_code == 200
    stalled.cancel()
    await asyncio.wait([stalled])
    await zoom.until(lambda: len(zoom.requests) == 2)


async def test_tokens_may_run_out_in_mid_walk(zoom: ZoomStandIn, ask: Asking) -> None:
    page_token = (await ask.get(REPORT)).json()["next_page_token"]
    zoom.faults.next(faults.expire_token())
    assert (await ask.refused(REPORT))[:2] == (401, 124)
    await ask.grant()
    zoom.faults.next(faults.expire_page_token())
    assert (await ask.refused(REPORT, next_page_token=page_token))[:2] == (400, 300)


async def test_a_crowd_is_all_there_though_nothing_is_kept_of_it(zoom: ZoomStandIn, ask: Asking) -> None:
    webinar = crowd.crowd(5000)
    zoom.webinars[webinar.external_id] = webinar
    page = (await ask.get(REPORT, include_fields="registrant_id")).json()
    assert page["total_records"] == 5000
    everyone = list(webinar.instances[0].report)
    assert len({row["user_id"] for row in everyone}) == 5000
    assert len({row["registrant_id"] for row in everyone}) == crowd.people(5000) == 2000
    assert page["participants"] == everyone[:30]
    assert len(webinar.registrants["approved"]) == 3000


async def test_it_can_be_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.zoom.stand_in", "--rows", "90", "--seconds", "60"),
        cwd=Path(__file__).parent.parent.parent,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        told = orjson.loads(await process.stdout.readline())
        pair = told["ZOOM_CLIENT_ID"], told["ZOOM_CLIENT_SECRET"]
        form = {"grant_type": "account_credentials", "account_id": told["ZOOM_ACCOUNT_ID"]}
        async with httpx.AsyncClient() as http:
            token = (await http.post(told["ZOOM_TOKEN_URL"], data=form, auth=pair)).json()["access_token"]
            url = f"{told['ZOOM_API_URL']}/report/webinars/{told['webinar']}/participants"
            page = await http.get(url, headers={"authorization": f"Bearer {token}"})
        assert page.json()["total_records"] == 90
    finally:
        process.terminate()
        assert await process.wait() == 0
