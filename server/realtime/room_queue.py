"""What is still to be recorded of one room, in order."""

from __future__ import annotations

import asyncio
from collections import deque

from signalling.rooms.change import Unsettled


class RoomQueue:
    """Each with its time (the record's clock).

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
