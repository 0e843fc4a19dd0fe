"""The HTTP API, asked by programs: a real server, and what else may answer in its place."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from reconvene import http_api
from reconvene.http_api import LARGEST, Api, ApiFailure, ApiRefused, Unreachable
from reconvene.server_address import Address
from tests.process import ServerProcess
from tests.reconvene.certificates import of_localhost, server_side

HOST = "127.0.0.1"


@asynccontextmanager
async def answering(said: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Address]:
    """A server that answers everything with this, and closes; with None it says nothing."""
    done = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        if said is None:
            await done.wait()
        else:
            writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0, ssl=tls)
    async with server:
        yield Address(f"{'https' if tls else 'http'}://localhost:{server.sockets[0].getsockname()[1]}")
        done.set()


def http(status: str, body: str, kind: str = "text/html; charset=utf-8", *headers: str) -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
        "",
        body,
    )
    return "\r\n".join(lines).encode()


async def failure(address: Address, within: float = 10.0) -> ApiFailure:
    """Of asking for an identity."""
    async with Api(address, within) as api:
        with pytest.raises(ApiFailure) as failed:
            await api.identity("bot")
    assert str(failed.value).isprintable()
    return failed.value


async def test_meetings_come_and_go(server: ServerProcess, room: str) -> None:
    address = Address.parse(server.url)
    async with Api(address) as api:
        await api.alive()
        await api.ready()
        token = await api.identity("bot", "Echo")
        made = await api.create_meeting(token, room, "Stand-up")
        assert (made["id"], made["title"], made["host"], made["created"]) == (room, "Stand-up", True, True)
        assert (await api.meeting(room))["host"] is False
        assert (await api.meeting(room, token))["host"] is True
        assert await api.ice_servers(token) == []
        other = await api.identity()
        for call in (api.end_meeting, api.delete_meeting):
            with pytest.raises(ApiRefused, match="Only the host") as refused:
                await call(other, room)
            assert (refused.value.status, refused.value.code) == (403, "forbidden")
        await api.end_meeting(token, room)
        assert (await api.meeting(room))["ended"]
        await api.delete_meeting(token, room)
        with pytest.raises(ApiRefused, match="no meeting with this ID") as refused:
            await api.meeting(room)
        assert refused.value.code == "unknown_meeting"
        with pytest.raises(ApiRefused, match="not valid or has expired"):
            await api.create_meeting("forged")


async def test_nobody_who_listens_is_told_from_a_name_that_is_none(unused_tcp_port: int) -> None:
    told = await failure(Address(f"http://localhost:{unused_tcp_port}"))
    assert isinstance(told, Unreachable)
    assert f"nothing listens on TCP port {unused_tcp_port} of localhost" in told.found
    assert "Start the server" in told.advice
    told = await failure(Address("https://no.such.host.invalid"))
    assert "no.such.host.invalid cannot be resolved" in told.found
    assert "the name" in told.advice


HTML = "<html><body>Welcome</body></html>"
PROBLEM = '{"title": "?", "status": 503, "detail": "Not now.", "code": "unavailable", "retry_after": 2}'


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (http("404 Not Found", HTML), ("404 and HTML, which is not Reconvene", "Correct the address")),
        (http("200 OK", HTML), ("200 and HTML, which is not Reconvene", "pass all paths")),
        (http("200 OK", "{}", "application/json"), ("which is not Reconvene",)),
        (http("200 OK", "[" * 100_000, "application/json"), ("which is not Reconvene",)),
        (http("200 OK", "x" * (LARGEST + 1)), ("which is not Reconvene",)),
        (http("404 Not Found", '{"detail":"Not Found"}', "application/json"), ("not Reconvene",)),
        (http("401 Unauthorized", HTML), ("401", "without a login")),
        (http("502 Bad Gateway", HTML), ("a proxy answers 502", "behind it")),
        (http("400 Bad Request", HTML), ("400", "https://")),
        (
            http("301 Moved Permanently", "", "text/html", "Location: https://meet.example.org/api"),
            ("sends on to 'https://meet.example.org/api'", "that address"),
        ),
        (http("404 Not Found", '{"status": 404}', "application/problem+json"), ("knows no /api/identity",)),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ("speaks no HTTP", "Correct the port")),
        (b"", ("hangs up", "https://")),
        (http("200 OK", "no gzip", "text/html", "Content-Encoding: gzip"), ("speaks no HTTP",)),
    ],
)
async def test_what_is_no_reconvene_is_told_in_one_line(said: bytes, told: tuple[str, ...]) -> None:
    async with answering(said) as address:
        failed = await failure(address)
    assert isinstance(failed, Unreachable)
    for words in told:
        assert words in str(failed)


async def test_a_refusal_says_what_the_server_says() -> None:
    async with answering(http("503 Service Unavailable", PROBLEM, "application/problem+json")) as address:
        failed = await failure(address)
    assert isinstance(failed, ApiRefused)
    assert (failed.status, failed.code, failed.retry_after) == (503, "unavailable", 2.0)
    assert "Not now. Try again" in str(failed)


async def test_silence_ends() -> None:
    async with answering(None) as address:
        failed = await failure(address, within=1.0)
    assert "does not answer within 1 s" in failed.found


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return of_localhost(tmp_path_factory.mktemp("tls"))


async def test_a_certificate_is_checked(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = http("200 OK", '{"token": "t"}', "application/json")
    async with answering(said, server_side(certificate)) as address:
        failed = await failure(address)
        assert "certificate of localhost is not accepted: self" in failed.found
        assert "SSL_CERT_FILE" in failed.advice
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with Api(address) as api:
            assert await api.identity("bot") == "t"
        by_number = Address(address.base.replace("localhost", HOST))
        assert "certificate of 127.0.0.1 is not accepted" in (await failure(by_number)).found


async def test_tls_and_none_are_told_from_each_other(certificate: Path) -> None:
    async with answering(http("200 OK", HTML)) as address:
        failed = await failure(Address(address.base.replace("http:", "https:")))
        assert "no TLS is spoken" in failed.found
        assert "http://" in failed.advice
    async with answering(b"", server_side(certificate)) as address:
        failed = await failure(Address(address.base.replace("https:", "http:")))
        assert "https://" in failed.advice


async def test_a_connection_that_does_not_come_about_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be it that packets are dropped, or that no name server answers."""
    loop = asyncio.get_running_loop()

    async def never(*_given: object, **_more: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(loop, "getaddrinfo", never)
    monkeypatch.setattr(http_api, "CONNECT_WITHIN", 0.1)
    failed = await failure(Address("http://meet.example.org"))
    assert "meet.example.org cannot be connected to within 0.1 s" in failed.found
    assert "name servers" in failed.advice
