"""Numbers joins in the order in which they were asked for: the store may answer an older one later."""

from __future__ import annotations

import itertools

from signalling.rooms.member import Order


class JoinOrder:
    """`terms`: by room, how often the room has changed hands, so that whoever takes it over does not count from 1
    again; 0 unless it is named."""

    def __init__(self) -> None:
        self.terms: dict[str, int] = {}
        self._count = itertools.count(1)

    def next(self, room: str) -> Order:
        """Term and count: greater than those of all joins of the room before."""
        return self.terms.get(room, 0), next(self._count)
