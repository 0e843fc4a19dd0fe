"""What is still to be recorded of stays: for each person, the oldest first."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

from signalling.rooms.effects import StayEnded, StayResumed

FLAPPING = 16
"""From this many entries of one person, a return replaces the return before it."""


class StayAbandoned(NamedTuple):
    """Close a stay that is open in the record but has nobody in it. `at`: when it was last occupied (the hub's clock);
    None: it never was."""

    room: str
    user_id: str
    participant_id: str
    session_id: str
    at: float | None


Entry = StayEnded | StayResumed | StayAbandoned
Person = tuple[str, str]
"""Meeting and user."""


class Line:
    """The unwritten entries of one person."""

    __slots__ = ("elsewhere", "entries", "written")

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.elsewhere = 0
        """Of so many first entries no return is written: another process has recorded since who is there."""
        self.written = asyncio.Event()

    def add(self, entry: Entry) -> bool:
        """Behind the others, or in place of the last. Returns whether there is one more."""
        if len(self.entries) > self.elsewhere and _flaps(self.entries, entry):
            self.entries[-1] = entry
            return False
        self.entries.append(entry)
        return True

    @property
    def is_to_write(self) -> bool:
        """Whether the first entry is one to write."""
        return not (self.elsewhere and isinstance(self.entries[0], StayResumed))

    def first_is_done(self) -> None:
        self.entries.popleft()
        self.elsewhere = max(0, self.elsewhere - 1)


def _flaps(entries: deque[Entry], entry: Entry) -> bool:
    """Whether this is another return of a flapping connection: only the last return need be recorded."""
    return (
        len(entries) >= FLAPPING and isinstance(entry, StayResumed) and isinstance(entries[-1], StayResumed)
    )
