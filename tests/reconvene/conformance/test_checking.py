"""Our own server passes every check, and one that is wrong in one thing fails in that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconvene.conformance.checking import Outcome, check
from reconvene.conformance.checks import CHECKS
from reconvene.server_address import Address
from tests.process import ServerProcess
from tests.reconvene.command import running
from tests.reconvene.conformance.meddler import Change, Message, meddling


def without(kind: str) -> Change:
    return lambda message: [] if message["type"] == kind else [message]


def twice(kind: str) -> Change:
    return lambda message: [message, message] if message["type"] == kind else [message]


def altered(kind: str, **fields: Any) -> Change:
    return lambda message: [message | fields] if message["type"] == kind else [message]


def replay_cut_short(message: Message) -> list[Message]:
    return [] if message["type"] == "signal" and message["data"] == 2 else [message]


def unnumbered(message: Message) -> list[Message]:
    return [message | {"seq": 1}] if message["type"] == "signal" else [message]


FAULTS: dict[str, tuple[Change, str]] = {
    "no answer to a ping": (altered("pong", id=77), "malformed"),
    "another t": (altered("pong", t=1), "ping_first"),
    "another code": (altered("error", code="busy"), "malformed"),
    "an answer of no message": (altered("error", id=77), "join_first"),
    "a field of another type": (altered("joined", heartbeat="soon"), "join"),
    "an empty room": (altered("joined", participants=[]), "join"),
    "a newcomer twice": (twice("participant_joined"), "join"),
    "a status twice": (twice("participant_updated"), "status"),
    "a status before its time": (altered("participant_updated", seq=0), "status"),
    "an ack of another message": (altered("ack", id=77), "leave"),
    "signals out of order": (unnumbered, "resume"),
    "a replay that is not whole": (replay_cut_short, "resume"),
    "a wrong reason": (altered("participant_left", reason="lost"), "leave"),
    "an end that is not told": (without("meeting_ended"), "end"),
}
"""What the server does wrong, and a check that notices."""

CODES = {4000: "join_first", 1003: "binary", 1009: "too_big", 4001: "replaced", 1000: "leave", 4003: "end"}


async def outcomes(url: str) -> list[Outcome]:
    return [outcome async for outcome in check(Address.parse(url))]


async def test_our_server_passes(server: ServerProcess) -> None:
    async with running("conformance", "check", server.url) as process:
        output, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b""), output.decode()
    lines = output.decode().splitlines()
    assert len([line for line in lines if line.startswith("ok ")]) == len(CHECKS) == len(lines) - 1


async def test_a_relay_that_builds_messages_anew_fails_in_that_alone(server: ServerProcess) -> None:
    async with meddling(server.url) as url:
        assert [outcome.name for outcome in await outcomes(url) if outcome.wrong] == ["signal"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_server_that_says_something_else_fails(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("reconvene.conformance.remote.WITHIN", 2.0)
    change, name = FAULTS[fault]
    await fails(server, monkeypatch, name, change=change)


@pytest.mark.parametrize("code", CODES)
async def test_a_server_that_closes_otherwise_fails(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    await fails(server, monkeypatch, CODES[code], code=lambda closed: 1011 if closed == code else closed)


async def fails(server: ServerProcess, monkeypatch: pytest.MonkeyPatch, name: str, **faults: Any) -> None:
    """The check of this name does, if the server is wrong in this."""
    only = tuple(each for each in CHECKS if each.__name__ == name)
    monkeypatch.setattr("reconvene.conformance.checking.CHECKS", only)
    async with meddling(server.url, **faults) as url:
        (outcome,) = await outcomes(url)
    assert outcome.wrong


async def test_where_there_is_no_server_it_says_so(server: ServerProcess, unused_tcp_port: int) -> None:
    async with running("conformance", "check", "--json", f"127.0.0.1:{unused_tcp_port}") as process:
        output, _ = await process.communicate()
    report = json.loads(output)
    assert (process.returncode, report["ok"], len(report["checks"])) == (1, False, len(CHECKS))
    assert all("no websocket could be opened" in each["wrong"] for each in report["checks"])
