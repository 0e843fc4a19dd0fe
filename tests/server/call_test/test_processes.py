"""Echoes whose processes do what they should not, and a store that is away: the server's side, with stand-ins."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from server.call_test import process, sessions
from server.call_test.sessions import Echoes
from server.network.client_address import Client
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.protocol import identifiers
from signalling.protocol.errors import ErrorCode, Refused
from signalling.protocol.reach import Reach
from storage import open_store
from storage.errors import StoreUnavailable
from storage.store import Store
from tests.process import ROOT
from tests.storage.script import Script

TIMEOUT = 30.0

ASKING = Client("203.0.113.9", "203.0.113.9")

STAYS = "import sys; sys.stdin.read()"
FAILS = (
    "import sys; print('Traceback …\\n  File …\\nImportError: no such thing', file=sys.stderr); sys.exit(3)"
)
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
CHATTY = """
import sys
line = '{"event": "hello", "level": "error", "error": "' + "x" * 999 + '"}'
print(*[line] * 300, "y" * 99_999, sep="\\n", file=sys.stderr)
sys.stderr.buffer.write(b"\\xff no text\\n")
"""

HANGS = """
import os, signal, sys
from reconvene.cli import echo_child, main
def hangs():
    print(os.nice(0), os.getpgrp() == os.getpid(), *sys.argv[1:], flush=True)
    while True:
        signal.pause()
signal.signal(signal.SIGTERM, lambda *_: None)
main.main, echo_child.PATIENCE = hangs, 0.1
echo_child.main()
"""


class Room:
    """In the place of hub and gateway: in every meeting somebody sits, or nobody, and what was ended is noted."""

    draining = False

    def __init__(self) -> None:
        self.people = 1
        self.ended: list[str] = []

    def size(self, _room: str) -> int:
        return self.people

    def present(self, _room: str, _user_id: str) -> object | None:
        return self if self.people > 1 else None

    def end_meeting(self, room: str) -> None:
        self.ended.append(room)


class Standing(Echoes):
    """Runs a program in the echo's place."""

    program = STAYS

    def command(self, _room: str, _reach: Reach) -> Sequence[str]:
        return (sys.executable, "-S", "-c", self.program)


class Desk:
    def __init__(self, store: Store, **settings: str) -> None:
        self.room = Room()
        self.metrics = Metrics()
        self.store = store
        config = Config.from_env({"RECONVENE_ECHO": "1", **settings})
        room = cast(Any, self.room)
        self.echoes = Standing(config, store, room, room, self.metrics, "http://127.0.0.1:9")

    async def refused(self, code: ErrorCode, user_id: str = "u_ann") -> Refused:
        with pytest.raises(Refused) as refused:
            await self.echoes.begin(user_id, ASKING)
        assert refused.value.code is code
        return refused.value

    async def meetings(self) -> list[str]:
        return [each.meeting.room for each in await self.store.hosted_meetings(None, 100)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = open_store(f"sqlite:///{tmp_path}/r.db")
    await store.open()
    desk = Desk(store)
    yield desk
    await desk.echoes.stop()
    assert await desk.meetings() == []
    assert desk.metrics.echo_processes() == 0
    await store.close()


@contextlib.contextmanager
def told() -> Any:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_one_that_dies_at_once_is_an_answer_and_one_line_in_the_log(desk: Desk) -> None:
    desk.echoes.program = FAILS
    desk.room.people = 0
    with told() as lines:
        refused = await desk.refused(ErrorCode.UNAVAILABLE)
    assert "log" in refused.text
    (line,) = [line for line in lines if line["log_level"] == "warning"]
    assert (line["event"], line["exit_code"]) == ("echo failed", 3)
    assert line["said"][-1] == "ImportError: no such thing"
    assert desk.metrics.echoes == {"failed": 1}
    desk.echoes.program, desk.room.people = STAYS, 1
    _, begun = await desk.echoes.begin("u_ann", ASKING)
    assert begun, "its place is free again"


async def test_a_program_that_cannot_be_started_is_an_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.echoes, "command", lambda _room, _reach: ("/nowhere/python",))
    with told() as lines:
        await desk.refused(ErrorCode.UNAVAILABLE)
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == [
        "echo could not be started"
    ]


async def test_one_that_does_not_turn_up_is_killed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "STARTS_WITHIN", 0.1)
    desk.echoes.program = STUBBORN
    desk.room.people = 0
    await desk.refused(ErrorCode.UNAVAILABLE)
    assert desk.metrics.echoes == {"failed": 1}


