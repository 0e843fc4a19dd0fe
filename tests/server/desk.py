"""Admission without sockets, over a store whose answers a test can hold back.

`SlowStore` is a stand-in for a slow or absent database: it wraps a real SQLite store and lets the test decide when an
answer comes back, or that none does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from server.identity.tokens import Tokens
from server.realtime.admission import Admission
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.reconciling import Reconciler
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.protocol.client_messages import Join
from signalling.rooms.effects import StayEnded
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Restored
from storage import open_store
from storage.errors import NotLetIn, StoreUnavailable
from storage.open_stays import OpenStay, StayAbandon
from storage.records import Joined, JoinRequest, Meeting, Participant, Restorable, StayEnd, StayResume
from storage.store import Store


class SlowStore:
    """Answers of `join` wait while `open` is not set; `down` makes every call fail as an absent database would, and
    `forgetful` loses the answer to a join that was carried out."""

    def __init__(self, real: Store) -> None:
        self.real = real
        self.joins: list[JoinRequest] = []
        self.leaves: list[StayEnd] = []
        self.down = False
        self.forgetful = False
        self.loses = False
        """Calls that close a stay are answered as if they had been carried out."""
        self.open = asyncio.Event()
        self.open.set()
        self.reached = asyncio.Event()
        self.compare = asyncio.Event()
        """Until it is set, the answer to which stays are open is on its way."""
        self.compare.set()
        self.asked = asyncio.Event()
        """Somebody has asked for a meeting."""
        self.meetings = asyncio.Event()
        """Until it is set, meetings are on their way."""
        self.meetings.set()

    async def join(self, request: JoinRequest) -> Joined:
        if self.down:
            self.reached.set()
            await self.open.wait()
            raise StoreUnavailable("no answer", retry_after=2.0, certain=True)
        self.joins.append(request)
        try:
            joined = await self.real.join(request)
        except NotLetIn:
            self.reached.set()
            await self.open.wait()
            raise
        if self.forgetful:
            raise StoreUnavailable("the answer was lost")
        self.reached.set()
        await self.open.wait()
        return joined

    async def meeting(self, room: str) -> Meeting | None:
        if self.down:
            raise StoreUnavailable("no answer")
        self.asked.set()
        await self.meetings.wait()
        return await self.real.meeting(room)

    async def participant(self, room: str, user_id: str) -> Participant | None:
        return await self.real.participant(room, user_id)

    async def is_host_link(self, room: str, hash: str, at: float) -> bool:  # noqa: A002
        return await self.real.is_host_link(room, hash, at)

    async def leave(self, end: StayEnd) -> None:
        if self.down:
            self.reached.set()
            raise StoreUnavailable("no answer")
        await self.real.leave(end)
        self.leaves.append(end)

    async def open_stays(self, node_id: str) -> Sequence[OpenStay]:
        found = await self.real.open_stays(node_id)
        await self.compare.wait()
        return found

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        if not self.loses:
            await self.real.abandon_stay(abandon)

    async def resume_stay(self, resume: StayResume) -> None:
        await self.real.resume_stay(resume)

    async def restorable(self, now: float, grace: float, slack: float) -> Sequence[Restorable]:
        return await self.real.restorable(now, grace, slack)


@dataclass
class Desk:
    store: SlowStore
    hub: Hub
    admission: Admission
    writer: AttendanceWriter
    reconciler: Reconciler
    metrics: Metrics
    tokens: Tokens

    async def join(
        self,
        token: str,
        connection: object | None = None,
        room: str = "ABC123",
        on_duplicate: Literal["replace", "reject"] = "replace",
    ) -> object:
        """Join as the gateway does it: admit, then seat."""
        connection = connection or object()
        message = Join(id=1, meeting=room, name="Ann", token=token, create=True, on_duplicate=on_duplicate)
        arrival, _ = await self.admission.admit(connection, message)
        self.hub.join(arrival, 0.0)
        return connection

    async def held_back(self, *asked: Any, **how: Any) -> asyncio.Task[object]:
        """Such a join, of which the store has answered; the answer comes when `store.open` is set."""
        self.store.open.clear()
        self.store.reached.clear()
        coming = asyncio.create_task(self.join(*asked, **how))
        await self.store.reached.wait()
        return coming

    def leave(self, connection: object) -> None:
        """Give the place up at once, as when the grace time runs out."""
        self.hub.lost(connection, 0.0)
        for effect in self.hub.tick(1e9):
            if isinstance(effect, StayEnded):
                self.admission.pending.stay_ended(effect.room, effect.user_id)
                self.writer.record(effect)


@contextlib.asynccontextmanager
async def opened_desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Two may be in a meeting."""
    config = Config.from_env(
        {"RECONVENE_STORE": f"sqlite:///{tmp_path}/r.db", "RECONVENE_MAX_PARTICIPANTS": "2"}
    )
    real = open_store(config.store)
    await real.open()
    store, hub, metrics, tokens = SlowStore(real), Hub(), Metrics(), Tokens("a secret of some length")
    times = RecordClock()
    writer = AttendanceWriter(store, "n_1", metrics, at=times.at)  # type: ignore[arg-type] # a stand-in that has what is used
    changes = ChangeWriter(store, metrics, now=times.now, guard=writer.guard)  # type: ignore[arg-type]
    admission = Admission(config, hub, store, writer, changes, tokens, "n_1", times)  # type: ignore[arg-type]
    reconciler = Reconciler(store, "n_1", hub, admission.pending, writer)  # type: ignore[arg-type]
    yield Desk(store, hub, admission, writer, reconciler, metrics, tokens)
    await writer.close(within=5)
    await real.close()


async def stays(desk: Desk) -> list[tuple[str, bool]]:
    """Everyone's stays in ABC123: the session id, and whether the stay is open."""
    report = await desk.store.real.attendance("ABC123")
    return [(stay.session_id, stay.left_at is None) for _, group in report.participants for stay in group]


def restored(user: str) -> Restored:
    return Restored("ABC123", "", "e_1", f"p_{user}", user, user, "participant", "s_1", "i_1.j_1", 0.0)
