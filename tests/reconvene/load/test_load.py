"""`reconvene load` against real servers, on ways where sockets are cut, frames get lost and servers die."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import pytest

from reconvene.load import crowd, meetings, target
from reconvene.load.command import put_under_load
from reconvene.load.crowd import Crowd
from reconvene.load.expected_events import NUMBERS
from reconvene.load.frames import frames
from reconvene.load.meetings import Meetings
from reconvene.load.plan import Plan
from reconvene.load.result import Outcome, in_json
from reconvene.load.statistics import Progress
from reconvene.load.target import CallRefused, Target
from reconvene.load.workers import Broken, WorkerProcess, begin
from reconvene.server_address import Address
from tests.process import ServerProcess
from tests.reconvene.certificates import of_localhost, server_side
from tests.reconvene.command import running
from tests.reconvene.fault_proxy import HOST, FaultProxy
from tests.server.proxy import Proxy

TIMEOUT = 60.0

LONG = 300.0
"""Seconds of load that nobody waits for: it is ended when what it was for has happened."""


class Watched:
    """A screen for a test, which waits for things to be told to it."""

    def __init__(self) -> None:
        self._told = asyncio.Condition()
        self._phase, self._progress = "", Progress()
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, phase: str, progress: Progress) -> None:
        self._phase, self._progress = phase, progress
        task = asyncio.ensure_future(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._told:
            self._told.notify_all()

    async def load(self, condition: Callable[[Progress], bool]) -> Progress:
        """Once there is load, and this is so."""
        async with asyncio.timeout(TIMEOUT), self._told:
            await self._told.wait_for(lambda: self._phase == "load" and condition(self._progress))
            return self._progress


@asynccontextmanager
async def loading(plan: Plan, port: int) -> AsyncIterator[tuple[Watched, asyncio.Task[Outcome]]]:
    """Goes on until it is interrupted: at the end of the block, when nobody did before."""
    screen = Watched()
    address = Address(f"http://{HOST}:{port}")
    task = asyncio.create_task(put_under_load(plan, address, allowed=False, tell=screen.tell))
    waiting = asyncio.create_task(screen.load(lambda progress: progress.events > 0))
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        waiting.cancel()
        raise AssertionError(f"ended at once: {task.result()}")
    waiting.result()
    yield screen, task
    os.kill(os.getpid(), signal.SIGINT)
    async with asyncio.timeout(TIMEOUT):
        await task


async def test_everybody_is_sent_everything_once(server: ServerProcess) -> None:
    """Bots join meetings of their own, which are gone when it is over."""
    plan = Plan(rooms=2, size=3, rate=20, seconds=1, signals=10, payload=300, join_rate=100)
    place = await (await Target.find(Address(server.url))).reached()
    made = Meetings(place)
    await made.make(plan.rooms, TIMEOUT)
    ids = list(made.ids)
    assert all(meeting.startswith("LOAD-") and len(meeting) == 21 for meeting in ids)
    assert len(set(ids)) == plan.rooms
    stranger = str((await place.call("POST", "/api/identity"))["token"])
    with pytest.raises(CallRefused, match="host"):
        await place.call("DELETE", f"/api/meetings/{ids[0]}", stranger)

    clients = Crowd(plan, place, ids)
    await clients.join()
    people = list(clients._rooms[0].members[0].machine.membership.roster.values())
    assert {person["kind"] for person in people} == {"bot"}
    assert people[0]["name"] == "Load 1"
    await clients.load()
    tally = clients.tally
    assert (tally.clients, tally.joined, tally.failed, tally.present) == (6, 6, 0, 6)
    # Some may have been left out where the machine had no time.
    assert (tally.changes + tally.unsent, tally.signals + tally.skipped) == (40, 20)
    assert tally.events == len(tally.delays) == 3 * tally.changes + tally.signals
    assert len(tally.join_delays) == 6
    assert (tally.lost, tally.doubled, tally.reconnects, tally.closed) == (0, 0, 0, {})
    await clients.close()
    assert not clients.sockets

    await made.remove()
    assert made.ids == []
    for meeting in ids:
        with pytest.raises(CallRefused) as refused:
            await place.call("GET", f"/api/meetings/{meeting}")
        assert refused.value.status == 404


@pytest.fixture(scope="module")
async def other(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """A server to be mistreated."""
    async with ServerProcess(tmp_path_factory.mktemp("load")) as server:
        yield server


async def test_clients_come_back_and_have_lost_nothing(other: ServerProcess) -> None:
    """One misses events for a while, then the server is killed and started again, all under load; then Ctrl-C."""
    plan = Plan(rooms=2, size=4, rate=40, seconds=LONG, signals=20)
    async with Proxy(other.port) as proxy, loading(plan, proxy.port) as (screen, task):
        proxy.refusing = True
        proxy.wires[0].cut()
        before = await screen.load(lambda progress: progress.away == 1)
        await screen.load(lambda progress: progress.changes > before.changes + 20)
        proxy.refusing = False
        await screen.load(lambda progress: progress.reconnects == 1)
        # Most hands are up, which the server remembers.
        await screen.load(lambda progress: 8 <= progress.changes // plan.clients % NUMBERS < 13)
        await other.kill()
        await other.start()
        proxy.target = other.port
        after = await screen.load(lambda progress: progress.reconnects == 1 + plan.clients)
        await screen.load(lambda progress: progress.events > after.events + 100)
    outcome = task.result()
    tally = outcome.tally
    assert outcome.interrupted
    assert (tally.replayed, tally.snapshots, tally.anew) == (1, plan.clients, 0)
    assert tally.late >= 10
    assert tally.closed == {1006: 1 + plan.clients}
    assert (tally.lost, tally.doubled, tally.unconfirmed) == (0, 0, 0), tally
    assert tally.present == tally.joined == plan.clients
    assert (outcome.exit_code, outcome.left) == (0, [])


async def test_what_is_lost_or_doubled_on_the_way_is_found(other: ServerProcess) -> None:
    once = Counter[str]()

    def meddle(data: bytes) -> bytes:
        whole, rest = frames(data) if data.startswith(b"\x81") else ([], data)
        changed = b""
        for _, raw, payload in whole:
            is_change = b'"participant_updated"' in payload
            if is_change and not once["lost"]:
                once["lost"] += 1
            elif is_change and not once["doubled"]:
                once["doubled"] += 1
                changed += raw + raw
            elif b'"type":"signal"' in payload and not once["signal"]:
                once["signal"] += 1
            else:
                changed += raw
        return changed + rest

    plan = Plan(rooms=1, size=3, rate=20, seconds=LONG, signals=20)
    async with FaultProxy(other.port, down=meddle) as proxy, loading(plan, proxy.port) as (screen, task):
        told = await screen.load(lambda progress: progress.lost == 2 and progress.events > 30)
        assert told.doubled == 1
    tally = task.result().tally
    assert (tally.lost, tally.overdue, tally.doubled) == (2, 0, 1)
    assert tally.events == 3 * tally.changes + tally.signals - 2
    assert task.result().exit_code == 1


async def test_a_server_that_stands_still_holds_nothing_up(
    other: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(rooms=2, size=2, rate=20, seconds=LONG)
    async with loading(plan, other.port) as (screen, task):
        for place, name in (
            (crowd, "DRAIN_STOPPED"),
            (crowd, "GOODBYE"),
            (target, "WITHIN"),
            (meetings, "REMOVE_WITHIN"),
        ):
            monkeypatch.setattr(place, name, 0.2)
        other.signal(signal.SIGSTOP)
        before = await screen.load(lambda progress: True)
        await screen.load(lambda progress: progress.changes > before.changes + 20)
    other.signal(signal.SIGCONT)
    outcome = task.result()
    assert outcome.tally.overdue == outcome.tally.lost > 0
    assert (outcome.exit_code, len(outcome.left)) == (1, plan.rooms)
    notes = json.loads(in_json(outcome))["notes"]
    assert any("stands still" in note for note in notes)
    assert any(outcome.left[0] in note and "admin key" in note for note in notes)


async def test_what_is_left_of_meetings_that_were_not_all_made_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        works = asked.startswith((b"GET /healthz", b"POST /api/identity"))
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n{}" if works else b"HTTP/1.0 503 Away\r\n\r\n{}")
        writer.close()

    monkeypatch.setattr(meetings, "REMOVE_WITHIN", 0.1)
    async with await asyncio.start_server(answer, HOST, 0) as broken:
        port = broken.sockets[0].getsockname()[1]
        plan = Plan(rooms=1, size=2, rate=1, seconds=1)
        with pytest.raises(CallRefused) as refused:
            await put_under_load(plan, Address(f"http://{HOST}:{port}"), allowed=False, tell=Watched().tell)
    (note,) = refused.value.__notes__
    assert note.startswith("1 meeting could not be removed (refused (503)): LOAD-")


async def test_a_process_that_ends_is_found_and_one_that_is_left_alone_ends(
    server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It does not matter what is in the folder.
    (tmp_path / "server.py").write_text("raise SystemExit('another server')")
    monkeypatch.chdir(tmp_path)
    plan = Plan(rooms=3, size=2, rate=1, seconds=1, processes=3)
    place = await (await Target.find(Address(server.url))).reached()
    made = Meetings(place)
    await made.make(plan.rooms, TIMEOUT)
    async with asyncio.timeout(TIMEOUT):
        workers = await begin(plan, place, made.ids)
        await asyncio.gather(*(worker.join() for worker in workers))
        killed, left, fine = (worker for worker in workers if isinstance(worker, WorkerProcess))
        killed._process.kill()
        with pytest.raises(Broken, match="has ended"):
            await killed.load()
        # As when the program that began it is killed.
        assert left._process.stdin is not None
        left._process.stdin.close()
        assert await left._process.wait() == 0
        await fine.load()
        assert (fine.tally.joined, fine.tally.lost, fine.tally.events) == (2, 0, 2 * fine.tally.changes)
        await asyncio.gather(*(worker.close() for worker in workers))
    await made.remove()
    assert made.ids == []


class TlsProxy(FaultProxy):
    """Ends TLS, as a proxy in front of a server does."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__(port)
        self._context = context

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, HOST, 0, ssl=self._context)
        return self


