"""A server process: the parts of `server.app.serve`, on a network in memory. It can be killed and it can be drained."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from server.cluster.node import Node
from server.identity.revocations import Revocations
from server.identity.tokens import Tokens
from server.realtime import pace
from server.realtime.admission import Admission
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.drain import Drain
from server.realtime.gateway import Gateway
from server.realtime.reconciling import Reconciler
from server.realtime.room_restore import restore_rooms
from server.realtime.unwritten_stays import Entry
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from server.settings.config import Config
from signalling.rooms.change import Outcome, Recorded, Unsettled
from signalling.rooms.flow import Flow
from signalling.rooms.hands import Hands
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Goodbye
from storage.errors import StoreError
from storage.records import Participant
from tests.simulation.application import Application
from tests.simulation.clock import VirtualLoop, process_context
from tests.simulation.memory_store import MemoryStore
from tests.simulation.network import Link
from tests.simulation.transport import Transport

INTERVAL_SHARE, DEAD_SHARE = 5 / 30, 20 / 30
"""Of the grace time, as by default: how often a node's heartbeat is written, and when a node counts as dead."""


SECRET = "a secret for simulations"


class NotingRecorder(AttendanceWriter):
    """Has little room in some runs, and tells the store what it drops."""

    def __init__(
        self, store: MemoryStore, node_id: str, metrics: Metrics, limit: int, times: RecordClock
    ) -> None:
        super().__init__(store, node_id, metrics, limit=limit, at=times.at)
        self._memory = store

    def record(self, entry: Entry) -> None:
        given_up = self._metrics.given_up
        super().record(entry)
        if self._metrics.given_up > given_up:
            self._memory.drop(entry.user_id)


MOST_WAITING = 100
"""Bytes of a member's signals that wait: of the large ones, one."""


