"""Gives up rooms that this node took and that nobody came into: a join that was refused, a change over HTTP.

What is not established is nothing that the engine has to keep, nor this node to beat for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError
from server.cluster.engine.records import NOTHING, Ownership
from server.sharing.owned_room import OwnedRoom
from server.sharing.owned_rooms import OwnedRooms

log = structlog.get_logger()

IDLE = 60.0
"""Seconds in which nobody came."""


class IdleRooms:
    """`is_used`: whether somebody is in a room, or something of it is still to be recorded."""

    def __init__(self, engine: Engine, rooms: OwnedRooms, is_used: Callable[[str], bool]) -> None:
        self._engine = engine
        self._rooms = rooms
        self._is_used = is_used
        self._since: dict[OwnedRoom, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, now: float) -> None:
        idle = [room for room in self._rooms.rooms.values() if self._is_idle(room)]
        self._since = {room: self._since.get(room, now) for room in idle}
        for room, since in list(self._since.items()):
            if now - since >= IDLE:
                del self._since[room]
                self._rooms.over(room)
                task = asyncio.get_running_loop().create_task(self._drop(room))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _is_idle(self, room: OwnedRoom) -> bool:
        return not (
            room.line.phase != "taken"
            or room.line.epoch
            or len(room.line)
            or room.is_stirred
            or room.connections
            or room.recovery
            or room.orders
            or self._is_used(room.id)
        )

    async def _drop(self, room: OwnedRoom) -> None:
        # Whoever comes meanwhile has taken the room by another term, which this one is no match for.
        try:
            await self._engine.drop(Ownership(room.id, room.node, room.line.term, "", NOTHING))
        except EngineError as error:
            log.debug("a room that nobody came into is left to expire", meeting=room.id, error=str(error))
