"""What is said over HTTP and belongs to a room: it is passed on to the room's owner."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError
from server.cluster.engine.records import Head
from server.runtime.happening import ends
from server.sharing.asking import Asking
from server.sharing.membership import Membership
from server.sharing.owned_room import OwnedRoom
from signalling.nodes import wire
from signalling.rooms.inputs import Goodbye

log = structlog.get_logger()

AGAIN = 0.5
ATTEMPTS = 20
"""How often the owner of a room is looked for, and the seconds in between."""


class OverHttp:
    """`owned`: the rooms of this node. `asking`: requests that need an answer. `end`, `goodbye`: what is done with a
    room of this node; `size`: how many it knows to be in one."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        owned: Mapping[str, OwnedRoom],
        asking: Asking,
        end: Callable[[str], None],
        goodbye: Callable[[Goodbye], None],
        size: Callable[[str], int],
    ) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._engine = engine
        self._membership = membership
        self._owned = owned
        self._asking = asking
        self._end = end
        self._goodbye = goodbye
        self._size = size

    def end(self, room: str) -> None:
        """The store has ended the meeting."""

        def tell(owner: Head) -> None:
            self._membership.post([owner.node], wire.encode(wire.Ended(room)))

        self._at_owner(room, lambda: self._end(room), tell)

    def goodbye(self, said: Goodbye, told: int = 0) -> None:
        """`told`: the term of the owner that has heard it, if any."""

        def tell(owner: Head) -> None:
            if owner.term != told:
                self._tell(owner, said)

        self._at_owner(said.room, lambda: self._goodbye(said), tell)

    def _takes_frames(self, room: str) -> bool:
        """Whether this node has the room, and is not about to give it."""
        return room in self._owned and self._owned[room].kept is None

    def _at_owner(self, room: str, do: Callable[[], None], tell: Callable[[Head], None]) -> None:
        """Do it, if this node has the room; else tell whoever has it."""
        if self._takes_frames(room):
            do()
            return
        task = asyncio.get_running_loop().create_task(self._find(room, do, tell))
        self.tasks.add(task)
        task.add_done_callback(self._done)

    async def _find(self, room: str, do: Callable[[], None], tell: Callable[[Head], None]) -> None:
        for _ in range(ATTEMPTS):
            with contextlib.suppress(EngineError):
                head = await self._engine.head(room)
                if self._takes_frames(room):
                    do()
                    return
                if head is None or not head.node:
                    return
                if head.node in self._membership.others:
                    tell(head)
                    return
            # The owner is dead, and the next one not known yet.
            await asyncio.sleep(AGAIN)

    def _tell(self, owner: Head, said: Goodbye) -> None:
        told = wire.Said(said.room, said.user_id, said.instance, said.back_in, said.attempt)
        self._membership.post([owner.node], wire.encode(told))
        if said.attempt is not None:
            # Perhaps it is dead, and that is not known yet. Whoever has heard it hears nothing new.
            known_in = self._membership.lease + AGAIN
            asyncio.get_running_loop().call_later(known_in, self.goodbye, said, owner.term)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("what was said over HTTP did not come to its room", error=str(error))

    async def people(self, room: str) -> int:
        """How many are in the room; while the engine is away, as far as this node knows."""
        try:
            return await self._engine.people(room)
        except EngineError:
            return self._size(room)

    async def stop(self, within: float) -> None:
        await ends(self.tasks | self._asking.tasks, within)

    def heard(self, message: wire.OverHttp, payload: bytes) -> None:
        """Another node has heard it, or asks. Raises `NotSealed`."""
        if isinstance(message, wire.Asked | wire.Replied):
            self._asking.heard(message, payload)
            return
        if isinstance(message, wire.Ended):
            self.end(message.room)
        else:
            told = message.user_id, message.instance, message.attempt, message.back_in
            self.goodbye(Goodbye(message.room, *told))
