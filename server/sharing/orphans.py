"""Takes over the rooms of dead nodes. Those that this node has sockets of it finds by itself; of the others each is one
node's, so that grace runs out and stays end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from server.sharing.lots import lot
from server.sharing.membership import Membership
from server.sharing.owned_rooms import OwnedRooms

log = structlog.get_logger()

PATIENCE = 3
"""Beats after which anybody takes a room that nobody has taken."""


class Orphans:
    """`edged`: the rooms that this node has sockets of."""

    def __init__(self, membership: Membership, rooms: OwnedRooms, edged: Callable[[], Iterable[str]]) -> None:
        self._membership = membership
        self._rooms = rooms
        self._edged = edged
        self._seen: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def found(self, node: str, rooms: Sequence[str]) -> None:
        """Rooms of a dead node."""
        if self._membership.is_leaving:
            return
        edged = set(self._edged())
        counts = {room: self._seen.get(room, 0) + 1 for room in rooms}
        self._seen = counts
        mine = [
            room
            for room in sorted(rooms)
            if room not in edged and (self._is_mine(room) or counts[room] > PATIENCE)
        ]
        if mine and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._take(mine))

    def _is_mine(self, room: str) -> bool:
        nodes = [self._membership.id, *self._membership.takers]
        return max(nodes, key=lambda node: lot(node, room)) == nodes[0]

    async def _take(self, rooms: Sequence[str]) -> None:
        try:
            for room in rooms:
                await self._rooms.take(room)
        except Exception as error:
            log.info("rooms of a dead node could not be taken yet", error=str(error))
