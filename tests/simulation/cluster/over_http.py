"""Orders that come over HTTP to any of the nodes, and just when one of them stops, in some of the runs with moderators.

What is said to those who wait is changed: it concerns nobody else, and everyone is told. Chance is its own.
"""

from __future__ import annotations

from asyncio import sleep
from typing import TYPE_CHECKING

from tests.simulation.clock import lots
from tests.simulation.cluster.api import DONE, IN_EFFECT

if TYPE_CHECKING:
    from tests.simulation.cluster.node import NodeServer
    from tests.simulation.cluster.world import ClusterWorld

AT_A_STOP, WITHIN = 10, 0.15
"""How many orders come to a node that is told to stop, and the seconds in which they come."""


class OrdersOverHttp:
    """`answers`: by key, when it was answered, and how."""

    def __init__(self, world: ClusterWorld) -> None:
        chance = self._chance = lots("orders over HTTP", world.seed)
        self.answers: dict[str, tuple[float, int]] = {}
        self._world = world
        self._acts = world.moderators.acts
        self._pace = chance.choice((0.1, 0.5))
        self._asked_of: dict[str, NodeServer] = {}

    @property
    def under_way(self) -> bool:
        waiting = {key: server for key, server in self._asked_of.items() if key not in self.answers}
        return not all(server.killed for server in waiting.values())

    async def act(self) -> None:
        """Without end."""
        while self._acts:
            await sleep(self._chance.expovariate(self._pace))
            if self._world.listening:
                self._ask(self._chance.choice(self._world.listening))

    def stops(self, server: NodeServer) -> None:
        """It gives its rooms to others from now on."""
        for _ in range(AT_A_STOP if self._acts else 0):
            self._world.loop.call_later(self._chance.random() * WITHIN, self._ask, server)

    def _ask(self, server: NodeServer) -> None:
        if server.killed:
            return
        key = f"http-{len(self._asked_of)}"
        self._asked_of[key] = server
        self._world.say(f"server {server.number} is told {key} over HTTP")
        self._world.loop.create_task(self._asks(server, key), context=server.context)

    async def _asks(self, server: NodeServer, key: str) -> None:
        status = await server.api.patch(key)
        self._world.say(f"server {server.number} answers {key} with {status}")
        self.answers[key] = self._world.loop.time(), status

    def check(self) -> None:
        """What was answered with success is recorded. (That it holds is asked of all settings.)"""
        made = {each.change.key: each.at for each in self._world.store.journal.made()}
        for key, (at, status) in self.answers.items():
            if status == DONE and made.get(key, at + 1.0) > at:
                self._world.complain(f"{key} was answered with success at {at:.3f}, and is not recorded")
            surely = not (self._world.was_hindered or any(each.killed for each in self._world.servers))
            if status == IN_EFFECT and surely and key not in made:
                self._world.complain(f"{key} was in effect at {at:.3f}, and is lost")
