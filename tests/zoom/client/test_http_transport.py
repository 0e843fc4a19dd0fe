"""Connections that break at any byte."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from server.zoom.client import Patience
from server.zoom.errors import BadAnswer, Unavailable
from tests.zoom.caller import Caller
from tests.zoom.client.samples import EMPTY
from tests.zoom.loopback import (
    CUT_SHORT,
    NO_HTTP,
    RESET,
    STALLS,
    STALLS_IN_BODY,
    STALLS_IN_HEADERS,
    Loopback,
    Reply,
    plain,
    token,
)

SHORT = Patience(attempts=2, within=1.0, largest=10_000)


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
    assert len(zoom.requests) == 2


async def test_a_token_that_stalls_is_not_waited_for(zoom: Loopback) -> None:
    zoom.tokens.append(STALLS_IN_BODY)
    async with Caller().calls(zoom.settings, replace(SHORT, attempts=1)) as client:
        with pytest.raises(Unavailable, match="no whole answer of Zoom's within 1 s"):
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


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*await self_signed(tmp_path))
    async with Loopback(tls) as zoom, Caller().calls(zoom.settings, SHORT) as client:
        with pytest.raises(Unavailable, match="certificate verify failed"):
            await client.scopes()
        assert zoom.token_requests == []


async def test_the_proxy_of_the_environment_is_used(zoom: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", zoom.url)
    settings = replace(zoom.settings, api_url="http://zoom.invalid/v2", token_url="http://zoom.invalid/token")
    zoom.will(token(), EMPTY)
    async with Caller().calls(settings) as client:
        assert (await client.participants("webinar", "a", "basic", "")).rows == []
    assert [request.path for request in zoom.requests] == [
        "http://zoom.invalid/token",
        "http://zoom.invalid/v2/past_webinars/a/participants",
    ]


async def self_signed(folder: Path) -> tuple[Path, Path]:
    """Certificate and key, for 127.0.0.1."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    making = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", str(key), "-out", str(certificate)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await making.wait() == 0
    return certificate, key


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
