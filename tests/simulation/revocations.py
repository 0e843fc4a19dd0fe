"""In some runs the admin revokes one of the people, and whoever is revoked is out for good."""

from __future__ import annotations

import contextlib
from asyncio import sleep
from typing import TYPE_CHECKING

from storage.errors import StoreError
from tests.simulation.clock import lots
from tests.simulation.person import Person

if TYPE_CHECKING:
    from tests.simulation.server import Server
    from tests.simulation.world import World

HEARD = 1.0
"""Seconds until a page that can be reached has heard of it."""


class Admin:
    """`revoked`: whom; `since`: when that was first asked for; `done_at`: when it was answered."""

    def __init__(self, world: World) -> None:
        chance = lots("revocations", world.seed)
        self.revoked: Person | None = None
        self.since = float("inf")
        self.done_at = float("inf")
        self._world = world
        self._acts = chance.random() < 0.25
        self._after = chance.uniform(0.3, 0.95)
        self._chance = chance

    async def act(self) -> None:
        """Does not give up until it is done."""
        world = self._world
        if not self._acts:
            return
        await sleep(self._after * world.length)
        self.revoked = self._chance.choice(world.people)
        world.say(f"{self.revoked.name} is to be revoked")
        self.since = world.loop.time()
        while self.is_busy:
            if (server := world.server) is not None:
                world.loop.create_task(self._ask(server, self.revoked.user_id), context=server.context)
            await sleep(1.0)

    async def _ask(self, server: Server, user_id: str) -> None:
        with contextlib.suppress(StoreError):
            await server.revoke(user_id)
            self.done_at = min(self.done_at, self._world.loop.time())
            self._world.say(f"{user_id} is revoked")

    @property
    def is_busy(self) -> bool:
        return self.revoked is not None and self.done_at == float("inf")


def check(world: World) -> None:
    person, since = world.admin.revoked, world.admin.done_at
    if person is None or (world.application.is_there and world.clock_set):
        # An application dates its tokens: by a clock that is set forward, one that is newer than the revocation.
        return
    if world.server is not None and (live := [page.name for page in person.pages if page.is_live]):
        world.complain(f"{person.name} is revoked, and goes on with {live}")
    since += world.hears_within
    ids = {page.participant for page in person.pages if page.participant}
    for event in world.truth.all():
        who = event.message.get("participant", {}).get("id") or event.message.get("from")
        # What they said before, to somebody who was on the way back, is sent anew.
        is_old = event.message["type"] == "signal" and event.message["data"]["n"] in world.truth.withdrawn
        by_others = event.message["type"] in {"participant_left", "chat_erased"}
        if who in ids and event.at > since and not by_others and not is_old:
            world.complain(
                f"{person.name} was revoked at {since:.3f}: {event.message['type']} at {event.at:.3f}"
            )
    for page in person.pages:
        for i in page.surely:
            if i.until > max(since, i.since) + HEARD and i.until > since + HEARD:
                world.complain(f"{page.name} is revoked since {since:.3f}, and was there until {i.until:.3f}")
