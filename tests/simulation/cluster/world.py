"""Several servers that share their rooms, behind a balancer that picks one of them by chance."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from signalling.rooms.log_memory import MOST
from tests.engines.memory_server import MemoryServer
from tests.engines.space import Space
from tests.simulation.alone import HELD_UP
from tests.simulation.browser_socket import Socket
from tests.simulation.clock import VirtualLoop, lots
from tests.simulation.cluster import blows
from tests.simulation.cluster.node import INTERVAL, LEASE, SETTLING, NodeServer
from tests.simulation.cluster.over_http import OrdersOverHttp
from tests.simulation.cluster.shown import Shown
from tests.simulation.network import Link
from tests.simulation.notes import ROOM, Said
from tests.simulation.server import INTERVAL_SHARE, Server
from tests.simulation.transport import Transport
from tests.simulation.world import World

UNDER_WAY = 1.0
"""Seconds after which a page has heard what happened, at most, if nothing hinders it."""


class ClusterWorld(World):
    """`nodes`: how many machines there are."""

    def __init__(self, seed: int, loop: VirtualLoop, nodes: int) -> None:
        super().__init__(seed, loop)
        self.balancer = lots("balancer", seed)
        self.nodes = nodes
        chance = self.trouble = lots("trouble with the engine", seed)
        self.engine = MemoryServer(Space(lease=LEASE, settling=SETTLING))
        self.engine.latency = chance.choice((0.0002, 0.002, 0.02))
        self.truth = Shown(self.complain, self.engine)
        self.log_memory = lots("short logs", seed).choice((MOST, MOST, 4000))
        """Bytes. What the owner of a room has forgotten, the engine may have still."""
        self.logs_are_short = self.log_memory < MOST
        self.trouble_at: list[float] = []
        """When the engine or a node was hindered."""
        self.cut_off_at: list[float] = []
        """When a node did not reach the engine: the places of its people were given up, and they did not know."""
        self.suspended_at: list[float] = []
        """When a node was stopped for so long that others take it for dead."""
        self.losses: list[float] = []
        """When the engine lost what was committed."""
        self.over_http = OrdersOverHttp(self)
        self.may_go_back = lots("whether the engine goes back", seed).random() < 0.15
        self.takeovers.is_off = self.keeps_rooms = True
        self.seen_before = INTERVAL + self.engine.latency
        # Others look at their next heartbeat, if nobody has stopped them and the store answers.
        self.hears_within = self.grace * INTERVAL_SHARE + 12.0

    @property
    def listening(self) -> list[NodeServer]:
        return [
            each
            for each in self.servers
            if each.listening and isinstance(each, NodeServer) and not each.stopped
        ]

    @property
    def owners(self) -> list[NodeServer]:
        """Those that take themselves for owners of the room."""
        return [each for each in self.listening if ROOM in each.hub.rooms]

    @property
    def server(self) -> Server | None:
        """The owner of the room, or any that listens."""
        found = self.owners or self.listening
        return found[-1] if found else None

    def kill_server(self, downtime: float) -> None:
        if self.listening:
            server = self.trouble.choice(self.listening)
            self.say(f"server {server.number} is killed (for {downtime} s)")
            self.downtime = downtime
            server.kill()

    def stop_server(self, downtime: float) -> None:
        if self.listening:
            self.drain_server(self.trouble.choice(self.listening), downtime)

    def drain_server(self, server: NodeServer, downtime: float) -> None:
        self.say(f"server {server.number} is told to stop")
        self.downtime = downtime
        for link in server.links:
            link.fault()
        server.terminate()
        self.over_http.stops(server)

    def expects(self, warning: str) -> bool:
        went_back = self.may_go_back and warning == blows.WENT_BACK
        return went_back or warning in blows.WARNINGS or super().expects(warning)

    def stood_still(self, since: float, until: float) -> float:
        """The hub's clock stands still while the engine is away, and a room while it has no owner."""
        deaths = [server for server in self.servers if since < server.stopped_at <= until]
        return until - since if self.trouble_at else (LEASE + 1.0) * len(deaths)

    def is_held_up(self, since: float, until: float) -> bool:
        return any(since - HELD_UP <= at <= until for at in self.trouble_at) and until - since < 2 * HELD_UP

    def owner_found_in(self, since: float) -> float:
        has_died = any(since - LEASE <= server.stopped_at <= since for server in self.servers)
        return LEASE + 1.0 if has_died else 0.0

    def is_unordered(self, since: float, until: float) -> bool:
        # What waits for an owner, each node sends when it knows who that is.
        if since <= SETTLING + LEASE:
            # Nor is a room anybody's before the engine has settled.
            return True
        without_owner = [*self.trouble_at, *(server.stopped_at for server in self.servers)]
        return any(since - HELD_UP <= at <= until for at in without_owner)

    def is_cut_off(self, since: float, until: float) -> bool:
        return any(since - HELD_UP <= at <= until for at in self.cut_off_at)

    def may_forget(self, said: Said) -> bool:
        # Or others may have taken it for dead.
        is_hindered = any(abs(at - said.arrived) < HELD_UP for at in self.trouble_at)
        return is_hindered or self.servers[said.server - 1].stopped_at < said.arrived + HELD_UP

    def is_lost(self, since: float, until: float) -> bool:
        # A limit, in docs/cluster.md: the engine loses it, and the owner who knows it dies, or is taken for dead.
        # (What a page was told happened a little earlier.)
        since -= UNDER_WAY
        ends = [*self.suspended_at, *(server.stopped_at for server in self.servers)]
        died = any(since <= at <= until for at in ends)
        return died and any(since <= at <= until for at in self.losses)

    def may_be_repeated(self, at: float) -> bool:
        # An engine that loses a commit alone keeps what it put into inboxes, and the owner commits it again.
        return self.may_go_back and any(at - HELD_UP <= loss <= at for loss in self.losses)

    def rooms_taken_over(self) -> int:
        servers = [each for each in self.servers if isinstance(each, NodeServer) and hasattr(each, "cluster")]
        return sum(each.cluster.owned_rooms.taken_over for each in servers)

    def check_nodes(self) -> None:
        self.over_http.check()

    def busy(self) -> str:
        if self.over_http.under_way:
            return "an order over HTTP is under way"
        if any(not (each.killed or each.listening) for each in self.servers):
            return "a server starts or stops"
        if not self.owners and any(page.is_live and page.client.phase == "joined" for page in self.pages()):
            return "nobody owns the room"
        there = {server.cluster.membership.id for server in self.listening}
        for server in self.listening:
            if any(edge not in there for edge in server.edges):
                return f"server {server.number} does not know yet that another has died"
            if any(len(room.line) or room.is_stirred for room in server.cluster.owned_rooms.rooms.values()):
                return f"server {server.number} has something to commit"
            if any(room.is_asked for room in server.cluster.edge._edge.rooms.values()):
                return f"server {server.number} does not know yet whose the room is"
            if server.engine.is_busy:
                return f"server {server.number} has not read its inbox"
        return ""

    def more(self) -> list[Coroutine[Any, Any, None]]:
        stops = blows.stop_with_hands(self), blows.stop_with_messages(self)
        return [blows.blow(self), blows.go_back(self), *stops, self.over_http.act()]

    @property
    def was_hindered(self) -> bool:  # type: ignore[override] # of several, it is found out
        return bool(self.trouble_at)

    def calm_down(self) -> None:
        blows.heal(self)

    def look_back(self, server: Server) -> None:
        """Whoever is told to stop gives its rooms to others, if there are any and nothing is in the way."""
        if not (isinstance(server, NodeServer) and server.is_drained):
            return
        # Of one in which nobody is there is nothing to give.
        rooms = [each for each in server.cluster.owned_rooms.rooms.values() if each.line.epoch]
        if not rooms:
            return
        since = server.stopped_at
        others = [each for each in self.listening if each.started_at < since - 2 * INTERVAL]
        in_the_way = [at for at in self.trouble_at if at > since - HELD_UP]
        # What is ordered over HTTP is done first, and a slow store may take longer for it than a node may for its stop.
        ordered = any(room.orders for room in rooms)
        was_slow = any(until > since for _, until in self.outages)
        if others and not (in_the_way or ordered or was_slow):
            self.complain(f"server {server.number} stopped, and kept its rooms")

    def set_clock(self, seconds: float) -> None:
        """Not here: whom the others take for dead has stays that begin by the clock of before."""

    def accept(self, socket: Socket) -> Link | None:
        if not self.listening:
            return None
        server = self.balancer.choice(self.listening)
        transport = Transport(server)
        link = Link(self.network, socket, transport)
        server.accept(link, transport)
        return link

    def make_server(self) -> NodeServer:
        parts = len(self.servers) + 1, self.loop, self.store, self.config, self.bound
        server = NodeServer(self.engine, *parts, self.recorder_limit, self.application)
        server.log_memory = self.log_memory
        return server

    async def keep_servers(self) -> None:
        await asyncio.gather(*(self.keep_a_server() for _ in range(self.nodes)))