async def test_one_that_does_not_end_is_killed_and_its_meeting_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SECONDS", 0)
    monkeypatch.setattr(sessions, "OVERDUE", 0.1)
    monkeypatch.setattr(sessions, "COMES_WITHIN", 0)
    desk.echoes.program, desk.room.people = STUBBORN, 2
    echo, _ = await desk.echoes.begin("u_ann", ASKING)
    await echo.gone.wait()
    assert desk.metrics.echoes == {"started": 1, "killed": 1}


async def test_one_to_which_nobody_comes_gives_its_place_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "COMES_WITHIN", 0.1)
    echo, _ = await desk.echoes.begin("u_ann", ASKING)
    await echo.gone.wait()
    assert echo.seconds_left > 1
    assert desk.metrics.echoes == {"started": 1}


async def test_one_that_is_about_to_leave_is_not_answered_again(desk: Desk) -> None:
    first, _ = await desk.echoes.begin("u_ann", ASKING)
    first.end()
    second, begun = await desk.echoes.begin("u_ann", ASKING)
    assert begun
    second.until = 0.0
    third, begun = await desk.echoes.begin("u_ann", ASKING)
    assert begun
    assert third not in (first, second)


async def test_who_asks_all_the_time_does_not_keep_one_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SECONDS", 0.3)
    monkeypatch.setattr(sessions, "OVERDUE", 0.1)
    desk.echoes.program = STUBBORN
    first, _ = await desk.echoes.begin("u_ann", ASKING)
    # As if it was asked for at every moment.
    first.asked_at = math.inf
    async with asyncio.timeout(TIMEOUT):
        await first.gone.wait()


async def test_however_slow_it_was_there_is_time_to_come(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "COMES_WITHIN", 0.2)
    desk.room.people = 0
    asyncio.get_running_loop().call_later(0.3, setattr, desk.room, "people", 1)
    echo, _ = await desk.echoes.begin("u_ann", ASKING)
    assert not echo.ending


async def test_a_stop_waits_for_no_stubborn_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LEAVES_WITHIN", 0.1)
    desk.echoes.program = STUBBORN
    echo, _ = await desk.echoes.begin("u_ann", ASKING)
    async with asyncio.timeout(TIMEOUT):
        await desk.echoes.stop()
    assert echo.gone.is_set()
    assert desk.room.ended == [echo.room]


