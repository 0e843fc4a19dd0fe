"""`reconvene serve --processes N`: several servers on one port, and the process that watches them."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases.daemon import HOST, free_port
from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program
from tests.forking import begin
from tests.process import ServerProcess, environment
from tests.server.client import playing
from tests.server.sharing.nodes import SECRET

COUNT = 2
PATIENCE = 60.0


@pytest.fixture(scope="module")
async def settings() -> AsyncIterator[dict[str, str]]:
    async with EngineServer(redis_program()) as engine, PostgresServer() as postgres:
        yield {
            "RECONVENE_ENGINE": engine.url,
            "RECONVENE_STORE": await postgres.make_database("processes"),
            "RECONVENE_SECRET": SECRET,
            "RECONVENE_PROCESSES": str(COUNT),
            "RECONVENE_LIMITS": "0",
        }


@contextlib.asynccontextmanager
async def watched(directory: Path, settings: dict[str, str]) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(directory, **settings) as server:
        await server.logged("listening", past=COUNT - 1, within=PATIENCE)
        yield server


def processes(server: ServerProcess) -> list[int]:
    """The servers that it watches."""
    return [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]


async def test_a_meeting_is_on_all_of_them_and_who_ends_is_started_again(
    tmp_path: Path, settings: dict[str, str], room: str
) -> None:
    async with watched(tmp_path, settings) as server:
        killed, left = processes(server)
        assert {line["url"] for line in server.lines("listening")} == {server.url}
        async with playing(server) as play:
            ann = await play.joined(room, "Ann", create=True)
            # The kernel gives each process its part.
            others = [await play.joined(room, f"Guest {number}") for number in range(20)]
            for _ in others:
                await ann.expect("participant_joined")
            # Whichever answers has heard of the other by its next beat.
            while "\nreconvene_nodes 2.0\n" not in (await play.http.get("/metrics")).text:
                pass
        os.kill(killed, signal.SIGKILL)
        line = await server.logged("a process has ended, it is started again", pid=killed)
        assert line["code"] == -signal.SIGKILL
        await server.logged("listening", past=COUNT, within=PATIENCE)
        now = processes(server)
        assert left in now
        assert killed not in now
        assert await server.stop() == 0
        assert len(server.lines("drained")) == COUNT


async def test_they_end_with_whoever_watches_them(tmp_path: Path, settings: dict[str, str]) -> None:
    """And share their port with nobody else."""
    async with watched(tmp_path, settings) as server:
        environ = environment(tmp_path, server.settings | {"RECONVENE_PORT": str(server.port)})
        process = await begin("reconvene.cli.main", ["serve"], environ, printing=True)
        _, said = await process.communicate()
        assert await process.wait() == 2
        assert "cannot listen on" in said.decode()
        # Until the last that writes to the same stream has ended.
        await server.kill()
        assert len(server.lines("the process that watches this one is gone, it stops")) == COUNT


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"RECONVENE_ENGINE": ""}, "RECONVENE_ENGINE must be set when RECONVENE_PROCESSES is more than 1"),
        (
            {"RECONVENE_ENGINE": f"redis://{HOST}:{free_port()}"},
            "RECONVENE_ENGINE cannot be used: no connection",
        ),
    ],
)
async def test_what_cannot_be_started_is_told_once(
    tmp_path: Path, settings: dict[str, str], wrong: dict[str, str], told: str
) -> None:
    environ = environment(tmp_path, settings | wrong)
    process = await begin("reconvene.cli.main", ["serve"], environ, printing=True)
    _, said = await process.communicate()
    assert await process.wait() == 2
    assert said.decode().count(told) == 1, said.decode()
