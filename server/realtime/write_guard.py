"""Whether this process may record what has happened in its rooms, for all that record it.

A process that is alone always may. One of several nodes may have been taken for dead by the others (`server.sharing`):
whoever has a room then records all that is to be recorded of it. This process writes nothing until it knows, and what
it kept of rooms that others have is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable

from storage.errors import StoreUnavailable


class NotNow(StoreUnavailable):
    """The store was not asked. It is tried again like a call that failed."""


class WriteGuard:
    def __init__(self) -> None:
        self.may_be_missed: Callable[[], bool] = lambda: False
        """Whether others may have taken the rooms over."""
        self._forget: list[Callable[[str], None]] = []

    def check(self) -> None:
        """Raises `NotNow`."""
        if self.may_be_missed():
            raise NotNow("others may have the room")

    def tells(self, forget: Callable[[str], None]) -> None:
        """`forget` is called with each room that somebody else has."""
        self._forget.append(forget)

    def is_elsewhere(self, room: str) -> None:
        for forget in self._forget:
            forget(room)
