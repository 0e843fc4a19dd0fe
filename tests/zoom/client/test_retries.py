"""How often and how long the client asks again."""

from __future__ import annotations

import pytest

from server.zoom.client import ZoomClient
from server.zoom.errors import (
    BadAnswer,
    DailyLimit,
    Unavailable,
)
from tests.zoom.caller import START, Caller
from tests.zoom.client.samples import EMPTY, UUID
from tests.zoom.loopback import Loopback, Reply, json, plain


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
