"""People who choose another name, in some of the runs. Chance is their own, so that others stay what they were."""

from __future__ import annotations

from asyncio import sleep
from typing import TYPE_CHECKING

from tests.simulation.clock import lots

if TYPE_CHECKING:
    from tests.simulation.world import World

NAMES = ("Zoë", "Yann", "Xenia")


class Renamers:
    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = lots("other names", world.seed)
        self.acts = self._chance.random() < 0.2

    async def act(self) -> None:
        chance, world = self._chance, self._world
        while self.acts:
            await sleep(chance.expovariate(0.3))
            live = [page for page in world.pages() if page.is_live and page.client.membership.me]
            if live:
                page = chance.choice(live)
                message = {"type": "rename", "name": chance.choice(NAMES)}
                world.moderators.give(page, message, (page.user_id,))
