"""`reconvene doctor` as a whole: all checks at once, each bounded, whatever happens; and how findings are shown."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from server.doctor import machine, report, runner
from server.doctor.checks import Finding, Level
from tests.process import ROOT, ServerProcess
from tests.process import environment as process_environment
from tests.reconvene.cli.test_command import reconvene
from tests.server.findings import environment, examined, one, those
from tests.turn_server import TurnServer

FINDINGS = [
    Finding("settings", Level.OK, "all settings can be used"),
    Finding("store", Level.NOTE, "a note [red]with brackets[/red]", "Do nothing"),
    Finding("ice", Level.WARNING, "a warning", "Set RECONVENE_TURN_URLS"),
    Finding("ice", Level.FAILURE, "a failure", "Set RECONVENE_TURN_SECRET"),
]


# The examination


@pytest.fixture
def _hanging_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server that does not answer: the call cannot be interrupted."""
    answered = threading.Event()
    look_up = socket.getaddrinfo

    def hang(host: str, *arguments: object, **options: object) -> object:
        if host == "hangs.example":
            answered.wait(60)
        return look_up(host, *arguments, **options)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield
    answered.set()


@pytest.mark.usefixtures("_hanging_resolver")
async def test_what_hangs_is_given_up_and_told_and_the_rest_is_checked(tmp_path: Path) -> None:
    environ = environment(
        tmp_path, HOST="hangs.example", ICE_SERVERS='[{"urls": ["stun:hangs.example", "stun:127.0.0.1:9"]}]'
    )
    # In a thread, as its event loop and all that belongs to it ends with it: the hanging calls must not hold that up.
    async with asyncio.timeout(30):
        findings = await asyncio.to_thread(runner.run, environ, 1.5)
    one(findings, "ice", Level.FAILURE, "no name server answers for hangs.example", "RECONVENE_ICE_SERVERS")
    one(findings, "ice", Level.FAILURE, "nothing listens on UDP port 9")
    one(findings, "port", Level.FAILURE, "hangs.example")
    one(findings, "store", Level.NOTE, "first start")


async def test_a_check_that_ignores_its_time_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr(machine, "open_files_limit", lambda: answered.wait(60) and None)
    findings = await examined(tmp_path, 1)
    answered.set()
    one(findings, "system", Level.FAILURE, "was not over")
    one(findings, "store", Level.NOTE, "first start")


async def test_a_check_that_fails_itself_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise LookupError("nobody\nthought of this")

    monkeypatch.setattr(machine, "open_files_limit", fail)
    findings = await examined(tmp_path)
    finding = one(findings, "system", Level.FAILURE, "LookupError")
    assert "\n" not in finding.found
    one(findings, "store", Level.NOTE, "first start")


