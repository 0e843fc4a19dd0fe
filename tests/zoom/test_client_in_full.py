"""The client and the stand-in for Zoom: whole lists, and each fault the stand-in knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from server.zoom.client import Patience, ZoomClient, ZoomSettings
from server.zoom.errors import (
    BadAnswer,
    BadCredentials,
    DailyLimit,
    MissingScope,
    NoPermission,
    NotFound,
    NotRegistrable,
    PageTokenInvalid,
    TooOld,
    ZoomFailure,
)
from tests.zoom.caller import START, Caller
from tests.zoom.stand_in import InstanceView, WebinarView, ZoomStandIn, faults
from tests.zoom.stand_in.faults import Fault

WEBINAR, MEETING = "88988872033", "81234567890"
UUIDS = ("4AAA+bCdEf==", "4AbC/dEf==", "/abCdEf==", "4Ab//cDeF==")
SCOPE = "report:read:list_webinar_participants"


def rows(number: int, name: str) -> list[dict[str, Any]]:
    return [
        {"name": f"{name} {each}", "user_id": each, "registrant_id": f"r{each}"} for each in range(number)
    ]


def instances(*uuids: str) -> list[InstanceView]:
    return [
        InstanceView(
            uuid, f"2024-05-1{day}T12:00:00Z", rows(65 + day, f"report {uuid}"), rows(61, f"basic {uuid}")
        )
        for day, uuid in enumerate(uuids)
    ]


@pytest.fixture
async def zoom() -> AsyncIterator[ZoomStandIn]:
    registrants = {
        status: [{"id": f"{status} {each}", "email": f"{each}@example.com"} for each in range(number)]
        for status, number in (("approved", 95), ("pending", 3), ("denied", 0))
    }
    under_way = InstanceView("4Still==", "2024-05-19T12:00:00Z", [], [], ended=False)
    webinar = WebinarView(WEBINAR, [*instances(*UUIDS), under_way], registrants, topic="All hands")
    meeting = WebinarView(MEETING, instances("4Meet//ing=="), kind="meeting", registration=False)
    async with ZoomStandIn([webinar, meeting]) as zoom:
        zoom.clock.stand_still(START)
        yield zoom


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def settings(zoom: ZoomStandIn) -> ZoomSettings:
    given = zoom.credentials
    return ZoomSettings(given.account_id, given.client_id, given.client_secret, zoom.api_url, zoom.token_url)


@pytest.fixture
async def client(settings: ZoomSettings, caller: Caller) -> AsyncIterator[ZoomClient]:
    async with caller.calls(settings, Patience(within=10.0)) as client:
        yield client


async def participants(client: ZoomClient, kind: Any, uuid: str, source: Any) -> list[str]:
    names, token = [], ""
    while True:
        page = await client.participants(kind, uuid, source, token)
        names += [row.name for row in page.rows]
        if not (token := page.next_page_token):
            assert page.total_records == len(names)
            return names


@pytest.mark.parametrize("uuid", UUIDS)
async def test_every_page_of_an_instance(client: ZoomClient, uuid: str) -> None:
    number = 65 + UUIDS.index(uuid)
    report = [f"report {uuid} {each}" for each in range(number)]
    assert await participants(client, "webinar", uuid, "report") == report
    assert await participants(client, "webinar", uuid, "basic") == [
        f"basic {uuid} {each}" for each in range(61)
    ]


async def test_a_report_tells_who_had_registered(client: ZoomClient) -> None:
    page = await client.participants("webinar", UUIDS[0], "report", "")
    assert [row.registrant_id for row in page.rows] == [f"r{each}" for each in range(30)]
    assert [row.user_id for row in page.rows] == [str(each) for each in range(30)]


async def test_what_there_is_of_a_webinar(client: ZoomClient, zoom: ZoomStandIn) -> None:
    assert (await client.details("webinar", WEBINAR)).topic == "All hands"
    found = await client.instances("webinar", WEBINAR)
    assert [instance.uuid for instance in found] == list(UUIDS)
    for status, number in (("approved", 95), ("pending", 3), ("denied", 0)):
        ids, token = [], ""
        while True:
            page = await client.registrants("webinar", WEBINAR, status, token)  # type: ignore[arg-type]
            ids += [row.id for row in page.rows]
            if not (token := page.next_page_token):
                break
        assert ids == [f"{status} {each}" for each in range(number)]
    assert await client.scopes() == zoom.scopes


async def test_what_there_is_of_a_meeting(client: ZoomClient) -> None:
    assert (await client.details("meeting", MEETING)).uuid == "4Meet//ing=="
    (instance,) = await client.instances("meeting", MEETING)
    assert len(await participants(client, "meeting", instance.uuid, "report")) == 65
    assert len(await participants(client, "meeting", instance.uuid, "basic")) == 61
    with pytest.raises(NotRegistrable):
        await client.registrants("meeting", MEETING, "approved", "")


async def test_what_zoom_has_not_got(client: ZoomClient) -> None:
    with pytest.raises(NotFound, match="webinar 999999999"):
        await client.details("webinar", "999999999")
    with pytest.raises(NotFound):
        await client.participants("webinar", "4Still==", "report", "")


@pytest.mark.parametrize("wrong", ["account_id", "client_id", "client_secret"])
async def test_wrong_settings(settings: ZoomSettings, zoom: ZoomStandIn, wrong: Any) -> None:
    async with Caller().calls(replace(settings, **{wrong: "wrong"})) as client:
        with pytest.raises(BadCredentials, match=f"ZOOM_{wrong.upper()}"):
            await client.details("webinar", WEBINAR)
    assert zoom.requests == []
    assert zoom.token_requests == 1


async def test_a_token_of_an_hour_and_more(client: ZoomClient, zoom: ZoomStandIn, caller: Caller) -> None:
    await client.details("webinar", WEBINAR)
    zoom.clock.advance(3601)
    caller.now += 3601
    await client.details("webinar", WEBINAR)
    assert [asked.status for asked in zoom.requests] == [200, 200]
    # Our clock is slow: Zoom knows better.
    zoom.clock.advance(3601)
    await client.details("webinar", WEBINAR)
    assert [asked.status for asked in zoom.requests[2:]] == [401, 200]


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (faults.missing_scope(SCOPE, f"{SCOPE}:admin"), MissingScope),
        (faults.missing_scope(SCOPE, code=4700), MissingScope),
        (faults.missing_scope(SCOPE, status=401, code=4700), MissingScope),
        (faults.no_permission(), NoPermission),
        (faults.error(400, 12702, "Can not access a webinar a year ago."), TooOld),
        (faults.error(404, 3001, "Webinar does not exist."), NotFound),
        (faults.expire_page_token(), PageTokenInvalid),
        (faults.daily_limit(START + 3600), DailyLimit),
        (faults.daily_limit("3600"), DailyLimit),
    ],
)
async def test_what_is_not_tried_again(
    client: ZoomClient, zoom: ZoomStandIn, caller: Caller, fault: Fault, failure: type[ZoomFailure]
) -> None:
    first = await client.participants("webinar", UUIDS[0], "report", "")
    zoom.faults.next(fault)
    with pytest.raises(ZoomFailure) as raised:
        await client.participants("webinar", UUIDS[0], "report", first.next_page_token)
    assert type(raised.value) is failure
    assert len(zoom.requests) == 2
    assert caller.slept == []
    if isinstance(raised.value, DailyLimit):
        assert raised.value.until == START + 3600


@pytest.mark.parametrize(
    "fault",
    [
        faults.too_fast(),
        faults.server_error(),
        faults.error_with_200(),
        faults.without_list(),
        faults.no_json(),
        faults.cut(),
        faults.cut_body(),
    ],
)
async def test_what_is_tried_again(
    client: ZoomClient, zoom: ZoomStandIn, caller: Caller, fault: Fault
) -> None:
    zoom.faults.next(fault, 2)
    page = await client.participants("webinar", UUIDS[0], "report", "")
    assert len(page.rows) == 30
    assert len(zoom.requests) == 3
    assert len(caller.slept) == 2


async def test_a_token_that_expires_in_the_midst_of_it(client: ZoomClient, zoom: ZoomStandIn) -> None:
    zoom.faults.every(2, faults.expire_token())
    assert len(await participants(client, "webinar", UUIDS[0], "report")) == 65
    assert zoom.token_requests > 1


async def test_a_page_whose_answer_was_lost_is_begun_anew_by_the_caller(
    client: ZoomClient, zoom: ZoomStandIn
) -> None:
    first = await client.participants("webinar", UUIDS[0], "report", "")
    zoom.faults.next(faults.cut_body())
    with pytest.raises(PageTokenInvalid):
        await client.participants("webinar", UUIDS[0], "report", first.next_page_token)
    assert len(await participants(client, "webinar", UUIDS[0], "report")) == 65


async def test_an_error_that_stays_is_raised(client: ZoomClient, zoom: ZoomStandIn) -> None:
    zoom.faults.next(faults.error_with_200(5000, "Something went wrong."), 3)
    with pytest.raises(BadAnswer, match="Something went wrong"):
        await client.details("webinar", WEBINAR)
    assert len(zoom.requests) == 3
