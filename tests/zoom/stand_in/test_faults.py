"""What the stand-in refuses, limits, cuts and holds back."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import orjson
import pytest

from tests.zoom import crowd
from tests.zoom.stand_in import WebinarView, ZoomStandIn, faults
from tests.zoom.stand_in.asking import REGISTRANTS, REPORT, Asking
from tests.zoom.stand_in.clock import iso
from tests.zoom.stand_in.endpoints import SCOPES


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
