"""Gives the rooms of a node that stops to others: a commit's time without an owner, and nobody notices.

new orders over HTTP wait ─► those under way are done ─► frames wait ─► all is committed ─► give

    given: the next owner takes it; edges send it again what is not answered, and orders go there, too
    refused, or no answer: this node goes on with it
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError
from server.cluster.engine.records import Gone, Ownership, Taken
from server.realtime.attendance_writer import AttendanceWriter
from server.runtime.happening import happens
from server.sharing.from_edges import FromEdges
from server.sharing.lots import lot
from server.sharing.membership import Membership
from server.sharing.owned_room import OwnedRoom
from server.sharing.owned_rooms import OwnedRooms
from signalling.nodes import wire
from storage.errors import StoreError
from storage.store import Store

log = structlog.get_logger()

AGAIN = 0.1
"""Seconds between two attempts."""

RECORDED_WITHIN = 0.5
"""Seconds that a room waits for what the store is to be told of its people. Else that may come behind what the next
owner tells, and be put right only when record and rooms are compared."""

COMMITTED_WITHIN = 2.0

CARRIED_OUT_WITHIN = 2.0
"""Seconds in which an order over HTTP is carried out. Else the room is given later: what the order does from then on
would be lost, or be done behind the next owner."""

TAKEN_WITHIN = 2.0
"""Seconds in which the next owner has told the record who is there. Stays are closed and opened again otherwise."""


class Giving:
    """`node`: this one's name in the record. `joins`: how many are pending; a room may come of each."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        rooms: OwnedRooms,
        edges: FromEdges,
        store: Store,
        node: str,
        writer: AttendanceWriter,
        joins: Callable[[], int],
    ) -> None:
        self.given: set[str] = set()
        """Rooms that others have now."""
        self._engine = engine
        self._membership = membership
        self._rooms = rooms
        self._edges = edges
        self._store = store
        self._node = node
        self._writer = writer
        self._joins = joins

    async def give_all(self, within: float) -> None:
        """Until there are none, or nobody is there to take them; at most `within` seconds."""
        until = asyncio.get_running_loop().time() + within
        await self._membership.leaves()
        try:
            await self._give_until(until)
        finally:
            for room in self._rooms.rooms.values():
                room.stays.set()
        log.info("rooms given to other nodes", rooms=len(self.given), kept=len(self._rooms.rooms))

    async def _give_until(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until and self._membership.takers:
            rooms = [room for room in self._rooms.rooms.values() if room.line.epoch or len(room.line)]
            if not (rooms or self._joins() or self._rooms.are_coming):
                break
            await asyncio.gather(*(self._give(room) for room in rooms))
            if self._rooms.rooms or self._rooms.are_coming or self._joins():
                await asyncio.sleep(AGAIN)

    async def recorded(self, within: float) -> None:
        """Wait until the record has nobody of the rooms that were given under this node; at most `within` seconds."""
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(min(within, TAKEN_WITHIN)):
                while any(stay.room in self.given for stay in await self._store.open_stays(self._node)):  # noqa: ASYNC110 - the store does not tell
                    await asyncio.sleep(AGAIN)

    async def _give(self, room: OwnedRoom) -> None:
        room.stays.clear()
        try:
            await self._writer.settle_room(room.id, RECORDED_WITHIN)
            if not await happens(room.no_orders, CARRIED_OUT_WITHIN):
                return
            room.kept = []
            # They may have died meanwhile.
            if await self._is_at_rest(room) and self._membership.takers:
                await self._hand(room)
        except EngineError:
            self._rooms.committing.unsure(room)
        except Exception:
            log.exception("a room could not be given to another node", meeting=room.id)
        finally:
            if not room.is_lost:
                self._edges.go_on(room)

    async def _is_at_rest(self, room: OwnedRoom) -> bool:
        """Wait until all that has happened is committed."""
        committing = self._rooms.committing
        while await committing.committed(room, COMMITTED_WITHIN):
            if room.is_lost or not room.line.epoch:
                return False
            if not (len(room.line) or room.is_stirred):
                return room.line.phase == "owned" and room.recovery is None
        return False

    async def _hand(self, room: OwnedRoom) -> None:
        line, to = room.line, self._taker(room)
        own = Ownership(room.id, room.node, line.term, line.epoch, line.revision)
        given = wire.encode(wire.Given(room.id, room.node))
        # If there is no answer, the next owner may show something, and the engine come back without it.
        room.is_doubtful = True
        line.hold()
        told = await self._engine.give(own, to, given)
        room.is_doubtful = False
        if isinstance(told, Taken):
            self._gave(room, to, told.head.term)
        elif isinstance(told, Gone):
            line.release()
            self._rooms.committing.stirred(room)
        elif not room.is_lost:
            self._rooms.committing.unsure(room)

    def _gave(self, room: OwnedRoom, to: str, term: int) -> None:
        edges = {room.node, *(connection.edge for connection in room.connections.values())}
        self.given.add(room.id)
        self._rooms.gave(room)
        log.info("room given to another node", meeting=room.id, node=to, term=term)
        for edge in edges:
            self._edges.tell(edge, wire.Owned(room.id, term, to))

    def _taker(self, room: OwnedRoom) -> str:
        """Whoever has most of its sockets; else one of all, a room like the other."""
        sockets = Counter(connection.edge for connection in room.connections.values())
        return max(self._membership.takers, key=lambda node: (sockets[node], lot(node, room.id)))
