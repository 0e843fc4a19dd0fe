"""In some of the runs with moderators the host makes a link for a lost identity, and somebody uses it."""

from __future__ import annotations

import contextlib
import time
from asyncio import sleep
from typing import TYPE_CHECKING

from server.realtime.entry import invite_hash
from storage.errors import StoreError
from storage.moderation import NewInvite
from tests.simulation.clock import lots
from tests.simulation.notes import ROOM
from tests.simulation.rulings import Rulings

if TYPE_CHECKING:
    from tests.simulation.server import Server
    from tests.simulation.world import World


class HostLinks:
    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = chance = lots("host links", world.seed)
        self._acts = world.moderators.acts and chance.random() < 0.4
        self._pace = chance.choice((0.15, 0.4))
        self._secrets: list[str] = []

    async def act(self) -> None:
        """Without end. Links are used late and twice, too."""
        chance = self._chance
        while self._acts:
            await sleep(chance.expovariate(self._pace))
            if not self._secrets or chance.random() < 0.5:
                self._make()
                await sleep(chance.choice((0.0, 0.1, 2.0)))
            if self._secrets:
                secret = self._secrets[-1] if chance.random() < 0.7 else chance.choice(self._secrets)
                self._use(secret)

    def _make(self) -> None:
        world = self._world
        if (server := world.server) is not None:
            secret = f"link-{len(self._secrets)}"
            host = Rulings(world.people[0].user_id).follow(world.store.journal.entries).host
            world.say(f"{host} makes the host link {secret}")
            world.loop.create_task(self._ask(server, secret, host), context=server.context)

    async def _ask(self, server: Server, secret: str, host: str) -> None:
        """What POST /api/meetings/{id}/invites does."""
        link = NewInvite(ROOM, f"v_{secret}", invite_hash(secret), "host", time.time(), host)
        with contextlib.suppress(StoreError):
            self._secrets.append(secret)
            await self._world.store.make_invite(link)

    def _use(self, secret: str) -> None:
        world, chance = self._world, self._chance
        person = chance.choice(world.people)
        if person.online:
            page = person.open_tab(on_duplicate="replace").page
            page.place.invite = secret
            world.say(f"{page.name} comes by {secret}")
