"""Credentials for TURN: short-lived for clients that are given new ones while they stay."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from server.identity.turn_credentials import LASTING
from server.realtime.ice_servers import RENEWED, IceServers
from server.settings.config import Config
from signalling.rooms.hub import Hub
from tests.server.client import Message, Play, bearer, playing
from tests.server.quick_ice import QuickIceServer

SLACK = 60
"""Seconds that a machine may be slow."""


@pytest.fixture(scope="module")
async def renewing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Play]:
    settings = {"RECONVENE_TURN_URLS": "turn:t.example", "RECONVENE_TURN_SECRET": "north"}
    async with QuickIceServer(tmp_path_factory.mktemp("ice"), **settings) as server, playing(server) as play:
        yield play


def given(message: Message) -> tuple[float, str]:
    """For how long, and to whom."""
    (server,) = message["ice_servers"]
    until, _, user = server["username"].partition(":")
    return int(until) - time.time(), user


async def test_who_can_renew_them_gets_them_for_an_hour_and_new_ones_while_they_stay(
    renewing: Play, room: str
) -> None:
    ann = await renewing.joined(room, "Ann", create=True, features=["ice", "unheard-of"])
    assert "ice" in ann.joined["features"]
    seconds, user = given(ann.joined)
    assert RENEWED - SLACK < seconds <= RENEWED
    for _ in range(2):
        seconds, same = given(await ann.expect("ice_servers"))
        assert RENEWED - SLACK < seconds <= RENEWED
        assert same == user


async def test_over_http_they_are_good_for_an_hour(renewing: Play, room: str) -> None:
    ann = await renewing.joined(room, "Ann", create=True)
    answer = await renewing.http.get("/api/ice-servers", headers=bearer(ann.token))
    seconds, _ = given(answer.json())
    assert RENEWED - SLACK < seconds <= RENEWED


async def test_a_page_that_comes_back_goes_on_being_given_new_ones(renewing: Play, room: str) -> None:
    ann = await renewing.joined(room, "Ann", create=True, features=["ice"])
    ann.drop()
    again = await renewing.client()
    resumed = await again.resume(ann, features=["ice"])
    assert given(resumed)[0] <= RENEWED
    assert given(await again.expect("ice_servers"))[0] <= RENEWED


async def test_others_get_them_for_six_hours_and_are_told_of_no_new_ones(renewing: Play, room: str) -> None:
    ann = await renewing.joined(room, "Ann", create=True, features=["ice"])
    bob = await renewing.joined(room, "Bob")
    seconds, _ = given(bob.joined)
    assert LASTING - SLACK < seconds <= LASTING
    await ann.expect("participant_joined")
    for _ in range(2):
        await ann.expect("ice_servers")
    await bob.nothing()


def test_where_there_is_no_turn_nothing_is_renewed() -> None:
    config = Config.from_env({"RECONVENE_ICE_SERVERS": '[{"urls": "stun:s.example"}]'})
    servers = IceServers(config, Hub())
    connection = SimpleNamespace(renew_ice_at=math.inf)
    assert servers.given(connection, "u_ann", {"ice"}, 0.0) == [{"urls": "stun:s.example"}]
    assert connection.renew_ice_at == math.inf
