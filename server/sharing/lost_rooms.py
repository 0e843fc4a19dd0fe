"""Rooms that the engine has lost together with their owner: whoever was in one a moment ago keeps the place, as after
the restart of a server that is alone. The store is asked when an engine is seen that may have lost something."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence

import structlog

from server.realtime.room_restore import restorable_people
from server.runtime import clock
from server.runtime.background import endless
from signalling.rooms.inputs import Restored
from signalling.rooms.member import Look
from storage.errors import StoreError
from storage.store import Store

log = structlog.get_logger()

AGAIN = 1.0
"""Seconds, if the store does not answer."""


class LostRooms:
    """`grace`: seconds that a place is kept. `look`: how a user appears. `now`: the record clock's, set before use."""

    now: Callable[[], float]

    def __init__(self, store: Store, grace: float, look: Callable[[str], Look]) -> None:
        self._store = store
        self._grace = grace
        self._look = look
        self._asking: asyncio.Task[None] | None = None
        self._rooms: dict[str, list[Restored]] = {}
        self._until = 0.0

    def ask(self) -> None:
        """There is an engine that may have lost rooms. None is taken before it has settled."""
        self._asking = endless(self._ask())

    async def _ask(self) -> None:
        began = asked = clock.monotonic()
        while True:
            try:
                found = await restorable_people(self._store, self.now(), self._grace, self._look)
                break
            except StoreError as error:
                if asked == began:
                    log.warning(
                        "the store does not say who was in the rooms that the engine has lost",
                        error=str(error),
                    )
            await asyncio.sleep(AGAIN)
            asked = clock.monotonic()
            if asked - began > self._grace:
                return
        rooms = defaultdict(list)
        for each in found:
            rooms[each.room].append(each)
        self._rooms, self._until = dict(rooms), asked + self._grace

    def people_of(self, room: str) -> Sequence[Restored]:
        """Those to be restored, of a room that the engine does not know."""
        now = clock.monotonic()
        if now >= self._until:
            return ()
        since = now - (self._until - self._grace)
        return [each._replace(lasted=each.lasted + since) for each in self._rooms.pop(room, ())]
