"""What is still to be recorded, in order room by room, for the writers that record it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from server.runtime.happening import ends, happens
from signalling.rooms.change import Unsettled


class RoomQueue:
    """What is still to be recorded of one room, each with its time (the record's clock).

    `done`: how many were recorded. `awaited`: what happens when so many are.
    """

    __slots__ = ("awaited", "changes", "done")

    def __init__(self) -> None:
        self.changes: deque[tuple[float, Unsettled]] = deque()
        self.done = 0
        self.awaited: deque[tuple[int, asyncio.Event]] = deque()

    def written(self) -> asyncio.Event:
        """What happens when all that is in it now is recorded."""
        count = self.done + len(self.changes)
        if not self.awaited or self.awaited[-1][0] < count:
            self.awaited.append((count, asyncio.Event()))
        return self.awaited[-1][1]

    def pop(self) -> None:
        """The first is recorded."""
        self.changes.popleft()
        self.done += 1
        while self.awaited and self.awaited[0][0] <= self.done:
            self.awaited.popleft()[1].set()


class RoomQueues:
    """`write` records what is in a queue, each time with `pop`, until nothing is: it is begun with the first entry.
    `most`: entries of all rooms; `most_of_room`: of one, so that others can go on."""

    def __init__(
        self, write: Callable[[str, RoomQueue], Coroutine[Any, Any, None]], most: int, most_of_room: int
    ) -> None:
        self.count = 0
        self.of: dict[str, RoomQueue] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self._write = write
        self._most = most
        self._most_of_room = most_of_room

    def add(self, at: float, unsettled: Unsettled) -> bool:
        """False if too many wait."""
        queue = self.of.get(unsettled.room)
        if self.count >= self._most or (queue is not None and len(queue.changes) >= self._most_of_room):
            return False
        self.count += 1
        if queue is None:
            queue = self.of[unsettled.room] = RoomQueue()
            task = asyncio.create_task(self._write(unsettled.room, queue))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        queue.changes.append((at, unsettled))
        return True

    def pop(self, room: str) -> None:
        """The first of the room is recorded. What comes after the last one gets a queue of its own."""
        queue = self.of[room]
        queue.pop()
        self.count -= 1
        if not queue.changes:
            del self.of[room]

    def forget(self, room: str) -> list[Unsettled]:
        """Somebody else records what is in the queue; returns that. Its `write` finds nothing more."""
        queue = self.of.pop(room, None)
        if queue is None:
            return []
        forgotten = [unsettled for _, unsettled in queue.changes]
        self.count -= len(forgotten)
        while queue.changes:
            queue.pop()
        return forgotten

    async def settle(self, room: str, within: float) -> bool:
        """Wait until all that the room has now is recorded; False if that takes longer than `within` seconds."""
        queue = self.of.get(room)
        return queue is None or await happens(queue.written(), within)

    async def settle_all(self, within: float) -> None:
        """The same of all rooms."""
        await asyncio.gather(*(happens(queue.written(), within) for queue in self.of.values()))

    async def close(self, within: float) -> int:
        """Try for `within` more seconds to record what is left, then stop. Returns how many are left."""
        await ends(self.tasks, within)
        return self.count
