"""What `reconvene load` refuses, and how it shows what it does and what came of it."""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import socket
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from reconvene.cli.main import cli
from reconvene.load import plan as plans
from reconvene.load.plan import BadPlan, Plan, allow_files
from reconvene.load.progress_display import Lines, Live
from reconvene.load.result import Outcome, in_json, table
from reconvene.load.statistics import Progress, Tally
from reconvene.load.target import Target
from reconvene.server_address import Address
from tests.process import ROOT


def load(*arguments: str) -> tuple[int, str]:
    """Exit code, and the one line that says why."""
    result = CliRunner().invoke(cli, ["load", *arguments])
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ftp://localhost",), "no address of a server"),
        (("http://203.0.113.1:3000",), "not this machine"),
        (("http://203.0.113.1:3000",), "--i-may-load-this-server"),
        (("localhost", "--size", "1", "--signals", "1"), "larger --size"),
        (("localhost", "--payload", "65000"), "--payload is 64512 bytes at most"),
        (("localhost", "--rooms", "2", "--processes", "3"), "--processes is 2 at most"),
    ],
)
def test_what_cannot_be_is_refused_with_2(arguments: tuple[str, ...], told: str) -> None:
    code, line = load(*arguments)
    assert code == 2
    assert told in line


def test_no_number_is_too_large_to_be_refused() -> None:
    for option in ("--rooms", "--size", "--rate", "--processes"):
        assert CliRunner().invoke(cli, ["load", "localhost", option, "9" * 30]).exit_code == 2


@pytest.mark.parametrize("command", ["echo", "source", "record", "probe", "load"])
def test_help_names_each_option_in_full_on_a_narrow_terminal(command: str) -> None:
    printed = (
        CliRunner().invoke(cli, [command, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).stdout
    )
    assert "--for" in printed or command == "probe"
    assert "…" not in printed.replace("LOAD-…", "")


def test_a_server_that_is_not_there_is_told_with_1() -> None:
    with socket.socket() as taken:
        # Bound, and nobody listens.
        taken.bind(("127.0.0.1", 0))
        code, line = load(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert code == 1
    assert "start the server" in line


def test_it_needs_no_extra() -> None:
    without = "import sys; sys.modules.update(dict.fromkeys(['aioice', 'aiortc', 'av', 'httpx']))"
    run = "import reconvene.load.workers; from reconvene.cli.main import main; main()"
    program = [sys.executable, "-c", f"{without}; {run}", "load", "http://203.0.113.1"]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr


def test_what_is_this_machine() -> None:
    address = Address("http://somewhere")
    assert Target.of(address, ("127.0.0.1", "::1")).is_here
    assert not Target.of(address, ("127.0.0.1", "192.168.1.7")).is_here
    assert not Target.of(address, ("fe80::1%eth0",)).is_here


def test_rooms_are_shared_out() -> None:
    plan = Plan(rooms=5, size=10, rate=2, seconds=9, join_rate=50, processes=2)
    shares = [plan.share(number) for number in range(2)]
    assert [share.rooms for share in shares] == [3, 2]
    assert [share.join_rate for share in shares] == [30, 20]
    assert {share.processes for share in shares} == {1}
    ids = list("abcde")
    assert [plan.rooms_of(number, ids) for number in range(2)] == [["a", "c", "e"], ["b", "d"]]
    assert plan.join_within == 10


def test_open_files_are_allowed_as_far_as_they_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(256, 1024)]
    monkeypatch.setattr(resource, "getrlimit", lambda kind: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda kind, values: limits.append(values))
    allow_files(Plan(rooms=1, size=100, rate=1, seconds=1))
    assert len(limits) == 1
    allow_files(Plan(rooms=10, size=50, rate=1, seconds=1))
    assert limits[-1] == (500 + plans.SPARE_FILES, 1024)
    allow_files(Plan(rooms=40, size=50, rate=1, seconds=1, processes=4))
    with pytest.raises(BadPlan, match=r"2,100 open files, and the limit is 1,024 \(ulimit -Hn\)"):
        allow_files(Plan(rooms=40, size=50, rate=1, seconds=1))
    limits.append((256, resource.RLIM_INFINITY))
    allow_files(Plan(rooms=40, size=50, rate=1, seconds=1))
    assert limits[-1][0] == 2100


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_terminal_there_is_a_line_now_and_then() -> None:
    clock, written = Clock(), list[str]()
    with Lines(Plan(rooms=2, size=5, rate=3, seconds=30, signals=1), written.append, clock) as lines:
        lines.tell("joining", Progress())
        for _ in range(10):
            clock.now += 0.5
            lines.tell("joining", Progress(joined=8, failed=1))
        lines.tell("load", Progress(joined=9))
        clock.now += 5
        lines.tell(
            "load", Progress(joined=9, changes=30, signals=10, events=160, p99=2.25, reconnects=1, away=1)
        )
        clock.now += 26
        lines.tell("load", Progress(joined=9, lost=2, doubled=1))
        lines.tell("removing the meetings", Progress())
    assert written == [
        "joining: 0 of 10, 0/s",
        "joining: 8 of 10, 2/s, 1 refused",
        "0 of 30 s, 0 changes/s, 0 signals/s, 0 deliveries/s, p99 0.0 ms",
        "5 of 30 s, 6 changes/s, 2 signals/s, 32 deliveries/s, p99 2.2 ms, 1 away, 1 reconnect",
        "waiting for what is under way, 2 lost, 1 doubled",
        "removing the meetings",
    ]


def test_a_terminal_shows_one_line_that_is_wiped() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, legacy_windows=False)
    with Live(Plan(rooms=2, size=5, rate=3, seconds=30), console) as screen:
        screen.tell("joining", Progress(joined=3))
        screen._live.refresh()
    assert "joining: 3 of 10" in out.getvalue()
    assert "Ctrl-C" in out.getvalue()


