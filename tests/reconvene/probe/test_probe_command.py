"""`reconvene probe`, the command: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reconvene.cli.main import cli
from reconvene.probe import command
from reconvene.probe.steps import INTERRUPTED, STEPS, STUCK
from server.runtime import logs
from tests.forking import Forked
from tests.process import ServerProcess
from tests.reconvene.command import running
from tests.reconvene.probing import gone

WITHIN = 60.0


@pytest.fixture(autouse=True)
def _logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sets them up for its whole process, which here is that of other tests, too."""
    monkeypatch.setattr(logs, "configure", lambda level: None)


def probing(*arguments: str) -> AbstractAsyncContextManager[Forked]:
    return running("probe", *arguments, within=WITHIN)


async def test_json_is_one_object(server: ServerProcess) -> None:
    async with probing(server.url, "--json", "--timeout", "60") as process:
        out, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    told = json.loads(out)
    assert (told["ok"], told["exit_code"], told["failed"], told["reason"]) == (True, 0, None, None)
    assert (told["url"], told["turn_only"], told["relayed"]) == (server.url, False, False)
    assert [(step["name"], step["exit_code"]) for step in told["steps"]] == [
        (step.name, step.code) for step in STEPS
    ]
    assert {step["name"] for step in told["steps"] if step["ms"] is None} == {"turn"}
    assert sum(step["ms"] or 0 for step in told["steps"]) <= told["ms"]


async def test_interrupted_it_tidies_up(server: ServerProcess) -> None:
    lines = []
    async with probing(server.url) as process:
        assert process.stdout is not None
        async for line in process.stdout:
            lines.append(line.decode().split())
            if lines[-1][:2] == ["ok", "second"]:
                process.send_signal(signal.SIGINT)
        assert await process.wait() == INTERRUPTED
        assert process.stderr is not None
        assert await process.stderr.read() == b""
    (meeting,) = (line[4] for line in lines if line[1] == "meeting")
    assert await gone(server.url, meeting)


async def test_with_a_server_that_stands_still_it_ends(tmp_path: Path) -> None:
    """In the middle of a call, for which threads decode."""
    seen = []
    async with ServerProcess(tmp_path) as server, probing(server.url, "--timeout", "5") as process:
        assert process.stdout is not None
        async for line in process.stdout:
            seen.append(line.decode().split()[:2])
            if seen[-1] == ["ok", "dtls"]:
                server.signal(signal.SIGSTOP)
        code = await process.wait()
        server.signal(signal.SIGCONT)
    assert seen[-1][0] == "Failed:"
    # Where there is hardly time for media, it is these that fail.
    assert code in {22, 23}


def test_a_failure_is_told_line_by_line(unused_tcp_port: int) -> None:
    ended = CliRunner().invoke(cli, ["probe", f"http://127.0.0.1:{unused_tcp_port}"])
    lines = ended.output.splitlines()
    assert ended.exit_code == 10
    assert [line.split()[0] for line in lines] == ["failed", *(["skipped"] * (len(STEPS) - 1)), "Failed:"]
    assert lines[0].endswith("Start the server, or correct host and port.")
    assert lines[-1] == "Failed: HTTP (exit code 10)."
    machine = CliRunner().invoke(cli, ["probe", f"http://127.0.0.1:{unused_tcp_port}", "--json"])
    told = json.loads(machine.stdout)
    assert machine.exit_code == told["exit_code"] == 10
    assert (told["ok"], told["failed"], told["relayed"], told["meeting"]) == (False, "http", None, None)
    assert told["reason"] == told["steps"][0]["reason"] != ""
    assert told["hint"] == told["steps"][0]["hint"] != ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ftp://example.org"], "begins with http://"),
        (["http://localhost", "--meeting", "x y"], "no meeting's id"),
        (["http://localhost/m/ABC", "--meeting", "XYZ"], "another meeting"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_one_line(arguments: list[str], told: str) -> None:
    ended = CliRunner().invoke(cli, ["probe", *arguments])
    assert ended.exit_code == 2
    assert len(ended.stderr.splitlines()) == 1
    assert told in ended.stderr
    assert ended.stdout == ""


def test_the_help_has_all_exit_codes() -> None:
    told = CliRunner().invoke(cli, ["probe", "--help"]).output
    for step in STEPS:
        assert any(line.split()[:2] == [str(step.code), step.name] for line in told.splitlines())


def test_one_that_hangs_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever hangs, be it the event loop itself."""
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    def hang(coroutine: object) -> None:
        getattr(coroutine, "close")()  # noqa: B009
        assert ended.wait(WITHIN)

    monkeypatch.setattr(command, "OVERTIME", 0.0)
    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(asyncio, "run", hang)
    command.run("http://localhost:9", meeting=None, turn_only=False, timeout=0.05, as_json=False)
    assert codes == [STUCK]
