"""The attendance writer over a store that a test can make fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from server.realtime.attendance_writer import BATCH, AttendanceWriter
from server.runtime.metrics import Metrics
from signalling.rooms.effects import StayEnded, StayResumed
from storage import open_store
from storage.errors import RowLocked, StoreUnavailable
from storage.open_stays import StayAbandon
from storage.records import Joined, Stay, StayEnd, StayResume
from storage.store import Store
from tests.storage.script import Script

ROOM = "ROOM-1"


class FailingStore:
    """The real store, which can be away (`down`) or slow (`gate`), or have a row of a room `locked`.
    Whoever writes two entries of one person at once, or more than a batch, fails the test."""

    def __init__(self, real: Store) -> None:
        self.real = real
        self.down = False
        self.locked = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.attempts = 0
        self.failed = asyncio.Event()
        self.written: list[Any] = []
        self._under_way: set[str] = set()

    async def leave(self, end: StayEnd) -> None:
        await self._write(end, self.real.leave)

    async def resume_stay(self, resume: StayResume) -> None:
        await self._write(resume, self.real.resume_stay)

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        await self._write(abandon, self.real.abandon_stay)

    async def _write(self, what: StayEnd | StayResume | StayAbandon, write: Any) -> None:
        self.attempts += 1
        who = whose(what)
        assert who not in self._under_way
        self._under_way.add(who)
        assert len(self._under_way) <= BATCH
        try:
            self.reached.set()
            await self.gate.wait()
            if self.down:
                self.failed.set()
                raise StoreUnavailable("away")
            if what.room == self.locked:
                self.failed.set()
                raise RowLocked("locked")
            await write(what)
            self.written.append(what)
        finally:
            self._under_way.discard(who)


LIMIT = 300


def whose(what: StayEnd | StayResume | StayAbandon) -> str:
    return what.participant_id


@dataclass
class Desk:
    store: FailingStore
    writer: AttendanceWriter
    metrics: Metrics
    script: Script

    def ended(self, joined: Joined, at: float) -> None:
        person, stay = joined.participant, joined.stay
        self.writer.record(StayEnded(ROOM, person.user_id, person.id, stay.session_id, at, "left"))

    def resumed(self, joined: Joined, at: float) -> None:
        person, stay = joined.participant, joined.stay
        self.writer.record(
            StayResumed(ROOM, person.user_id, person.id, stay.session_id, stay.instance, at, True)
        )

    async def settled(self, joined: Joined) -> None:
        assert await self.writer.settle(ROOM, joined.participant.user_id, within=20)

    async def stay(self, user: str) -> Stay:
        (stay,) = await self.script.stays(user)
        return stay


@contextlib.asynccontextmanager
async def writing(tmp_path: Path) -> AsyncIterator[Desk]:
    real = open_store(f"sqlite:///{tmp_path}/r.db")
    await real.open()
    store, metrics = FailingStore(real), Metrics()
    writer = AttendanceWriter(cast(Store, store), "n_1", metrics, limit=LIMIT)
    yield Desk(store, writer, metrics, Script(real, ROOM))
    await writer.close(within=5)
    await real.close()
