"""Several processes on one store at once, and one killed while it writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.storage import joiner
from tests.storage.backends import BACKENDS, Servers
from tests.storage.place import Place
from tests.storage.script import Script

ROOT = Path(__file__).parents[2]


class Joiners:
    """Starts joiners; whatever still runs at the end of the test is killed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._stack = ExitStack()

    def start(self, prefix: str, users: int, callers: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, joiner.__file__, prefix, str(users), str(callers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.place.environ(), "PYTHONPATH": str(ROOT)},
        )
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        return process

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
async def place(backend: str, servers: Servers, tmp_path: Path) -> Place:
    """Nothing was ever there, as far as one can start a backend from nothing."""
    if backend == "postgres":
        return Place(await (await servers.postgres()).make_database(f"new_{os.urandom(4).hex()}"))
    return await BACKENDS[backend](servers, tmp_path / "new")


@pytest.fixture
def joiners(place: Place) -> Iterator[Joiners]:
    with closing(Joiners(place)) as joiners:
        yield joiners


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()


async def test_four_processes_on_a_new_store_make_one_meeting_and_one_row_for_each_user(
    joiners: Joiners,
) -> None:
    processes = [joiners.start("user", 100, 50) for _ in range(4)]
    go(*processes)
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]

    acknowledged = [line.split() for output in outputs for line in output.splitlines()]
    assert len(acknowledged) == 400
    assert [created for _, _, created in acknowledged].count("True") == 1
    assert len({(user, session) for user, session, _ in acknowledged}) == 100
    store = joiners.place.store()
    await store.open()
    people = (await store.attendance("ROOM-1")).participants
    assert {person.user_id for person, _ in people} == {f"user-{number}" for number in range(100)}
    assert [len(stays) for _, stays in people] == [1] * 100
    assert [stay.connections for _, stays in people for stay in stays] == [4] * 100
    assert [person.role for person, _ in people].count("host") == 1
    await store.close()


async def test_a_process_killed_while_it_writes_loses_nothing_it_acknowledged(joiners: Joiners) -> None:
    process = joiners.start("user", 1_000_000, 100)
    go(process)
    assert process.stdout
    acknowledged = [process.stdout.readline().split() for _ in range(500)]
    process.send_signal(signal.SIGKILL)
    # The last line may have been cut off by the kill.
    acknowledged += [line.split() for line in process.stdout.read().split("\n")[:-1]]
    assert process.wait(10) == -signal.SIGKILL

    store = joiners.place.store()
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
