"""Tests of a call: the real echo, in a process that the server starts, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.call_test.lifetime import LIFE
from server.doctor.checks import Level
from server.runtime.sockets import bind, own_url
from server.settings.config import Config
from server.settings.setting import ConfigError
from signalling.protocol import identifiers
from tests.process import ServerProcess
from tests.server.client import Client, Play, bearer, playing
from tests.server.findings import examined, one, those
from tests.server.realtime.logins import logging_in

pytestmark = pytest.mark.early

WITHIN = 30.0
"""Seconds until a process has started or ended, on a machine that has other things to do. Less than an echo stays."""


class Watched:
    """A process that is no child of ours. `ended` waits; it may have been reaped by then, or not."""

    def __init__(self, pid: int) -> None:
        self._descriptor = os.pidfd_open(pid)

    async def ended(self) -> None:
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._descriptor, event.set)
        async with asyncio.timeout(WITHIN):
            await event.wait()
        loop.remove_reader(self._descriptor)

    def signal(self, number: signal.Signals) -> None:
        signal.pidfd_send_signal(self._descriptor, number)

    def close(self) -> None:
        os.close(self._descriptor)


@contextlib.contextmanager
def watched(pid: int) -> Iterator[Watched]:
    process = Watched(pid)
    try:
        yield process
    finally:
        process.close()


async def ask(play: Play, token: str) -> httpx.Response:
    return await play.http.post("/api/echo", headers=bearer(token), timeout=2 * WITHIN)


@dataclass(frozen=True, slots=True)
class Trial:
    """Somebody in a meeting with their echo."""

    token: str
    room: str
    page: Client
    process: Watched


@contextlib.asynccontextmanager
async def trying(play: Play) -> AsyncIterator[Trial]:
    token = await play.identity()
    answer = await ask(play, token)
    assert answer.status_code == 201, answer.text
    room = answer.json()["meeting"]
    pid = (await play.server.logged("echo started", meeting=room))["pid"]
    with watched(pid) as process:
        page = await play.client()
        joined = await page.join(room, "Ann", token=token)
        assert [person.get("kind") for person in joined["participants"]] == ["bot", None]
        yield Trial(token, room, page, process)


def recorded(server: ServerProcess) -> list[str]:
    with contextlib.closing(sqlite3.connect(server.database)) as database:
        return [room for (room,) in database.execute("SELECT room FROM meetings")]


async def test_a_call_is_tested_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, RECONVENE_ECHO="1", RECONVENE_LIMITS="echoes=3") as server:
        async with playing(server) as play, trying(play) as ann, trying(play) as bob, trying(play) as cem:
            offer = await play.http.get("/api/echo")
            assert offer.json() == {"available": True, "seconds": 60}
            await goes_on(play, ann)
            await others_wait(play)

            # Whoever leaves is done with it.
            await ann.page.leave()
            await ann.process.ended()
            await server.logged("echo ended", meeting=ann.room)
            await server.logged("meeting deleted", meeting=ann.room)
            assert (await play.http.get(f"/api/meetings/{ann.room}")).status_code == 404

            # One that dies leaves nobody waiting.
            bob.process.signal(signal.SIGKILL)
            assert (await bob.page.closed())[0] == 4003
            await server.logged("echo failed", meeting=bob.room, exit_code=-9)
            assert "\nreconvene_echo_processes 1.0\n" in (await play.http.get("/metrics")).text

            # A server that stops ends what it has begun.
            assert await server.stop() == 0
            await cem.process.ended()
            assert recorded(server) == []
            assert not [line for line in server.logs if line["level"] == "error"]

        # One that is killed cannot: the echo notices by itself, and the next server deletes its meeting.
        await server.start()
        async with playing(server) as play, trying(play) as dan:
            await server.kill()
            await dan.process.ended()
            assert recorded(server) == [dan.room]
        # Until then it might be another server's.
        with contextlib.closing(sqlite3.connect(server.database)) as database, database:
            database.execute("UPDATE meetings SET created_at = created_at - ?", (LIFE,))
        await server.start()
        await server.logged("left-over echo meetings deleted", meetings=1)
        assert recorded(server) == []


async def test_where_guests_have_to_knock_they_test_their_calls_all_the_same(tmp_path: Path) -> None:
    """Neither they nor the server's own program wait in a lobby where nobody is in charge."""
    settings = {"ANONYMOUS": "lobby", "LOBBY": "everyone", "CREATE": "admin", "ECHO": "1"}
    async with logging_in(tmp_path, **settings) as app, trying(app.play):
        pass