async def test_tls(server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = of_localhost(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    plan = Plan(rooms=1, size=2, rate=10, seconds=1)
    async with TlsProxy(server.port, server_side(certificate)) as sealed:
        address = Address(f"https://localhost:{sealed.port}")
        outcome = await put_under_load(plan, address, allowed=False, tell=Watched().tell)
        tally = outcome.tally
    assert (tally.joined, tally.lost, tally.doubled, outcome.exit_code) == (2, 0, 0, 0)
    assert tally.events == 2 * tally.changes > 0


async def command(*arguments: str, directory: Path) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    async with running("load", *arguments, directory=directory, within=TIMEOUT) as process:
        told, log = await process.communicate()
    assert process.returncode is not None
    return process.returncode, told.decode(), log.decode()


async def test_full_rooms_and_too_many_messages_are_told_with_the_setting(tmp_path: Path) -> None:
    """By the command, with a process for each room."""
    limits = {"RECONVENE_MAX_PARTICIPANTS": "2", "RECONVENE_MESSAGE_RATE": "1"}
    async with ServerProcess(tmp_path, **limits) as strict:
        given = f"{strict.url} --rooms 2 --size 3 --rate 40 --for 2 --processes 2 --json"
        code, told, log = await command(*given.split(), directory=tmp_path)
    result = json.loads(told)
    assert (code, result["exit_code"]) == (1, 1)
    assert (result["joins"]["joined"], result["joins"]["failed"]) == (4, 2)
    assert result["joins"]["refused"] == {"meeting_full": 2}
    assert result["errors"]["meeting_full"] == 2
    assert result["errors"]["rate_limited"] == result["connections"]["lost"]["4103"] > 0
    notes = "\n".join(result["notes"])
    assert "RECONVENE_MAX_PARTICIPANTS" in notes
    assert "RECONVENE_MESSAGE_RATE" in notes
    assert (result["deliveries"]["lost"], result["deliveries"]["doubled"]) == (0, 0)
    assert result["meetings_left"] == []
    assert "making the meetings\njoining: 0 of 6" in log
