"""A server's jobs and schedule, and a webinar whose end was just told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import orjson

from server.settings.config import Config
from server.zoom import webhook_events
from server.zoom.jobs import Jobs
from server.zoom.schedule import Schedule
from storage.errors import StoreUnavailable
from storage.import_store import StoreWithImports
from storage.imports import Import
from tests.zoom.runs import FIRST, ID, ROOM, STARTS, Runs, instance, runs, webinar
from tests.zoom.stand_in.webhooks import Seat, Session, ended, joined

END = STARTS + 3600.0

HOUR = 3600.0

SESSION = Session(ID, FIRST, STARTS)


class Told:
    """The store, which passes on what is scheduled. `away`: it answers nothing that is asked for by the schedule."""

    def __init__(self, store: StoreWithImports) -> None:
        self._store = store
        self.scheduled: asyncio.Queue[tuple[float | None, int]] = asyncio.Queue()
        self.looks = asyncio.Semaphore(0)
        self.away = False

    def __getattr__(self, call: str) -> Any:
        return getattr(self._store, call)

    async def schedule_import(self, room: str, due_at: float | None, attempt: int) -> None:
        await self._store.schedule_import(room, due_at, attempt)
        self.scheduled.put_nowait((due_at, attempt))

    async def claim_due_imports(self, now: float, again_at: float, limit: int) -> Any:
        try:
            if self.away:
                raise StoreUnavailable("gone")
            return await self._store.claim_due_imports(now, again_at, limit)
        finally:
            self.looks.release()


class Office:
    """A server's jobs and schedule, with the clock that Zoom has, too."""

    def __init__(self, made: Runs, **settings: str) -> None:
        self.runs = made
        self.store = Told(made.store)
        store = cast(StoreWithImports, self.store)
        clock = made.clock.now
        self.jobs = Jobs(Config.from_env({**made.zoom.environ, **settings}), store, clock=clock)
        self.schedule = Schedule(self.jobs, store, clock=clock, poll=0.01)

    async def scheduled(self) -> tuple[float | None, int]:
        """When it is read again, and for which time, as soon as that is decided."""
        async with asyncio.timeout(20):
            return await self.store.scheduled.get()

    async def looked(self, times: int = 2) -> None:
        """So often it has looked for what is due, from now on."""
        while not self.store.looks.locked():
            await self.store.looks.acquire()
        for _ in range(times):
            await self.store.looks.acquire()

    async def record(self) -> Import:
        record = await self.runs.store.imported(ROOM)
        assert record is not None
        return record

    async def __aenter__(self) -> Office:
        self.jobs.start()
        self.schedule.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.schedule.stop()
        await self.jobs.stop()


@asynccontextmanager
async def ended_a_moment_ago(folder: Path) -> AsyncIterator[Runs]:
    """A webinar whose end was told, with one person who was heard of."""
    async with runs(folder, webinar(instance(rows=5))) as made:
        made.clock.stand_still(END + 1)
        heard = webhook_events.read(as_bytes(joined(SESSION, Seat("1", "Somebody", STARTS))))
        assert isinstance(heard, webhook_events.Heard)
        await made.store.record_live(heard.subject, heard.stay)
        end = webhook_events.read(as_bytes(ended(SESSION, END)))
        assert isinstance(end, webhook_events.Ended)
        await made.store.end_live(end.subject, end.part, end.at, END + HOUR / 2, END + 1)
        yield made


def as_bytes(event: Any) -> bytes:
    return orjson.dumps(event)