def an_outcome(**more: Any) -> Outcome:
    tally = Tally(
        clients=10, joined=10, changes=30, events=150, delivered=150, seconds=10.0, joining=(1.0, 2.0)
    )
    tally.delays.add([1000] * 150)
    for name, value in more.items():
        setattr(tally, name, value)
    return Outcome("http://localhost:3000", Plan(rooms=2, size=5, rate=3, seconds=10), tally)


def shown(outcome: Outcome) -> dict[str, list[str]]:
    """The cells of each row, by the first."""
    out = io.StringIO()
    console = Console(file=out, width=200)
    console.print(table(outcome))
    rows = [[cell for cell in line.split("  ") if cell.strip()] for line in out.getvalue().splitlines()]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows if row}


def test_the_table_of_a_good_run() -> None:
    rows = shown(an_outcome())
    assert rows["joined"] == ["10 of 10", "10.0/s"]
    assert rows["status changes"] == ["30", "3.0/s"]
    assert rows["deliveries"] == ["150", "15.0/s", "p50 1.0, p99 1.0, max 1.0 ms"]
    assert rows["lost events"] == rows["doubled events"] == ["0"]
    assert "http://localhost:3000: 2 rooms of 5, 10 s" in rows
    assert not {"signals", "reconnects", "errors answered", "joins that failed"} & rows.keys()
    assert list(an_outcome().notes()) == []
    assert an_outcome().exit_code == 0


def test_the_table_of_a_bad_run() -> None:
    outcome = an_outcome(joined=7, failed=3, lost=4, replayed=2, snapshots=1)
    outcome.tally.refused["meeting_full"] = 2
    outcome.tally.closed.update({1006: 2, 4103: 1})
    outcome.tally.unconnected["Connection refused"] = 5
    rows = shown(outcome)
    assert rows["joins that failed"] == ["3", "meeting_full: 2, not in 10 s: 1"]
    assert rows["lost events"] == ["4"]
    assert rows["connections lost"] == ["3", "1006: 2, 4103: 1"]
    assert rows["reconnects"] == ["3", "2 with a replay, 1 with a snapshot, 0 anew"]
    assert shown(an_outcome(refused=Counter({"closed with 4003": 2})))["refused later"] == [
        "2",
        "closed with 4003: 2",
    ]
    assert rows["attempts that failed"] == ["5", "Connection refused: 5"]


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"busy": 0.97}, "was busy 97% of a core under load: it is the limit there"),
        ({"busy_joining": 0.95}, "was busy 95% of a core while joining"),
        ({"waited": 0.3}, "waited for a core 30% of the time"),
        ({"unsent": 3}, "3 changes and signals could not be sent in time"),
        ({"skipped": 1}, "nobody who could send was connected: 1 change or signal"),
        ({"dropped": 1}, "1 signal under way when the server was restarted"),
        ({"unconfirmed": 1}, "1 client that had joined was not connected at the end"),
        ({"failed": 1}, "joining took too long"),
        ({"unconnected": Counter({os.strerror(errno.EADDRNOTAVAIL): 1})}, "no ports left"),
        ({"errors": Counter({"rate_limited": 1})}, "RECONVENE_MESSAGE_RATE"),
        ({"overdue": 5, "lost": 5}, "5 of the lost events may still come"),
    ],
)
def test_what_has_to_be_known_of_figures_is_told(figures: dict[str, Any], told: str) -> None:
    (note,) = json.loads(in_json(an_outcome(**figures)))["notes"]
    assert told in note


@pytest.mark.parametrize("figures", [{"lost": 1}, {"doubled": 1}, {"failed": 1}])
def test_what_went_wrong_is_in_the_exit_code(figures: dict[str, Any]) -> None:
    outcome = an_outcome(**figures)
    assert outcome.exit_code == json.loads(in_json(outcome))["exit_code"] == 1


def test_a_process_that_broke_is_told() -> None:
    outcome = an_outcome()
    outcome.broken.append("a process of the load generator has ended")
    assert outcome.exit_code == 1
    assert list(outcome.notes()) == outcome.broken
