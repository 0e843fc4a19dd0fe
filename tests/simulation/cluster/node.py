"""A server process that is one node of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.http.elsewhere import WITHIN
from server.realtime.gateway import Gateway
from server.runtime import clock
from server.settings.setting import ConfigError
from server.sharing.gateway import ClusterGateway
from server.sharing.membership import Membership
from server.sharing.sealing import Seal
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.hub import Hub
from signalling.rooms.log_memory import MOST, LogMemory
from tests.engines.memory import MemoryEngine
from tests.simulation.cluster.api import Api
from tests.simulation.server import SECRET, Server

if TYPE_CHECKING:
    from tests.engines.memory_server import MemoryServer

LEASE = 2.0
SETTLING = 1.5
INTERVAL = 0.5


class QuickMembership(Membership):
    """As everything is quicker in a simulation."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, interval=INTERVAL, lease=LEASE)


class NodeServer(Server):
    shares = True

    def __init__(self, engine: MemoryServer, *parts: Any) -> None:
        super().__init__(*parts)
        self.engine = MemoryEngine(engine)
        self.log_memory = MOST
        self.is_drained = False
        """It was told to stop."""

    def _make_gateway(self) -> Gateway:
        parts = self._config, self.hub, self._store, self.admission, self.writer, self.changes, self.metrics
        shared = self.engine, self._tokens, Seal(SECRET), self.node.id, QuickMembership
        self.cluster = ClusterGateway(*parts, *shared)
        self.api = Api(self.cluster.outside, self.cluster.other_nodes)
        return self.cluster

    async def _begin(self) -> None:
        self.reconciler.owns = self.cluster.owned_rooms.owns
        self.node.engine_seen_at = lambda: self.cluster.membership.seen_at
        await self.cluster.begin(self._times)

    async def _serve(self) -> None:
        # An engine that is away as it starts: a supervisor tries again.
        try:
            await super()._serve()
        except ConfigError:
            self.loop.call_soon(self.kill)

    def make_hub(self) -> Hub:
        hub = super().make_hub()
        hub.logs = LogMemory(self.log_memory)
        return hub

    @property
    def edges(self) -> set[str]:
        """The nodes with connections of its rooms, as it knows them."""
        return {edge for room in self.cluster.owned_rooms.rooms.values() for edge, _ in room.connections}

    async def end_meeting(self, room: str) -> None:
        """By its owner, and done when it is committed, as `server.http.elsewhere` has it."""
        nodes = self.cluster.other_nodes
        if await nodes.owner(room, takes=True, until=clock.monotonic() + WITHIN) != nodes.here:
            raise Refused(ErrorCode.UNAVAILABLE)
        await nodes.committed(room, super().end_meeting(room))

    def suspend(self) -> None:
        """SIGSTOP."""
        self.stopped = True
        self.loop.freeze(self)

    def go_on(self) -> None:
        """SIGCONT."""
        if self.stopped and not self.killed:
            self.stopped = False
            self.loop.thaw(self)

    def terminate(self) -> None:
        self.is_drained = self.listening
        super().terminate()

    def kill(self) -> None:
        self.stopped = False
        self.engine.is_dead = True
        super().kill()