async def test_checks_run_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that wait for each other both come to an end."""
    both = threading.Barrier(2)
    monkeypatch.setattr(machine, "open_files_limit", lambda: both.wait(30) + 65536)
    monkeypatch.setattr(machine, "clock_error", lambda: both.wait(30) * 0.0)
    findings = await examined(tmp_path)
    assert not those(findings, "system", Level.FAILURE)
    assert not those(findings, "clock", Level.FAILURE)


# How it is shown


def test_a_finding_is_one_line_with_what_to_do() -> None:
    assert report.lines(FINDINGS) == [
        "ok       settings    all settings can be used.",
        "note     store       a note [red]with brackets[/red]. Do nothing.",
        "warning  ice         a warning. Set RECONVENE_TURN_URLS.",
        "failure  ice         a failure. Set RECONVENE_TURN_SECRET.",
        "1 failure, 1 warning, 1 note.",
    ]
    assert report.lines([Finding("ice", Level.NOTE, "so", "Is it?")])[0] == "note     ice         so. Is it?"
    assert report.lines(FINDINGS[:3])[-1] == "Nothing failed: 1 warning, 1 note."
    assert report.lines(FINDINGS[:1])[-1] == "Nothing failed: nothing to complain of."


def test_the_table_shows_all_of_it_as_it_is() -> None:
    out = io.StringIO()
    Console(file=out, width=60).print(report.table(FINDINGS))
    for finding in FINDINGS:
        assert finding.found in out.getvalue()
        assert finding.advice in out.getvalue()


def test_only_failures_fail() -> None:
    assert report.failed(FINDINGS)
    assert not report.failed(FINDINGS[:3])


def test_json_has_all_of_it() -> None:
    told = json.loads(report.in_json(FINDINGS))
    assert told["failed"] is True
    assert told["findings"][3] == {
        "area": "ice",
        "level": "failure",
        "found": "a failure",
        "advice": "Set RECONVENE_TURN_SECRET",
    }


# The command


async def test_piped_it_is_plain_lines_and_exit_code_0(tmp_path: Path) -> None:
    code, printed = await reconvene(tmp_path, "doctor")
    assert code == 0, printed
    assert "\x1b" not in printed
    *findings, last = printed.splitlines()
    assert {line.split()[0] for line in findings} <= set(Level) - {Level.FAILURE}
    assert last.startswith("Nothing failed")
    assert not (tmp_path / "reconvene.db").exists()


async def test_failures_are_exit_code_1_and_never_a_traceback(tmp_path: Path) -> None:
    settings = {
        "RECONVENE_STORE": "postgresql://me:geheim@127.0.0.1:9/db",
        "RECONVENE_GRACE": "soon",
        "RECONVENE_HOST": "192.0.2.1",
        "RECONVENE_TURN_URLS": "turn:127.0.0.1:9,turns:127.0.0.1:9",
        "RECONVENE_TURN_SECRET": "geheim-as-well",
    }
    code, printed = await reconvene(tmp_path, "doctor", **settings)
    assert code == 1, printed
    assert "Traceback" not in printed
    assert "geheim" not in printed
    words = {line.split()[0] for line in printed.splitlines()[:-1]}
    assert words <= set(Level), printed
    for area in ("settings", "port", "store", "ice"):
        assert f"failure  {area}" in printed


async def test_json_is_for_machines(tmp_path: Path) -> None:
    code, printed = await reconvene(tmp_path, "doctor", "--json", RECONVENE_PORT="many")
    told = json.loads(printed)
    assert (code, told["failed"]) == (1, True)
    assert {"area", "level", "found", "advice"} == set(told["findings"][0])


async def test_what_the_terminal_cannot_show_is_no_traceback(tmp_path: Path) -> None:
    strange = {"PYTHONIOENCODING": "ascii", "RECONVENE_HOST": "übel\udcff", "LC_ALL": "C"}
    for arguments in ((), ("--json",)):
        code, printed = await reconvene(tmp_path, "doctor", *arguments, **strange)
        assert code == 1
        assert "Traceback" not in printed
        assert "RECONVENE_HOST" in printed


async def test_on_a_terminal_it_is_a_table_in_colour(tmp_path: Path) -> None:
    shell, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "reconvene.cli.main", "doctor"),
        cwd=ROOT,
        env=process_environment(tmp_path, {"RECONVENE_PORT": "many"})
        | {"TERM": "xterm-256color", "NO_COLOR": ""},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    printed = await asyncio.to_thread(_all_of, shell)
    assert await process.wait() == 1
    assert "\x1b[" in printed
    assert "→ Correct RECONVENE_PORT" in printed


def _all_of(shell: int) -> str:
    parts = []
    with os.fdopen(shell, "rb", buffering=0) as end:
        try:
            while part := end.read(4096):
                parts.append(part)
        except OSError:  # how Linux tells that the other side was closed
            pass
    return b"".join(parts).decode()


async def test_help_says_what_the_exit_codes_mean(tmp_path: Path) -> None:
    code, printed = await reconvene(tmp_path, "doctor", "--help")
    assert code == 0
    assert "warnings are no failures" in " ".join(printed.replace("│", " ").split())


async def test_beside_a_running_server_with_turn_all_is_well(tmp_path: Path) -> None:
    async with TurnServer() as turn, ServerProcess(tmp_path) as server:
        settings = {
            "RECONVENE_PORT": str(server.port),
            "RECONVENE_ADMIN_KEY": "admin-key-of-some-length",
            "RECONVENE_TURN_URLS": f"turn:127.0.0.1:{turn.port}",
            "RECONVENE_TURN_SECRET": turn.secret,
        }
        code, printed = await reconvene(tmp_path, "doctor", **settings)
    assert code == 0, printed
    assert f"a Reconvene listens on 127.0.0.1:{server.port}" in printed
    assert "gives a relay" in printed
    assert turn.secret not in printed
