"""Echoes whose processes do what they should not: the server's side, with stand-ins."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
from asyncio.subprocess import PIPE

import pytest

from server.call_test import process, sessions
from server.call_test.sessions import Echoes
from server.network.client_address import Client
from signalling.protocol.errors import ErrorCode
from tests.process import ROOT
from tests.server.call_test.stand_ins import ASKING, STAYS, Desk, told
from tests.storage.script import Script

TIMEOUT = 30.0

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
        # The latter if the process had not yet begun to ignore SIGTERM.
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
