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
from server.sharing.asking import COME_BACK, Asking
from server.sharing.membership import Membership
from server.sharing.owned_room import OwnedRoom
from signalling.nodes import wire
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.inputs import Goodbye

log = structlog.get_logger()

AGAIN = 0.5
ATTEMPTS = 20
"""How often the owner of a room is looked for, and the seconds in between."""


class OverHttp:
    """`owned`: the rooms of this node. `asking`: requests that need an answer. `end`, `goodbye`: what is done with a
    room of this node."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        owned: Mapping[str, OwnedRoom],
        asking: Asking,
        end: Callable[[str], None],
        goodbye: Callable[[Goodbye], None],
    ) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._engine = engine
        self._membership = membership
        self._owned = owned
        self._asking = asking
        self._end = end
        self._goodbye = goodbye

    def end(self, room: str) -> None:
        """The store has ended the meeting."""
        if room in self._owned:
            self._end(room)
            return
        self._membership.post(self._membership.others, wire.encode(wire.Ended(room)))

    def goodbye(self, said: Goodbye) -> None:
        if self._takes_frames(said.room):
            self._goodbye(said)
        else:
            self._pass_on(said)

    def _takes_frames(self, room: str) -> bool:
        """Whether this node has the room, and is not about to give it."""
        return room in self._owned and self._owned[room].kept is None

    def _pass_on(self, said: Goodbye, told: int = 0) -> None:
        """`told`: the term of the owner that has heard it, if any."""
        task = asyncio.get_running_loop().create_task(self._find(said, told))
        self.tasks.add(task)
        task.add_done_callback(self._done)

    async def _find(self, said: Goodbye, told: int) -> None:
        for _ in range(ATTEMPTS):
            with contextlib.suppress(EngineError):
                head = await self._engine.head(said.room)
                if self._takes_frames(said.room):
                    self._goodbye(said)
                    return
                if head is None or not head.node:
                    return
                if head.node in self._membership.others:
                    if head.term != told:
                        self._tell(head, said)
                    return
            # The owner is dead, and the next one not known yet.
            await asyncio.sleep(AGAIN)

    def _tell(self, owner: Head, said: Goodbye) -> None:
        told = wire.Said(said.room, said.user_id, said.instance, said.back_in, said.attempt)
        self._membership.post([owner.node], wire.encode(told))
        if said.attempt is not None:
            # Perhaps it is dead, and that is not known yet. Whoever has heard it hears nothing new.
            known_in = self._membership.lease + AGAIN
            asyncio.get_running_loop().call_later(known_in, self._pass_on, said, owner.term)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("what was said over HTTP did not come to its room", error=str(error))

    async def people(self, room: str) -> int:
        """How many are in the room. Raises `Refused` while the engine is away."""
        try:
            return await self._engine.people(room)
        except EngineError:
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=COME_BACK) from None

    async def stop(self, within: float) -> None:
        await ends(self.tasks | self._asking.tasks, within)

    def heard(self, message: wire.OverHttp, payload: bytes) -> None:
        """Another node has heard it, or asks. Raises `NotSealed`."""
        if isinstance(message, wire.Asked | wire.Replied):
            self._asking.heard(message, payload)
            return
        if isinstance(message, wire.Ended):
            if message.room in self._owned:
                self._end(message.room)
        else:
            told = message.user_id, message.instance, message.attempt, message.back_in
            self.goodbye(Goodbye(message.room, *told))
