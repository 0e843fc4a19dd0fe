"""`reconvene probe --turn-only`, with a real TURN server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.process import ServerProcess
from tests.reconvene.probing import fails, gone, of, probed
from tests.turn_server import TurnServer


@pytest.fixture(scope="module")
async def turn() -> AsyncIterator[TurnServer]:
    # Both participants are relayed by it, so one relay sends to the other.
    async with TurnServer(allow_loopback_peers="") as turn:
        yield turn


async def test_a_relay_carries_the_call(turn: TurnServer, tmp_path: Path) -> None:
    """Browsers try all servers they are told of; so the first one, with a password that is wrong, is only warned of."""
    udp = f"turn:127.0.0.1:{turn.port}"
    refusing = {"urls": f"{udp}?transport=tcp", "username": "me", "credential": "geheim"}
    settings = {
        "RECONVENE_ICE_SERVERS": json.dumps([refusing]),
        "RECONVENE_TURN_URLS": udp,
        "RECONVENE_TURN_SECRET": turn.secret,
    }
    async with ServerProcess(tmp_path, **settings) as server:
        found = await probed(server.url, turn_only=True)
    assert found.exit_code == 0, found.failure
    ice = of(found, "ice").details
    assert ice["relayed"] is True
    assert {(pair["local"], pair["remote"]) for pair in ice["pairs"]} == {("relay", "relay")}
    for key in "ab":
        assert ice["candidates"][key] == {"found": {"relay": 1}, "heard": {"relay": 1}}
    assert "through a relay" in of(found, "ice").told
    asked = of(found, "turn")
    assert [(each["url"], each["ok"]) for each in asked.details["servers"]] == [
        (refusing["urls"], False),
        (udp, True),
    ]
    assert ["401" in warning for warning in asked.warnings] == [True]
    assert "geheim" not in repr(found)


async def test_a_secret_that_is_not_the_turn_servers(turn: TurnServer, tmp_path: Path) -> None:
    """And, as a server is here that can be spoiled: a meeting that is full with one."""
    settings = {
        "RECONVENE_TURN_URLS": f"turn:127.0.0.1:{turn.port}",
        "RECONVENE_TURN_SECRET": "not the TURN server's",
        "RECONVENE_MAX_PARTICIPANTS": "1",
    }
    async with ServerProcess(tmp_path, **settings) as server:
        found = await probed(server.url, turn_only=True)
        fails(found, "turn", "credentials that browsers are given are refused (401)", "RECONVENE_TURN_SECRET")
        assert await gone(server.url, found.meeting)
        found = await probed(server.url)
        fails(found, "second", "meeting is full", "RECONVENE_MAX_PARTICIPANTS")
        assert await gone(server.url, found.meeting)


async def test_no_turn_server_is_named(server: ServerProcess) -> None:
    found = await probed(server.url, turn_only=True)
    fails(found, "turn", "the server offers no TURN server", "RECONVENE_TURN_URLS", "without --turn-only")