async def goes_on(play: Play, trial: Trial) -> None:
    """Asked again, the server answers with the same echo; it is in no list, and nobody can create such a meeting."""
    room, token = trial.room, trial.token
    again = await ask(play, token)
    assert (again.status_code, again.json()["meeting"]) == (200, room)
    assert 0 < again.json()["seconds"] <= 60
    assert identifiers.is_echo(room)
    found = (await play.http.get(f"/api/meetings/{room}", headers=bearer(token))).json()
    assert (found["host"], found["participants"]) == (True, 2)
    listed = await play.http.get("/api/meetings", headers=bearer(token))
    assert listed.json() == {"meetings": []}
    made = await play.http.post("/api/meetings", headers=bearer(token), json={"meeting": "echo-1"})
    assert (made.status_code, "tests a call" in made.json()["detail"]) == (400, True)


async def others_wait(play: Play) -> None:
    token = await play.identity()
    greedy = await ask(play, token)
    assert (greedy.status_code, greedy.json()["code"]) == (429, "rate_limited"), (
        "one address has three already"
    )
    assert 1 <= greedy.json()["retry_after"] <= 60
    refused = await play.http.post("/api/echo", headers=bearer(token) | {"X-Forwarded-For": "203.0.113.1"})
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "try again" in refused.json()["detail"]
    metrics = (await play.http.get("/metrics")).text
    assert "\nreconvene_echo_processes 3.0\n" in metrics
    assert '\nreconvene_echoes_total{result="busy"} 1.0\n' in metrics


async def test_where_it_is_not_switched_on_there_is_none(play: Play) -> None:
    assert (await play.http.get("/api/echo")).json() == {"available": False, "seconds": 60}
    refused = await ask(play, await play.identity())
    assert (refused.status_code, "does not offer" in refused.json()["detail"]) == (404, True)
    assert (await play.http.post("/api/echo")).status_code == 401


# Settings


@pytest.mark.parametrize(
    ("text", "on"), [("1", True), ("on", True), ("TRUE", True), ("0", False), ("no", False), ("", False)]
)
def test_it_is_switched_on_and_off(text: str, on: bool) -> None:
    assert Config.from_env({"RECONVENE_ECHO": text}).echo is on


def test_other_words_switch_nothing() -> None:
    with pytest.raises(ConfigError, match="RECONVENE_ECHO must be 1"):
        Config.from_env({"RECONVENE_ECHO": "2"})


async def test_without_the_extra_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not those(await examined(tmp_path, ECHO="1"), "settings", Level.FAILURE)
    monkeypatch.setattr("server.settings.media.PEER", ("aiortc_that_is_not_there",))
    with pytest.raises(ConfigError, match=r"RECONVENE_ECHO.*pip install '\.\[peer\]'"):
        Config.from_env({"RECONVENE_ECHO": "1"})
    assert Config.from_env({}).echo is False
    finding = one(await examined(tmp_path, ECHO="1"), "settings", Level.FAILURE, "RECONVENE_ECHO")
    assert "'.[peer]'" in finding.found


# Where it finds the server


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1", {"127.0.0.1"}),
        ("0.0.0.0", {"127.0.0.1"}),  # noqa: S104
        ("::", {"[::1]"}),
        ("localhost", {"127.0.0.1", "[::1]"}),
    ],
)
def test_the_server_is_reached_on_loopback_wherever_it_listens(host: str, reached: set[str]) -> None:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(each) for each in bind(host, 0, listen=False)]
        ports = {each.getsockname()[1] for each in sockets}
        assert own_url(sockets) in {f"http://{each}:{port}" for each in reached for port in ports}


class Listener:
    def __init__(self, *name: Any) -> None:
        self._name = name

    def getsockname(self) -> Any:
        return self._name


def test_where_it_listens_elsewhere_only_it_is_reached_there() -> None:
    elsewhere, loopback = Listener("fd00::7", 3000, 0, 0), Listener("127.0.0.1", 3001)
    assert own_url([elsewhere]) == "http://[fd00::7]:3000"  # type: ignore[list-item]
    assert own_url([elsewhere, loopback]) == "http://127.0.0.1:3001"  # type: ignore[list-item]
