"""What an owner does when it is not sure of a room: an answer was lost, or the engine is another than it was.

The rules are those that `tests/engines/small_model` has tried. The engine is the same: the room is taken again, which
keeps out what still lies in a buffer, and says what has happened. It is another: all that was ever sent is confirmed,
or established.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError
from server.cluster.engine.records import Buried, Committed, Head, Lost, Message, Ownership, Settling, Taken
from server.sharing.committing import Committing
from server.sharing.membership import Membership
from server.sharing.owned_room import OwnedRoom
from signalling.nodes import wire

log = structlog.get_logger()

AGAIN = 0.1
"""Seconds between two attempts."""


class Recovery:
    """`lose`: somebody else has the room, or it may be so."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        committing: Committing,
        lose: Callable[[OwnedRoom], None],
    ) -> None:
        self._engine = engine
        self._membership = membership
        self._committing = committing
        self._lose = lose

    def begin(self, room: OwnedRoom) -> None:
        if room.recovery is None and not room.is_lost:
            room.recovery = asyncio.get_running_loop().create_task(self._recover(room))

    async def _recover(self, room: OwnedRoom) -> None:
        try:
            while not room.is_lost:
                try:
                    if await self._try(room):
                        break
                except EngineError:
                    await self._engine.connected()
                await asyncio.sleep(AGAIN)
        except Exception:
            log.exception("a room could not be recovered", meeting=room.id)
            self._lose(room)
        finally:
            room.recovery = None
        if not room.is_lost:
            self._committing.stirred(room)

    async def _try(self, room: OwnedRoom) -> bool:
        """Whether it is over."""
        line = room.line
        incarnation = await self._engine.connected()
        if line.phase == "unsure" and incarnation != line.incarnation and line.epoch and line.incarnation:
            return await self._assert(room, incarnation, confirms=True)
        settled = await self._membership.settled()
        if settled != incarnation or await self._engine.connected() != incarnation:
            # It is another meanwhile, which knows nothing of the room before that is asserted.
            return room.is_lost
        if not await self._tells_others(room):
            return True
        told = await self._engine.take(room.id, self._membership.id)
        if isinstance(told, Settling | Buried):
            # The next beat tells whether this node lives.
            return False
        if room.is_lost:
            return True
        if not isinstance(told, Taken):
            self._lose(room)
            return True
        head = told.head
        if line.phase == "dropped":
            if head.epoch:
                self._lose(room)
            else:
                line.took_anew(head.term, incarnation)
            return True
        if told.previous_term <= line.term and line.is_behind(head.epoch, head.revision):
            return await self._has_lost(room, head, incarnation)
        is_over = not (line.epoch or head.epoch) and len(line) > 0
        if not is_over and (told.previous, told.previous_term) != (self._membership.id, line.term):
            # Somebody else may have had it in between.
            self._lose(room)
            return True
        room.made_sure()
        log.info("room taken again", meeting=room.id, term=head.term)
        for batch in line.took_again(head.term, incarnation, head.epoch, head.revision):
            self._committing.happened(room, batch)
        return True

    async def _has_lost(self, room: OwnedRoom, head: Head, incarnation: str) -> bool:
        """The engine is the same, as far as it tells: its data went back, or was thrown away."""
        line = room.line
        log.warning("the engine has lost what was committed", meeting=room.id, term=head.term)
        line.term = head.term
        if line.epoch:
            return await self._assert(room, incarnation, confirms=False)
        # Nobody is in the room any more. What the engine has of it is no good.
        await self._engine.drop(Ownership(room.id, head.node, head.term, head.epoch, head.revision))
        for batch in line.asserted(len(line), incarnation):
            self._committing.happened(room, batch)
        line.phase = "dropped"
        return False

    async def _assert(self, room: OwnedRoom, incarnation: str, *, confirms: bool) -> bool:
        """The engine came back as another. `confirms`: it may have all of the room."""
        line = room.line
        await self._membership.seen(incarnation)
        is_bridged = not (room.is_doubtful or self._membership.was_over(line.incarnation))
        told: object = Lost()
        count = 0
        if is_bridged and confirms:
            count, revision = line.sent
            told = await self._engine.confirm(self._own(room, revision))
        elif not is_bridged and room.id in self._committing.hub.rooms and room.anew_in != incarnation:
            # Others may have had the room meanwhile, and shown what nobody knows now. (Once, if the answer is lost.)
            self._committing.begin_anew(room)
            room.anew_in = incarnation
        if isinstance(told, Lost):
            if room.id not in self._committing.hub.rooms:
                line.epoch = ""
                return False
            is_bridged, room.is_unbridged = False, True
            self._committing.gather(room)
            whole, count = self._committing.whole(room), len(line)
            told = await self._engine.establish(self._own(room, line.revision), whole)
        if room.is_lost:
            return True
        if not isinstance(told, Committed):
            self._lose(room)
            return True
        log.info("room asserted", meeting=room.id, term=line.term, engine_had_it=is_bridged)
        await self._membership.settled(incarnation)
        if not await self._tells_others(room):
            return True
        room.made_sure()
        for batch in line.asserted(count, incarnation):
            self._committing.happened(room, batch)
        return True

    async def _tells_others(self, room: OwnedRoom) -> bool:
        """If something may be lost to edges, they hear so before all that is committed from here on. False: the room is
        lost meanwhile. Raises `EngineUnavailable`: nothing is to be committed yet."""
        if room.is_unbridged and not room.is_lost and (others := self._membership.others):
            await self._engine.send(Message(others, wire.encode(wire.Unbridged(room.id))))
        room.is_unbridged = False
        return not room.is_lost

    def _own(self, room: OwnedRoom, revision: int) -> Ownership:
        return Ownership(room.id, self._membership.id, room.line.term, room.line.epoch, revision)
