"""Processes are killed at random moments while people come and go; then the record is what they saw."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from server.realtime.join_record import SETTLE_TIMEOUT
from storage.records import Attendance
from storage.store import Store
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.compared import Terms, compared
from tests.server.quick_node import INTERVAL, QuickNodeServer
from tests.server.visitors import Visitor
from tests.simulation.notes import Interval
from tests.storage.backends import BACKENDS, Servers
from tests.storage.place import Place

ROOMS = [f"ROOM-{number}" for number in range(8)]
SIZE = 6
KILLS, DATABASE_KILLS = 12, 6
GRACE = 2.0
LATE = 0.75
CALM = 1.5
SETTLED = 20.0
"""Seconds at most until nothing is open any more."""


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[Servers]:
    servers = Servers()
    yield servers
    await servers.close()


class Crowd:
    """Several dozen visitors of a server."""

    def __init__(self, visitors: Sequence[Visitor]) -> None:
        self.visitors = visitors
        self._tasks = [asyncio.create_task(visitor.visit()) for visitor in visitors]

    def hurry(self) -> None:
        for visitor in self.visitors:
            visitor.hurry()

    async def come_in(self) -> None:
        """All who want to, however long the machine takes for it."""
        await asyncio.gather(*(visitor.comes_in() for visitor in self.visitors))

    def check(self) -> None:
        """Raise what went wrong for any of them."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def leave(self) -> None:
        for visitor in self.visitors:
            visitor.leave_for_good()
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


@contextlib.asynccontextmanager
async def crowd_at(server: ServerProcess, chance: random.Random) -> AsyncIterator[Crowd]:
    async with playing(server) as play:
        tokens = [await play.identity() for _ in range(len(ROOMS) * SIZE)]
    visitors = []
    for number, token in enumerate(tokens):
        own = random.Random(chance.random())  # noqa: S311 - no secret
        visitors.append(Visitor(server.ws_url, ROOMS[number % len(ROOMS)], f"V{number}", token, own))
    crowd = Crowd(visitors)
    try:
        yield crowd
    finally:
        await crowd.close()


class Killed:
    """A server that is killed again and again, always on the same port."""

    def __init__(self, server: ServerProcess, chance: random.Random) -> None:
        self.server = server
        self.kills: list[Interval] = []
        self.errors: list[str] = []
        self._chance = chance

    async def kill(self) -> None:
        since = time.time()
        await self.server.kill()
        self.kills.append(Interval(since, time.time()))
        self.errors += errors(self.server)

    async def start(self) -> None:
        """As often as it takes: one in four is killed while it starts."""
        while len(self.kills) < KILLS and self._chance.random() < 0.25:
            starting = asyncio.create_task(self.server.start())
            await asyncio.wait([starting], timeout=self._chance.uniform(0, 0.3))
            await self.kill()
            await asyncio.wait([starting])
            if starting.exception() is None and self.server.exit_code is None:  # it began after the kill
                await self.kill()
        await self.server.start()


class Pulse:
    """How late things are here at worst: others have the processors as well, and the server is no better off."""

    TICK = 0.05

    def __init__(self) -> None:
        self.worst = 0.0
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(self.TICK)
            self.worst = max(self.worst, time.monotonic() - began - self.TICK)

    def terms(self, outage: float = 0.0) -> Terms:
        """`outage`: seconds for which the store was away. A connection is not listened to while its join is there, so
        one that ends meanwhile is noticed when it is answered: after the outage, and what was to be written before."""
        self._task.cancel()
        waits = outage + SETTLE_TIMEOUT if outage else 0.0
        # Late where it is said, and where it is heard.
        return Terms(GRACE, INTERVAL, late=LATE + waits + 2 * self.worst, lag=self.worst)


def errors(server: ServerProcess) -> list[str]:
    return [str(line) for line in server.logs if line["level"] in {"error", "critical"}]


async def settled(store: Store) -> list[Attendance]:
    """The record of each room, when no stay is open any more, or after a while."""
    deadline = time.monotonic() + SETTLED
    while True:
        records = [await store.attendance(room) for room in ROOMS]
        stays = [stay for record in records for _, stays in record.participants for stay in stays]
        if all(stay.left_at is not None for stay in stays) or time.monotonic() > deadline:
            return records
        await asyncio.sleep(0.1)


def complaints(
    records: Sequence[Attendance], crowd: Crowd, kills: Sequence[Interval], terms: Terms
) -> list[str]:
    found = []
    for record in records:
        visitors = [visitor for visitor in crowd.visitors if visitor.meeting == record.meeting.room]
        found += compared(record, visitors, kills, terms)
    return found


@contextlib.asynccontextmanager
async def serving(place: Place, folder: Path) -> AsyncIterator[tuple[ServerProcess, Store]]:
    """A server that always has the same port, and another way to its store."""
    server = QuickNodeServer(folder, RECONVENE_GRACE=str(GRACE), **place.environ())
    store = place.store()
    try:
        await server.start()
        server.settings["RECONVENE_PORT"] = str(server.port)
        await store.open()
        yield server, store
    finally:
        await store.close()
        await server.stop()


async def test_the_record_outlives_a_dozen_kills_of_the_server(servers: Servers, tmp_path: Path) -> None:
    # Side by side: each spends most of its time waiting.
    async with asyncio.TaskGroup() as group:
        for backend in ("sqlite", "postgres"):
            directory = tmp_path / backend
            directory.mkdir()
            group.create_task(outlives_a_dozen_kills(await BACKENDS[backend](servers, directory), directory))


async def outlives_a_dozen_kills(place: Place, directory: Path) -> None:
    chance = random.Random(20)  # noqa: S311 - no secret
    pulse = Pulse()
    async with serving(place, directory) as (server, store), crowd_at(server, chance) as crowd:
        killed = Killed(server, chance)
        for life in itertools.count(1):
            # Mostly a moment; one in four lives so long that what it sees cannot all be lost with it, and that nobody
            # waits in vain.
            if life % 4 == 0:
                await asyncio.sleep(chance.uniform(1.5, 2.5))
                await crowd.come_in()
            else:
                await asyncio.sleep(chance.uniform(0, 0.6))
            await killed.kill()
            crowd.check()
            await killed.start()
            crowd.hurry()
            if len(killed.kills) >= KILLS:
                break
        # The last one lives to see the end of the grace time of those who do not come back.
        await asyncio.sleep(CALM)
        await crowd.leave()
        records = await settled(store)
        assert await server.stop() == 0
        found = killed.errors + errors(server) + complaints(records, crowd, killed.kills, pulse.terms())
        assert not found, "\n".join(found)


async def test_the_record_outlives_six_kills_of_the_database(servers: Servers, tmp_path: Path) -> None:
    """The server stays. It loses nothing, and nobody has to be guessed to be gone."""
    chance = random.Random(10)  # noqa: S311 - no secret
    pulse = Pulse()
    place = await BACKENDS["postgres"](servers, tmp_path)
    database = await servers.postgres()
    async with serving(place, tmp_path) as (server, store), crowd_at(server, chance) as crowd:
        outage = 0.0
        for _ in range(DATABASE_KILLS):
            await asyncio.sleep(chance.uniform(0, 1))
            killed = time.monotonic()
            await database.kill()
            await asyncio.sleep(chance.uniform(0, 1))
            await database.start()
            outage = max(outage, time.monotonic() - killed)
            crowd.check()
            crowd.hurry()
        await crowd.leave()
        records = await settled(store)
        assert await server.stop() == 0
        found = errors(server) + complaints(records, crowd, [], pulse.terms(outage))
        assert not found, "\n".join(found)
