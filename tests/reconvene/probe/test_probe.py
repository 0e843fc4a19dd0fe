"""`reconvene probe`: against a server that works, and against each way in which one can fail to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest

from reconvene.http_api import Api
from reconvene.probe import call_checks
from reconvene.probe.participant import PICTURES, SOUNDS, Participant
from reconvene.probe.runner import probe
from reconvene.probe.steps import STEPS
from reconvene.server_address import Address
from reconvene.webrtc.link import Link, Outgoing
from tests.process import ServerProcess
from tests.reconvene.fault_proxy import HOST, FaultProxy
from tests.reconvene.probing import Heard, fails, gone, hurried, of, probed, states
from tests.server.client import playing

# A server that works


async def test_every_step_of_a_call_is_checked(server: ServerProcess) -> None:
    heard = Heard()
    found = await probed(server.url, heard)
    assert found.exit_code == 0, found.failure
    assert {name for name, state in states(found).items() if state != "ok"} == {"turn"}
    assert heard.begun == [step.name for step in STEPS]
    ice = of(found, "ice").details
    assert ice["relayed"] is False
    assert {pair["local"] for pair in ice["pairs"]} == {"host"}
    for key in "ab":
        assert ice["candidates"][key]["found"]["host"] == ice["candidates"][key]["heard"]["host"] > 0
    received = of(found, "media").details["received"]
    assert [each["by"] for each in received] == ["a", "b"]
    for each in received:
        assert each["picture"]["frames"] >= PICTURES
        assert each["picture"]["size"] == "320x180"
        assert each["sound"]["frames"] >= SOUNDS
        assert each["sound"]["first_ms"] >= 0
    # The three signals and the raised hand, at least; the socket was cut before they were sent.
    assert of(found, "reconnect").details["replayed"] >= call_checks.SIGNALS + 1
    assert set(of(found, "status").details["seen_ms"]) == {"a", "b"}
    assert await gone(server.url, found.meeting)


async def test_a_meeting_that_is_named_is_used_and_left_as_it_is(server: ServerProcess, room: str) -> None:
    async with playing(server) as play:
        ann = await play.joined(room, "Ann", create=True)
        found = await probed(server.url, meeting=room.lower())
        assert found.exit_code == 0, found.failure
        assert found.meeting == room
        assert of(found, "meeting").details == {"meeting": room, "created": False, "participants": 1}
        assert states(found)["tidy"] == "skipped"
        bots = []
        for _ in range(2):
            joined, _ = await ann.until("participant_joined")
            bots.append(joined["participant"])
        assert {bot["kind"] for bot in bots} == {"bot"}
        left = [(await ann.until("participant_left"))[0]["participant"]["id"] for _ in bots]
        assert set(left) == {bot["id"] for bot in bots}
        # Nobody ended it.
        await ann.nothing()
        assert not await gone(server.url, room)


# Servers that are none


async def test_nobody_who_listens(unused_tcp_port: int) -> None:
    found = await probed(f"http://{HOST}:{unused_tcp_port}")
    fails(found, "http", "nothing listens", "Start the server")
    assert states(found)["tidy"] == "skipped"


@pytest.fixture
async def stranger() -> AsyncIterator[Callable[[bytes | None], str]]:
    """A server that answers whatever comes with the same, or with nothing."""
    said: list[bytes | None] = [None]
    silent = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        if said[0] is None:
            await silent.wait()
        else:
            writer.write(said[0])
        writer.close()

    listening = await asyncio.start_server(answer, HOST, 0)

    def set_up(words: bytes | None) -> str:
        said[0] = words
        return f"http://{HOST}:{listening.sockets[0].getsockname()[1]}"

    async with listening:
        yield set_up
        silent.set()


async def test_what_is_no_reconvene(stranger: Callable[[bytes | None], str]) -> None:
    body = b"<html>Not Found</html>"
    page = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )
    fails(await probed(stranger(page)), "http", "404 and HTML, which is not Reconvene")


async def test_silence_ends_in_time(stranger: Callable[[bytes | None], str]) -> None:
    fails(await probed(stranger(None), seconds=0.5), "http", "(all that --timeout left)")


# What stands in between


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            (rb"(?i)Upgrade: websocket", b"X-drop: websocket"),
            ("answered with", "proxy_set_header Upgrade"),
        ),
        (
            (rb"Host: [^\r]*", b"Host: backend:3000"),
            ("browsers are refused (403)", "Host header", "RECONVENE_ALLOWED_ORIGINS"),
        ),
        (
            (rb"Sec-WebSocket-Protocol", b"X-Dropped"),
            ("subprotocol reconvene.v1 is not selected", "Sec-WebSocket-Protocol"),
        ),
    ],
    ids=["upgrade", "host", "subprotocol"],
)
async def test_proxies_that_do_not_pass_upgrades(
    server: ServerProcess, changed: tuple[bytes, bytes], told: tuple[str, ...]
) -> None:
    async with FaultProxy(server.port, up=lambda data: re.sub(*changed, data)) as proxy:
        found = await probed(proxy.url)
    fails(found, "websocket", *told)
    assert states(found)["tidy"] == "ok"
    assert await gone(server.url, found.meeting)


async def test_a_proxy_that_holds_messages_back(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(monkeypatch, "websocket", 1.0)

    def down(data: bytes) -> bytes:
        # Frames, which begin with more than ASCII; not the answers to requests.
        return data if data[0] < 0x80 else b""

    async with FaultProxy(server.port, down=down) as proxy:
        found = await probed(proxy.url)
        fails(found, "websocket", "a ping is not answered", "without buffering")


@pytest.mark.parametrize(
    ("changed", "step", "told"),
    [
        ((rb"candidate:", b"xandidate:"), "ice", ("was told of no candidates", "/ws")),
        ((rb"\d( typ )", rb"X\1"), "offer", ("not answered",)),
        ((rb"\d{5} typ ", b"00009 typ "), "ice", ("no pair of candidates works", "host", "UDP is blocked")),
        ((rb"sha-256 ..", b"sha-256 00"), "dtls", ("keys could not be agreed on", "a=fingerprint")),
    ],
    ids=["stripped", "garbled", "falsified", "fingerprint"],
)
async def test_a_proxy_that_changes_descriptions(
    server: ServerProcess,
    monkeypatch: pytest.MonkeyPatch,
    changed: tuple[bytes, bytes],
    step: str,
    told: tuple[str, ...],
) -> None:
    if step in {"offer", "ice"}:
        hurried(monkeypatch, step, 1.0)
    async with FaultProxy(server.port, down=lambda data: re.sub(*changed, data)) as proxy:
        found = await probed(proxy.url)
    fails(found, step, *told)
    assert await gone(server.url, found.meeting)


async def test_a_call_without_media(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connected, and nothing arrives: only what was decoded counts."""

    def nothing(self: Participant, link: Link) -> Outgoing:
        return Outgoing()

    monkeypatch.setattr(Participant, "outgoing", nothing)
    hurried(monkeypatch, "media", 0.5)
    found = await probed(server.url)
    failure = fails(found, "media", "no picture and no sound", "this machine has time")
    assert [each["picture"]["frames"] for each in failure.details["received"]] == [0, 0]