class Server:
    """`number` counts the processes of a run. `listening` until it is told to stop; `killed` is for good; `stopped`:
    none of its code runs until it goes on."""

    shares = False
    """Whether others may go on with its rooms."""

    def __init__(
        self,
        number: int,
        loop: VirtualLoop,
        store: MemoryStore,
        config: Config,
        bound: float,
        limit: int,
        application: Application,
    ) -> None:
        self._application = application
        self.number = number
        self.loop = loop
        self.context = process_context(self)
        self.listening = False
        self.killed = False
        self.stopped = False
        self.ended = asyncio.Event()
        self.stopped_at = float("inf")
        self.told_twice = False
        """It told everyone of a command that was recorded before. Nobody here uses a key for two."""
        self.lost_with_it: set[str] = set()
        self.restored_as: dict[str, str] = {}
        self.restored: dict[str, Participant] = {}
        """Those who had a place when it started, by participant, as the record has them."""
        self.graves: list[asyncio.Task[Any]] = []
        self.started_at = loop.time()
        self.state = SimpleNamespace(connections=set())
        self.links: list[Link] = []
        self.metrics = Metrics()
        self.hub: Hub
        self.admission: Admission
        self.gateway: Gateway
        self.writer: AttendanceWriter
        self.changes: ChangeWriter
        self.node: Node
        self.revocations: Revocations
        self.drain: Drain
        self._config = config
        self._store = store
        self._tokens = Tokens(SECRET)
        self._bound = bound
        self._limit = limit
        self._stop = asyncio.Event()

    def start(self) -> None:
        self.loop.create_task(self._serve(), context=self.context)

    async def _serve(self) -> None:
        with contextlib.suppress(StoreError):
            await self._start()
            await self._stop.wait()
            await self.drain.run(self._close_sockets())
        # A process that ends takes everything with it.
        self.loop.call_soon(self.kill)

    async def _start(self) -> None:
        config, store, grace = self._config, self._store, self._config.grace
        metrics = self.metrics
        times = RecordClock()
        self.node = Node(
            store, metrics, times, interval=grace * INTERVAL_SHARE, dead_after=grace * DEAD_SHARE
        )
        self._times = times
        self.hub = self.make_hub()
        self.writer = NotingRecorder(store, self.node.id, metrics, self._limit, times)
        self.changes = changes = ChangeWriter(
            store, metrics, now=times.now, node=self.node.id, guard=self.writer.guard
        )
        identities = self._application.identities(config, self._tokens)
        self.admission = admission = Admission(
            config, self.hub, store, self.writer, changes, self._tokens, self.node.id, times, identities
        )
        self.gateway = self._make_gateway()
        self.changes.settled = self._noting(self.changes.settled)
        reconciler = self.reconciler = Reconciler(
            store, self.node.id, self.hub, admission.pending, self.writer
        )
        self.node.errands["reconcile"] = reconciler.look
        self.node.on_revived = reconciler.due
        self.revocations = Revocations(store, self._tokens, self.gateway.revoked, times.now)
        self.node.on_clock_set = self.hub.stays.clock_was_set
        await self.node.start()
        await self._begin()
        await self.revocations.hear()
        self.node.errands["hear of revocations"] = self.revocations.hear
        self.gateway.start()
        self.drain = Drain(self._bound, self.gateway, self.writer, changes, reconciler, self.node)
        self.started_at = self.loop.time()
        self.listening = True

    def _noting(self, settled: Callable[[Unsettled, Outcome], None]) -> Callable[[Unsettled, Outcome], None]:
        def noted(unsettled: Unsettled, outcome: Outcome) -> None:
            was_there = isinstance(outcome, Recorded) and outcome.again
            # Who has the room now may have been the first to record what was on its way when it was given.
            is_here = unsettled.room in self.hub.rooms or not self.shares
            counts = unsettled.change.chat is None and is_here
            self.told_twice |= counts and was_there and unsettled.told and not unsettled.anew
            settled(unsettled, outcome)

        return noted

    def _make_gateway(self) -> Gateway:
        parts = self._config, self.hub, self._store, self.admission, self.writer, self.changes, self.metrics
        return Gateway(*parts)

    async def _begin(self) -> None:
        """As the rooms were when the last server ended."""
        await restore_rooms(self._store, self.hub, self._times.now(), self.admission.appearance.before)
        self.restored, self.restored_as = dict(self._store.restored), dict(self._store.restored_as)

    def make_hub(self) -> Hub:
        """Without rooms."""
        config = self._config
        # Little enough that talkative people spend it.
        held = Flow(40, 100, MOST_WAITING, pace.flow(config).is_behind)
        hands = Hands(self._times.at)
        return Hub(
            grace=config.grace,
            heartbeat=config.heartbeat,
            flow=held,
            frames=12,
            hands=hands,
            message_name=self._tokens.message_id,
        )

    async def _close_sockets(self) -> None:
        """As uvicorn does it."""
        for connection in list(self.state.connections):
            connection.shutdown()
        await asyncio.sleep(0.1)
        while self.state.connections:  # noqa: ASYNC110 - as uvicorn does
            await asyncio.sleep(0.1)

    @property
    def node_id(self) -> str:
        return self.node.id

    @property
    def unrecorded(self) -> set[str]:
        """Users of whom something waits to be written."""
        return {user_id for _, user_id in self.writer._lines}

    def accept(self, link: Link, transport: Transport) -> None:
        self.links.append(link)
        self.context.run(transport.begin, link)

    def terminate(self) -> None:
        """SIGTERM."""
        if self.listening:
            self.stopped_at = self.loop.time()
            self.listening = False
            self.context.run(self.drain.signalled)
            self._stop.set()
        else:
            self.kill()

    async def end_meeting(self, room: str) -> None:
        """What POST /api/meetings/{id}/end does."""
        await self._store.end_meeting(room, self._times.now())
        self.gateway.end_meeting(room)

    async def revoke(self, user_id: str) -> None:
        """What POST /api/identities/{user}/revoke does."""
        await self.revocations.revoke(user_id)

    def goodbye(self, session: str, attempt: int, back_in: float) -> str:
        """What POST /api/goodbye does; answers which instance of whom has said so. Raises `Refused`."""
        said = self._tokens.read_session(session)
        goodbye = Goodbye(said.room, said.user_id, said.instance, attempt, back_in)
        self.context.run(self.gateway.goodbye, goodbye)
        return said.instance

    def kill(self) -> None:
        """SIGKILL, or the end of the process."""
        if self.killed:
            return
        self.killed = True
        self.listening = False
        self.stopped_at = min(self.stopped_at, self.loop.time())
        if hasattr(self, "writer"):
            self.lost_with_it = self.unrecorded
        for link in self.links:
            link.server_died()
        self.graves = self.loop.kill(self)
        self.ended.set()
