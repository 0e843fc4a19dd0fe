"""Stops, kills and starts of the process."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.process import ServerProcess
from tests.server.client import playing


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_tells_clients_and_closes_stays(tmp_path: Path, number: signal.Signals) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        server.signal(number)
        code, messages = await ann.closed()
        assert (code, messages[-1]["type"]) == (4101, "going_away")
        assert await server.wait() == 0
    await server.logged("node stopped", stays_closed=1)


async def test_a_process_that_stood_still_gives_nobody_s_place_up(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_GRACE="2") as server, playing(server) as play:
        ann, bob = await play.pair("ABC123")
        bob.drop()
        await server.logged("connection lost, place kept")
        server.signal(signal.SIGSTOP)
        # Longer than grace: that it passes is what is tested.
        await asyncio.sleep(2.5)
        server.signal(signal.SIGCONT)
        stood = await server.logged("the server stood still")
        assert stood["cpu"] < 1 < 2 < stood["seconds"]
        back = await play.client()
        await back.resume(bob)
        await ann.send("ping")
        _, told = await ann.until("pong")
        assert {event["type"] for event in told} <= {"participant_updated"}


async def test_after_a_kill_the_same_session_goes_on_with_its_stay(tmp_path: Path) -> None:
    server = await ServerProcess(tmp_path).start()
    async with playing(server) as play:
        ann = await play.joined("ABC123", "Ann", create=True)
        await server.kill()
    async with server, playing(server) as play:
        back = await play.client()
        joined = await back.join("ABC123", "Ann", token=ann.token, session=ann.session)
        assert (joined["you"]["id"], joined["rejoined"]) == (ann.id, True)
        (row,) = await play.attendance("ABC123", ann.token)
        assert row["session_count"] == 1
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert ann.token not in "\n".join(server.output)
