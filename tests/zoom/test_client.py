"""What the client asks Zoom for, and what it makes of the answers."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
import structlog

from server.zoom.client import ZoomClient, encoded
from server.zoom.errors import (
    BadAnswer,
    BadCredentials,
    DailyLimit,
    MissingScope,
    PageTokenInvalid,
    Unavailable,
    ZoomFailure,
)
from server.zoom.zoom_records import Details, Instance
from tests.zoom.caller import START, Caller
from tests.zoom.loopback import TOKEN, Loopback, Reply, json, plain, token

ID = "88988872033"
UUID = "4AAAAABBBBCCCCDDDDEEEE=="
EMPTY = json({"participants": []})
EXPIRED = json({"code": 124, "message": "Access token is expired."}, 401)


@pytest.fixture
async def zoom() -> AsyncIterator[Loopback]:
    async with Loopback() as zoom:
        yield zoom


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
async def client(zoom: Loopback, caller: Caller) -> AsyncIterator[ZoomClient]:
    async with caller.calls(zoom.settings) as client:
        yield client


@pytest.mark.parametrize(
    ("uuid", "path"),
    [
        ("4AAA+B==", "4AAA%2BB%3D%3D"),
        ("ab/cd==", "ab%2Fcd%3D%3D"),
        ("/abc//d==", "%252Fabc%252F%252Fd%253D%253D"),
        ("/abc==", "%252Fabc%253D%253D"),
        ("ab//c==", "ab%252F%252Fc%253D%253D"),
    ],
)
async def test_uuids_are_encoded_twice_when_zoom_needs_it(
    zoom: Loopback, client: ZoomClient, uuid: str, path: str
) -> None:
    assert encoded(uuid) == path
    zoom.will(EMPTY)
    await client.participants("webinar", uuid, "report", "")
    assert zoom.requests[0].path == f"/v2/report/webinars/{path}/participants"


REPORT = {"page_size": "300", "include_fields": "registrant_id"}


@pytest.mark.parametrize(
    ("kind", "source", "path", "params", "label"),
    [
        ("webinar", "report", "/v2/report/webinars/a/participants", REPORT, "heavy"),
        ("webinar", "basic", "/v2/past_webinars/a/participants", {"page_size": "300"}, "medium"),
        ("meeting", "report", "/v2/report/meetings/a/participants", REPORT, "heavy"),
        ("meeting", "basic", "/v2/past_meetings/a/participants", {"page_size": "300"}, "medium"),
    ],
)
async def test_participants(
    zoom: Loopback,
    client: ZoomClient,
    caller: Caller,
    kind: Any,
    source: Any,
    path: str,
    params: Any,
    label: str,
) -> None:
    zoom.will(
        json({"participants": [{"name": "Ann"}], "next_page_token": "t/o=k&n", "total_records": 2}),
        json({"participants": [{"name": "Bob"}], "next_page_token": "", "total_records": 2}),
    )
    first = await client.participants(kind, "a", source, "")
    second = await client.participants(kind, "a", source, first.next_page_token)
    assert [row.name for page in (first, second) for row in page.rows] == ["Ann", "Bob"]
    assert (first.next_page_token, second.next_page_token) == ("t/o=k&n", "")
    assert (first.total_records, second.total_records) == (2, 2)
    assert [request.path for request in zoom.requests] == [path, path]
    assert [request.params for request in zoom.requests] == [params, {**params, "next_page_token": "t/o=k&n"}]
    assert caller.limits.taken == ["light", label, label]


@pytest.mark.parametrize("kind", ["webinar", "meeting"])
@pytest.mark.parametrize("status", ["approved", "pending", "denied"])
async def test_registrants(zoom: Loopback, client: ZoomClient, kind: Any, status: Any) -> None:
    row = {"id": "r1", "email": "a@example.com", "first_name": "Ann", "create_time": "2024-05-17T12:00:00Z"}
    zoom.will(json({"registrants": [row], "next_page_token": "n"}), json({"registrants": []}))
    page = await client.registrants(kind, ID, status, "")
    assert [(each.id, each.first_name, each.last_name, each.create_time) for each in page.rows] == [
        ("r1", "Ann", "", START)
    ]
    await client.registrants(kind, ID, status, page.next_page_token)
    first, second = zoom.requests
    assert first.path == second.path == f"/v2/{kind}s/{ID}/registrants"
    assert first.params == {"status": status, "page_size": "300"}
    assert second.params == {**first.params, "next_page_token": "n"}


async def test_details(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(json({"topic": "All hands", "uuid": "u==", "start_time": "2024-05-17T12:00:00Z", "id": 1}))
    assert await client.details("meeting", ID) == Details(topic="All hands", uuid="u==", start_time=START)
    assert zoom.requests[0].target == f"/v2/meetings/{ID}"


@pytest.mark.parametrize("kind", ["webinar", "meeting"])
async def test_instances_come_oldest_first(zoom: Loopback, client: ZoomClient, kind: Any) -> None:
    late, early = (
        {"uuid": "b==", "start_time": "2024-05-18T12:00:00Z"},
        {
            "uuid": "/a==",
            "start_time": "2024-05-17T12:00:00Z",
        },
    )
    zoom.will(json({f"{kind}s": [{"uuid": "c=="}, late, early, late]}))
    found = await client.instances(kind, ID)
    assert found[0] == Instance(uuid="/a==", start_time=START)
    assert [instance.uuid for instance in found] == ["/a==", "b==", "c=="]
    assert zoom.requests[0].target == f"/v2/past_{kind}s/{ID}/instances"


async def test_instances_are_read_to_the_last_page(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(
        json({"webinars": [{"uuid": "a"}], "next_page_token": "n"}),
        json({"webinars": [{"uuid": "b"}], "next_page_token": "n"}),
        # A list without an end has one all the same.
        json({"webinars": [{"uuid": "b"}], "next_page_token": "n"}),
    )
    assert [instance.uuid for instance in await client.instances("webinar", ID)] == ["a", "b"]


@pytest.mark.parametrize("uuid", [None, "", "u" * 201])
async def test_an_instance_that_cannot_be_read_is_not_left_out(
    zoom: Loopback, client: ZoomClient, uuid: str | None
) -> None:
    zoom.will(json({"webinars": [{"uuid": "a"}, {"uuid": uuid, "start_time": "2024-05-17T12:00:00Z"}]}))
    with pytest.raises(BadAnswer, match="without its UUID"):
        await client.instances("webinar", ID)


async def test_the_token_is_asked_for_once(zoom: Loopback, client: ZoomClient) -> None:
    zoom.tokens.append(token(scope="report:read:admin webinar:read:webinar:admin"))
    zoom.will(*[EMPTY] * 8)
    await asyncio.gather(*(client.participants("webinar", UUID, "report", "") for _ in range(8)))
    assert await client.scopes() == {"report:read:admin", "webinar:read:webinar:admin"}
    (asked,) = zoom.token_requests
    assert asked.method == "POST"
    assert parse_qs(asked.body.decode()) == {"grant_type": ["account_credentials"], "account_id": ["acc"]}
    assert asked.headers["authorization"] == f"Basic {b64encode(b'client-1:s3cret-of-the-app').decode()}"
    assert {request.headers["authorization"] for request in zoom.requests} == {f"Bearer {TOKEN}"}


async def test_the_token_is_renewed_a_minute_before_its_end(
    zoom: Loopback, client: ZoomClient, caller: Caller
) -> None:
    zoom.tokens += [token("one"), token("two")]
    zoom.will(EMPTY, EMPTY, EMPTY)
    await client.participants("webinar", UUID, "report", "")
    caller.now += 3539
    await client.participants("webinar", UUID, "report", "")
    caller.now += 1
    await client.participants("webinar", UUID, "report", "")
    assert [request.headers["authorization"] for request in zoom.requests] == [
        "Bearer one",
        "Bearer one",
        "Bearer two",
    ]


async def test_a_refused_token_is_renewed_and_the_call_replayed(
    zoom: Loopback, client: ZoomClient, caller: Caller
) -> None:
    zoom.tokens += [token("one"), token("two")]
    zoom.will(EXPIRED, EMPTY)
    page = await client.participants("webinar", UUID, "report", "page-2")
    assert page.rows == []
    assert [request.headers["authorization"] for request in zoom.requests] == ["Bearer one", "Bearer two"]
    assert zoom.requests[0].target == zoom.requests[1].target
    assert caller.limits.taken == ["light", "heavy", "light", "heavy"]
    assert caller.slept == []


async def test_many_calls_whose_token_is_refused_renew_it_once(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(*[EXPIRED] * 5, *[EMPTY] * 5)
    gate = asyncio.Event()
    zoom.tokens += [token("one"), replace(token("two"), gate=gate)]
    calls = [asyncio.create_task(client.participants("webinar", UUID, "report", "")) for _ in range(5)]
    await zoom.received(5)
    gate.set()
    await asyncio.gather(*calls)
    assert len(zoom.token_requests) == 2
    assert [request.headers["authorization"] for request in zoom.requests[5:]] == ["Bearer two"] * 5


async def test_a_new_token_that_is_refused_as_well_is_the_end(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(EXPIRED, EXPIRED)
    with pytest.raises(BadCredentials, match=r"it has just given.*code 124"):
        await client.participants("webinar", UUID, "report", "")
    assert len(zoom.requests) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        json({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 400),
        json({"reason": "Invalid client_id or client_secret", "error": "invalid_client"}, 401),
        json({"reason": "Bad Request", "error": "invalid_request"}, 400),
        plain(b"<html>", 404),
    ],
)
async def test_wrong_credentials(zoom: Loopback, client: ZoomClient, refusal: Reply) -> None:
    zoom.tokens.append(refusal)
    with pytest.raises(BadCredentials) as raised:
        await client.scopes()
    for name in ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"):
        assert name in str(raised.value)
    assert zoom.requests == []
    assert len(zoom.token_requests) == 1


async def test_a_token_is_asked_for_again_when_zoom_is_busy(
    zoom: Loopback, client: ZoomClient, caller: Caller
) -> None:
    zoom.tokens += [plain(b"", 503), json({"code": 429}, 429), json({"no": "token"}), token("four")]
    zoom.will(EMPTY)
    await client.participants("webinar", UUID, "report", "")
    assert zoom.requests[0].headers["authorization"] == "Bearer four"
    assert len(caller.slept) == 3


async def test_a_token_is_no_header(zoom: Loopback, client: ZoomClient) -> None:
    zoom.tokens += [token("x\r\nHost: elsewhere")] * 3
    with pytest.raises(BadAnswer, match="ZOOM_TOKEN_URL"):
        await client.scopes()


async def test_scopes_that_are_missing_are_no_reason_for_another_token(
    zoom: Loopback, client: ZoomClient
) -> None:
    scope = "report:read:list_webinar_participants:admin"
    zoom.will(
        json({"code": 4700, "message": f"Invalid access token, does not contain scopes:[{scope}]."}, 401)
    )
    with pytest.raises(MissingScope) as raised:
        await client.participants("webinar", UUID, "report", "")
    assert raised.value.scopes == (scope,)
    assert len(zoom.token_requests) == len(zoom.requests) == 1


async def test_only_a_page_with_a_token_has_an_invalid_one(zoom: Loopback, client: ZoomClient) -> None:
    used_up = json({"code": 300, "message": "The next page token is invalid or expired."}, 400)
    zoom.will(used_up, used_up)
    with pytest.raises(PageTokenInvalid):
        await client.participants("webinar", UUID, "report", "used")
    with pytest.raises(ZoomFailure) as raised:
        await client.participants("webinar", UUID, "report", "")
    assert not isinstance(raised.value, PageTokenInvalid)
    assert len(zoom.requests) == 2


async def test_waits_are_random_bounded_and_told(zoom: Loopback, client: ZoomClient, caller: Caller) -> None:
    zoom.will(*[plain(b"", 500)] * 6, EMPTY)
    await client.participants("webinar", UUID, "report", "")
    assert len(caller.slept) == 6
    assert all(0 <= wait <= most for wait, most in zip(caller.slept, (1, 2, 4, 8, 16, 30), strict=True))
    assert [seconds for seconds, _ in caller.told] == [wait for wait in caller.slept if wait > 0.5]
    assert all("HTTP 500" in why for _, why in caller.told)
    assert caller.limits.taken == ["light", *["heavy"] * 7]


async def test_patience_has_an_end(zoom: Loopback, client: ZoomClient, caller: Caller) -> None:
    zoom.will(*[plain(b"", 502)] * 9)
    with pytest.raises(Unavailable, match="HTTP 502"):
        await client.participants("webinar", UUID, "report", "")
    assert len(zoom.requests) == 7
    assert len(caller.slept) == 6


async def test_as_long_as_zoom_asks_is_waited(zoom: Loopback, client: ZoomClient, caller: Caller) -> None:
    zoom.will(json({"code": 429}, 429, retry_after="20"), EMPTY)
    await client.participants("webinar", UUID, "report", "")
    assert 20 <= caller.slept[0] <= 21
    assert caller.told == [
        (caller.slept[0], "Zoom gets more requests a second than it takes from this account")
    ]


async def test_a_wait_that_is_too_long_is_not_begun(
    zoom: Loopback, client: ZoomClient, caller: Caller
) -> None:
    zoom.will(plain(b"", 503, retry_after="3600"))
    with pytest.raises(Unavailable) as raised:
        await client.participants("webinar", UUID, "report", "")
    assert raised.value.wait == 3600
    assert caller.slept == []


async def test_a_daily_limit_is_not_waited_for(zoom: Loopback, client: ZoomClient, caller: Caller) -> None:
    zoom.will(json({"code": 429}, 429, retry_after="2024-05-18T00:00:00Z"))
    with pytest.raises(DailyLimit, match="2024-05-18 00:00:00 UTC") as raised:
        await client.participants("webinar", UUID, "report", "")
    assert raised.value.until == START + 12 * 3600
    assert caller.slept == []


@pytest.mark.parametrize(
    "strange",
    [
        json({"code": 300, "message": "odd"}),
        json({"next_page_token": ""}),
        json({"participants": None}),
        json({"participants": [None]}),
        json([]),
        plain(b"<html>welcome</html>"),
        plain(b""),
        plain(b"\x1f\x8b garbage", content_encoding="gzip"),
    ],
)
async def test_strange_answers_are_asked_for_again(
    zoom: Loopback, client: ZoomClient, strange: Reply
) -> None:
    zoom.will(strange, strange, EMPTY)
    assert (await client.participants("webinar", UUID, "report", "")).rows == []
    zoom.will(*[strange] * 3)
    with pytest.raises(BadAnswer):
        await client.participants("webinar", UUID, "report", "")
    assert len(zoom.requests) == 6


async def test_a_redirect_is_not_followed(zoom: Loopback, client: ZoomClient) -> None:
    zoom.will(plain(b"", 302, location=f"{zoom.url}/v2/elsewhere"))
    with pytest.raises(BadAnswer, match="ZOOM_API_URL"):
        await client.participants("webinar", UUID, "report", "")
    assert len(zoom.requests) == 1
    zoom.tokens.append(plain(b"", 307, location=f"{zoom.url}/oauth/token"))
    async with Caller().calls(zoom.settings) as other:
        with pytest.raises(BadAnswer, match="ZOOM_TOKEN_URL"):
            await other.scopes()


async def test_no_secret_is_repeated(zoom: Loopback, client: ZoomClient) -> None:
    pair = b64encode(b"client-1:s3cret-of-the-app").decode()
    echo = f"Basic {pair} s3cret-of-the-app Bearer {TOKEN}"
    with structlog.testing.capture_logs() as logs:
        zoom.tokens.append(json({"reason": echo}, 400))
        with pytest.raises(BadCredentials) as refused:
            await client.scopes()
        zoom.will(plain(b"", 500), json({"message": f"{echo} of ann@example.com"}, 400))
        with pytest.raises(ZoomFailure) as failed:
            await client.participants("webinar", UUID, "report", "page-token-2")
    assert "Bearer" in str(failed.value)
    texts = (str(refused.value), repr(client), repr(zoom.settings))
    for private in (pair, "s3cret-of-the-app"):
        assert not any(private in text for text in texts)
    for private in (TOKEN, "page-token-2", "ann@example.com"):
        assert private not in f"{failed.value}{logs}"
    assert any(line["event"] == "zoom is asked again" for line in logs)


async def test_a_client_that_is_not_open_says_so(zoom: Loopback) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await ZoomClient(zoom.settings).scopes()
