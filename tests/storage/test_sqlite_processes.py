"""SQLite among processes: several on one file at once, and one killed while it writes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from storage import open_store
from tests.storage import joiner
from tests.storage.script import Script

ROOT = Path(__file__).parents[2]


class Joiners:
    """Starts joiners; whatever still runs at the end of the test is killed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stack = ExitStack()

    def start(self, prefix: str, users: int, callers: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, joiner.__file__, self.url, prefix, str(users), str(callers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "store.db"


@pytest.fixture
def joiners(path: Path) -> Iterator[Joiners]:
    with closing(Joiners(f"sqlite:///{path}")) as joiners:
        yield joiners


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


async def test_four_processes_on_a_new_file_make_one_meeting_and_one_row_for_each_user(
    joiners: Joiners, path: Path
) -> None:
    processes = [joiners.start("user", 100, 10) for _ in range(4)]
    for process in processes:
        go(process)
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]

    acknowledged = [line.split() for output in outputs for line in output.splitlines()]
    assert len(acknowledged) == 400
    assert [created for _, _, created in acknowledged].count("True") == 1
    assert len({(user, session) for user, session, _ in acknowledged}) == 100
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM meetings").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM participants").fetchone() == (100,)
        assert connection.execute(
            "SELECT count(*), sum(connections) FROM participant_sessions"
        ).fetchone() == (100, 400)


async def test_a_process_killed_while_it_writes_loses_nothing_it_acknowledged(joiners: Joiners) -> None:
    process = joiners.start("user", 1_000_000, 100)
    go(process)
    assert process.stdout
    acknowledged = [process.stdout.readline().split() for _ in range(500)]
    process.send_signal(signal.SIGKILL)
    # The last line may have been cut off by the kill.
    acknowledged += [line.split() for line in process.stdout.read().split("\n")[:-1]]
    assert process.wait(10) == -signal.SIGKILL

    store = open_store(joiners.url)
    await store.open()
    kept = {
        (person.user_id, stay.session_id)
        for person, stays in (await store.attendance("ROOM-1")).participants
        for stay in stays
    }
    assert {(user, session) for user, session, _ in acknowledged} <= kept
    # And whoever was there can come back to the stay that was open.
    again = await Script(store).join(acknowledged[0][0])
    assert (again.rejoined, again.continued, again.stay.session_id) == (True, True, acknowledged[0][1])
    await store.close()
