"""When the client asks for an access token, and what it does when Zoom does not take it."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from server.zoom.client import ZoomClient
from server.zoom.errors import (
    BadAnswer,
    BadCredentials,
    MissingScope,
)
from tests.zoom.caller import Caller
from tests.zoom.client.samples import EMPTY, EXPIRED, UUID
from tests.zoom.loopback import TOKEN, Loopback, Reply, json, plain, token


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
