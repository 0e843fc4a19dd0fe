"""A server process that is one node of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.realtime.gateway import Gateway
from server.settings.setting import ConfigError
from server.sharing.gateway import ClusterGateway
from server.sharing.membership import Membership
from server.sharing.sealing import Seal
from tests.engines.memory import MemoryEngine
from tests.simulation.server import SECRET, Server

if TYPE_CHECKING:
    from tests.engines.memory import MemoryServer

LEASE = 2.0
SETTLING = 1.5
INTERVAL = 0.5


class QuickMembership(Membership):
    """As everything is quicker in a simulation."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, interval=INTERVAL, lease=LEASE)


class NodeServer(Server):
    """`slot`: which of the machines it runs on."""

    slot = 0

    def share(self, engine: MemoryServer, slot: int) -> None:
        """Call this before `start`."""
        self.engine = MemoryEngine(engine)
        self.slot = slot

    def _make_gateway(self) -> Gateway:
        parts = self._config, self.hub, self._store, self.admission, self.writer, self.changes, self.metrics
        shared = self.engine, self._tokens, Seal(SECRET), self.node.id, QuickMembership
        self.cluster = ClusterGateway(*parts, *shared)
        return self.cluster

    async def _begin(self) -> None:
        await self.cluster.begin()

    async def _serve(self) -> None:
        # An engine that is away as it starts: a supervisor tries again.
        try:
            await super()._serve()
        except ConfigError:
            self.loop.call_soon(self.kill)

    def suspend(self) -> None:
        """SIGSTOP."""
        self.stopped = True
        self.loop.freeze(self)

    def go_on(self) -> None:
        """SIGCONT."""
        if self.stopped and not self.killed:
            self.stopped = False
            self.loop.thaw(self)

    def kill(self) -> None:
        self.stopped = False
        self.engine.is_dead = True
        super().kill()
