"""Connections that break at any byte."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from server.zoom.client import Patience
from server.zoom.failures import BadAnswer, Unavailable
from tests.zoom.caller import Caller
from tests.zoom.loopback import (
    CUT_SHORT,
    NO_HTTP,
    RESET,
    STALLS,
    STALLS_IN_BODY,
    STALLS_IN_HEADERS,
    Loopback,
    Reply,
    json,
    plain,
)

EMPTY = json({"participants": []})
SHORT = Patience(attempts=2, within=1.0, largest=10_000)


@pytest.fixture
async def zoom() -> AsyncIterator[Loopback]:
    async with Loopback() as zoom:
        yield zoom


@pytest.mark.parametrize("fault", [RESET, CUT_SHORT, NO_HTTP, Reply(b"", "close")])
async def test_a_broken_connection_is_tried_again(zoom: Loopback, fault: Reply) -> None:
    caller = Caller()
    async with caller.calls(zoom.settings) as client:
        zoom.will(fault, fault, EMPTY)
        assert (await client.participants("webinar", "a", "report", "")).rows == []
        assert len(caller.slept) == 2
        zoom.will(*[fault] * 7)
        with pytest.raises(Unavailable, match="the connection to Zoom broke: "):
            await client.participants("webinar", "a", "report", "")
    assert len(zoom.requests) == 10
    assert caller.limits.taken == ["light", *["heavy"] * 10]


@pytest.mark.parametrize("fault", [STALLS, STALLS_IN_HEADERS, STALLS_IN_BODY])
async def test_an_answer_that_stalls_is_not_waited_for(zoom: Loopback, fault: Reply) -> None:
    async with Caller().calls(zoom.settings, SHORT) as client:
        zoom.will(fault, EMPTY)
        assert (await client.participants("webinar", "a", "report", "")).rows == []
    async with Caller().calls(zoom.settings, replace(SHORT, attempts=1)) as client:
        zoom.will(fault)
        with pytest.raises(Unavailable, match="no whole answer of Zoom's within 1 s"):
            await client.participants("webinar", "a", "report", "")


async def test_a_token_that_stalls_is_not_waited_for(zoom: Loopback) -> None:
    zoom.tokens.append(STALLS_IN_BODY)
    async with Caller().calls(zoom.settings, replace(SHORT, attempts=1)) as client:
        with pytest.raises(Unavailable, match="no whole answer"):
            await client.scopes()


@pytest.mark.parametrize(
    "huge",
    [
        plain(b'"' + b"x" * 20_000 + b'"'),
        plain(gzip.compress(b'"' + b"x" * 1_000_000 + b'"'), content_encoding="gzip"),
        Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n" + b"x" * 0x4000, "stall"),
    ],
)
async def test_no_answer_fills_the_memory(zoom: Loopback, huge: Reply) -> None:
    async with Caller().calls(zoom.settings, SHORT) as client:
        zoom.will(huge)
        with pytest.raises(BadAnswer, match="more than 10000 bytes"):
            await client.participants("webinar", "a", "report", "")
    assert len(zoom.requests) == 1


async def test_nobody_there_is_told_with_the_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        settings = replace(Loopback().settings, token_url=f"http://{address}/oauth/token")
        async with Caller().calls(settings) as client:
            with pytest.raises(Unavailable, match=f"cannot reach Zoom at {address}: "):
                await client.scopes()


async def test_a_call_can_be_given_up_at_any_time(zoom: Loopback) -> None:
    """And the client goes on."""
    async with Caller().calls(zoom.settings) as client:
        zoom.will(STALLS_IN_BODY, EMPTY)
        call = asyncio.create_task(client.participants("webinar", "a", "report", ""))
        await zoom.received(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await client.participants("webinar", "a", "report", "")).rows == []


async def test_connections_are_kept(zoom: Loopback) -> None:
    async with Caller().calls(zoom.settings) as client:
        zoom.will(*[EMPTY] * 5)
        for _ in range(5):
            await client.participants("webinar", "a", "report", "")
    assert zoom.accepted == 1