async def test_a_socket_that_cannot_come_back(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried(monkeypatch, "reconnect", 1.0)
    async with FaultProxy(server.port) as proxy:
        found = await probed(proxy.url, Heard(reconnect=proxy.shut))
    fails(found, "reconnect", "did not come back", "proxy")
    # Nor could the meeting be deleted; the first failure counts.
    assert states(found)["tidy"] == "failed"
    assert "left behind" in of(found, "tidy").reason


async def test_a_meeting_that_cannot_be_deleted(server: ServerProcess) -> None:
    async with FaultProxy(server.port) as proxy:
        found = await probed(proxy.url, Heard(tidy=proxy.shut))
    fails(found, "tidy", f"{found.meeting} may be left behind")


async def test_whoever_stops_it_leaves_nothing_behind(server: ServerProcess) -> None:
    reached = asyncio.Event()
    heard = Heard(status=reached.set)
    probing = asyncio.create_task(probe(Address.parse(server.url), heard))
    await reached.wait()
    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing
    assert heard.begun[-1] == "tidy"
    made = next(outcome.details["meeting"] for outcome in heard.outcomes if outcome.step.name == "meeting")
    assert await gone(server.url, made)


# Meetings that cannot be joined


async def test_meetings_that_are_not_there_or_over(server: ServerProcess, room: str) -> None:
    fails(await probed(server.url, meeting=room), "meeting", f"no meeting {room}", "--meeting")
    async with Api(Address.parse(server.url)) as api:
        token = await api.identity()
        await api.create_meeting(token, room)
        await api.end_meeting(token, room)
    fails(await probed(server.url, meeting=room), "meeting", f"{room} has ended", "--meeting")