async def test_a_stop_that_is_cut_short_leaves_no_process(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LEAVES_WITHIN", 3600)
    desk.echoes.program = STUBBORN
    echo, _ = await desk.echoes.begin("u_ann", ASKING)
    assert echo.process is not None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await desk.echoes.stop()
    async with asyncio.timeout(TIMEOUT):
        # The latter if it had not got round to being stubborn.
        assert await echo.process.end in {-signal.SIGKILL, -signal.SIGTERM}


async def test_who_asks_twice_at_once_gets_one(desk: Desk) -> None:
    (first, _), (second, _), (other, _) = await asyncio.gather(
        *(desk.echoes.begin(user, ASKING) for user in ("u_ann", "u_ann", "u_bob"))
    )
    assert first is second is not other
    assert desk.metrics.echo_processes() == 2


async def test_who_has_left_theirs_gets_another_and_who_is_yet_to_come_does_not(desk: Desk) -> None:
    first, _ = await desk.echoes.begin("u_ann", ASKING)
    assert await desk.echoes.begin("u_ann", ASKING) == (first, False)
    await Script(desk.store, first.room).join("u_ann")
    desk.room.people = 2
    assert await desk.echoes.begin("u_ann", ASKING) == (first, False)
    desk.room.people = 1
    second, begun = await desk.echoes.begin("u_ann", ASKING)
    assert begun
    assert second.room != first.room
    assert first.gone.is_set()


@pytest.mark.parametrize(
    ("setting", "client", "reach"),
    [
        ("client", ASKING, "public"),
        ("client", Client("10.0.0.5", "10.0.0.5"), "private"),
        ("client", Client("127.0.0.1", "127.0.0.1"), "any"),
        ("any", ASKING, "any"),
        ("public", Client("127.0.0.1", "127.0.0.1"), "public"),
    ],
)
async def test_it_is_told_where_it_may_send_to(desk: Desk, setting: str, client: Client, reach: str) -> None:
    other = Desk(desk.store, RECONVENE_ECHO_REACH=setting)
    echo, _ = await other.echoes.begin("u_ann", client)
    assert Echoes.command(other.echoes, echo.room, echo.reach)[-2:] == ("--reach", reach)
    await other.echoes.stop()


async def test_starts_are_bounded_by_minute(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_STARTS", 1)
    await desk.echoes.begin("u_ann", ASKING)
    refused = await desk.refused(ErrorCode.RATE_LIMITED, "u_bob")
    assert refused.retry_after is not None
    assert 0 < refused.retry_after <= 60
    assert desk.metrics.echoes["limited"] == 1


async def test_what_it_says_is_told_in_bounds_and_never_as_our_own_error(desk: Desk) -> None:
    desk.echoes.program = CHATTY
    with told() as lines:
        echo, _ = await desk.echoes.begin("u_ann", ASKING)
        await echo.gone.wait()
    said = [line for line in lines if line["event"] == "echo: hello"]
    assert len(said) == process.MOST_LINES
    assert {(line["log_level"], line["meeting"], len(line["error"])) for line in said} == {
        ("warning", echo.room, process.MOST_IN_A_LINE)
    }


async def test_a_child_is_out_of_the_way_and_ends_with_the_server_even_if_it_hangs() -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HANGS, "ECHO-1"), stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        said = (await child.stdout.readline()).decode().split()
        assert said == [str(min(os.nice(0) + 10, 19)), "True", "echo", "ECHO-1"]
        child.stdin.close()
        async with asyncio.timeout(TIMEOUT):
            assert await child.wait() == 1
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def test_a_child_is_given_no_setting_and_no_secret() -> None:
    secrets = ("RECONVENE_SECRET", "SUPABASE_SERVICE_KEY", "ZOOM_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY")
    given = {"PATH": "/bin", "LC_ALL": "C", **dict.fromkeys(secrets, "x")}
    assert process.environment(given) == {"PATH": "/bin", "LC_ALL": "C"}


# What is left behind


class Away:
    """A store in which nothing can be deleted, as often as it is told."""

    def __init__(self, real: Any, times: int) -> None:
        self._real = real
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def delete_meeting(self, room: str, created_at: float | None = None) -> bool:
        self.times -= 1
        if self.times >= 0:
            raise StoreUnavailable("gone")
        return bool(await self._real.delete_meeting(room, created_at))


async def until_empty(desk: Desk) -> None:
    while await desk.meetings():
        pass


async def test_what_could_not_be_deleted_is_deleted_when_the_store_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "TRIES_EVERY", 0)
    away = Desk(cast(Store, Away(desk.store, 2)))
    away.echoes.start()
    echo, _ = await away.echoes.begin("u_ann", ASKING)
    echo.end()
    await until_empty(desk)
    assert set(away.room.ended) == {echo.room}, "who is still in it is told, whatever the store does"
    await away.echoes.stop()


@pytest.mark.parametrize("offered", ["1", "0"])
async def test_at_the_start_what_is_left_is_deleted_and_nothing_that_only_looks_like_it(
    desk: Desk, offered: str
) -> None:
    """Also where calls are not tested any more."""
    left = [identifiers.echo_id(os.urandom(20)) for _ in range(2)]
    for room in [*left, "ECHO-TEAM", "ABC123"]:
        await desk.store.create_meeting(room, "u_ann", "", time.time() - sessions.LIFE - 1)
    with told() as lines:
        next_start = Desk(desk.store, RECONVENE_ECHO=offered)
        next_start.echoes.start()
        line = {"event": "left-over echo meetings deleted", "meetings": 2, "log_level": "info"}
        while line not in lines:
            await desk.store.ping()
    await next_start.echoes.stop()
    assert sorted(await desk.meetings()) == ["ABC123", "ECHO-TEAM"]
    for room in ("ECHO-TEAM", "ABC123"):
        await desk.store.delete_meeting(room)


@pytest.mark.parametrize("offered", ["1", "0"])
async def test_what_another_server_may_have_begun_is_left_alone_as_long_as_it_may_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, offered: str
) -> None:
    monkeypatch.setattr(sessions, "TRIES_EVERY", 0)
    old, new = (identifiers.echo_id(os.urandom(20)) for _ in range(2))
    await desk.store.create_meeting(new, "u_bob", "", time.time())
    await desk.store.create_meeting(old, "u_ann", "", time.time() - sessions.LIFE - 1)
    next_start = Desk(desk.store, RECONVENE_ECHO=offered)
    # For the time after the first look.
    monkeypatch.setattr(
        next_start.room, "end_meeting", lambda _room: monkeypatch.setattr(sessions, "LIFE", 0.1)
    )
    with told() as lines:
        next_start.echoes.start()
        await until_empty(desk)
        await next_start.echoes.stop()
    looks = [line["meetings"] for line in lines if line["event"] == "left-over echo meetings deleted"]
    assert looks[0] == 1
