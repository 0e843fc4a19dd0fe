"""HTTP requests that another node answers: of a room, its owner; of what is not shared, the first of the nodes.

    asker: who owns it? ─► Asked, sealed ─► its inbox ─► answer() there ─► Replied, sealed ─► asker

A question is carried out within `WITHIN` or not at all: it says until when (the engine's time). Whatever an owner has
done in answer to one is committed before the answer goes out.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError, EngineUnavailable
from server.cluster.engine.records import Message
from server.realtime.other_nodes import Moved, OtherNodes, Result, Unanswered
from server.runtime import clock
from server.sharing.membership import Membership
from server.sharing.owned_room import OwnedRoom
from server.sharing.owned_rooms import OwnedRooms
from server.sharing.sealing import NotSealed, Seal
from signalling.nodes import wire
from signalling.protocol.errors import ErrorCode, Refused

log = structlog.get_logger()

WITHIN = 10.0
"""Seconds for the whole of it: enough for a take-over and then the store."""
LOOKS_EVERY = 0.25
"""Seconds after which it is looked again who owns a room, and whether whoever is asked lives."""
COME_BACK = 2.0


class Sealed(msgspec.Struct, frozen=True):
    """`until`: the engine's time of day after which nobody waits for the answer."""

    until: float
    body: bytes


_read = msgspec.msgpack.Decoder(Sealed).decode


class Asking(OtherNodes):
    """`rooms`: those of this node. `committed` waits until what has happened in one is; at most so many seconds."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        seal: Seal,
        rooms: OwnedRooms,
        committed: Callable[[str, float], Awaitable[bool]],
    ) -> None:
        self.answer: Callable[[bytes], Awaitable[bytes]] = _nobody
        self.tasks: set[asyncio.Task[None]] = set()
        self._engine = engine
        self._membership = membership
        self._seal = seal
        self._rooms = rooms
        self._committed = committed
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[wire.Replied | bytes]] = {}

    # On the node that has the request.

    async def owner(self, room: str, *, takes: bool, until: float) -> str:
        while takes or not await self._stays(room):
            left = until - clock.monotonic()
            if left <= 0:
                raise Refused(ErrorCode.UNAVAILABLE, "Nobody can say now who has this meeting.", COME_BACK)
            try:
                async with asyncio.timeout(left):
                    node = await self._owner_now(room, takes=takes)
            except (EngineError, TimeoutError):
                node = None
            if node is not None and (node != self._membership.id or self._is_at_hand(room)):
                return node
            # The engine may say that it is this node's, which has given it up, or could not adopt it.
            takes = takes or (node == self._membership.id and room not in self._rooms.rooms)
            # Its owner is dead and the next one not known yet, or the engine is away.
            await asyncio.sleep(min(LOOKS_EVERY, left))
        return self._membership.id

    async def _stays(self, room: str) -> bool:
        """Whether this node has the room, once it is known whether another one gets it."""
        while (found := self._rooms.rooms.get(room)) is not None and not found.stays.is_set():
            await found.stays.wait()
        return found is not None

    def _is_at_hand(self, room: str) -> bool:
        """Whether this node has the room, and is not about to give it."""
        found = self._rooms.rooms.get(room)
        return found is not None and found.stays.is_set()

    async def _owner_now(self, room: str, *, takes: bool) -> str | None:
        if takes and await self._stays(room):
            return await self._this_node(self._rooms.rooms[room])
        if takes:
            found = await self._rooms.take(room)
            node = None if found is None else found[0]
        else:
            head = await self._engine.head(room)
            node = "" if head is None else head.node
        lives = not node or node == self._membership.id or node in self._membership.others
        return node if lives else None

    async def _this_node(self, room: OwnedRoom) -> str | None:
        """What is ordered may be written before anything of it is committed, so the engine is asked whether the room is
        this node's still. None: not, or it will be known soon."""
        head = await self._engine.head(room.id)
        if head is not None and (head.node, head.term) == (room.node, room.line.term):
            return room.node
        if not (room.is_lost or room.recovery or len(room.line)):
            # Nothing is under way that would be refused.
            self._rooms.committing.unsure(room)
        return None

    @property
    def here(self) -> str:
        return self._membership.id

    @property
    def first(self) -> str:
        return self._membership.first

    async def ask(self, node: str, room: str, body: bytes, until: float) -> bytes:
        number = next(self._numbers)
        waiting: asyncio.Future[wire.Replied | bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        question = Sealed(self._membership.at() + until - clock.monotonic(), body)
        entry = wire.encode(
            wire.Asked(self._membership.id, number, room), self._seal.seal(msgspec.msgpack.encode(question))
        )
        try:
            try:
                await self._engine.send(Message([node], entry))
            except EngineError as error:
                if isinstance(error, EngineUnavailable) and error.may_have_happened:
                    raise Unanswered from error
                raise Refused(ErrorCode.UNAVAILABLE, retry_after=COME_BACK) from error
            while not waiting.done():
                left = until - clock.monotonic()
                if left <= 0 or node not in self._membership.others:
                    raise Unanswered
                await asyncio.wait({waiting}, timeout=min(left, LOOKS_EVERY))
            reply = waiting.result()
        finally:
            del self._waiting[number]
        if isinstance(reply, wire.Replied):
            raise Moved
        return reply

    # On the node that is asked.

    def heard(self, message: wire.Asked | wire.Replied, payload: bytes) -> None:
        """Raises `NotSealed`."""
        if isinstance(message, wire.Replied):
            waiting = self._waiting.get(message.number)
            if waiting is not None and not waiting.done():
                waiting.set_result(message if message.moved else self._seal.unseal(payload))
            return
        try:
            question = _read(self._seal.unseal(payload))
        except msgspec.DecodeError as error:
            raise NotSealed(str(error)) from None
        task = asyncio.get_running_loop().create_task(self._carry_out(message, question))
        self.tasks.add(task)
        task.add_done_callback(self._done)

    async def _carry_out(self, message: wire.Asked, question: Sealed) -> None:
        if message.room and not await self._has(message.room):
            self._reply(message, wire.Replied(message.number, moved=True))
            return
        if question.until < self._membership.at():
            return
        response = await self.answer(question.body)
        self._reply(message, wire.Replied(message.number), self._seal.seal(response))

    async def _has(self, room: str) -> bool:
        """Whether this node has the room, also if it does not know yet: the engine said so."""
        if await self._stays(room):
            return True
        with contextlib.suppress(EngineError):
            await self._rooms.take(room)
        return await self._stays(room)

    def _reply(self, asked: wire.Asked, replied: wire.Replied, payload: bytes = b"") -> None:
        self._membership.post([asked.node], wire.encode(replied, payload))

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a question of another node failed", exc_info=error)

    async def committed(self, room: str, work: Awaitable[Result]) -> Result:
        owned = self._rooms.rooms.get(room)
        if owned is None:
            return await work
        with owned.order():
            result = await work
        if not await self._committed(room, WITHIN) or owned.was_taken_away:
            raise Refused(ErrorCode.UNAVAILABLE, retry_after=COME_BACK)
        return result


async def _nobody(body: bytes) -> bytes:
    raise RuntimeError("nothing answers questions here yet")
