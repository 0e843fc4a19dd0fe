"""Members of a room, encoded as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # A member refers to the listing that contains it.
    from signalling.rooms.member import Member


class Listing:
    """The first `count` members of a room, encoded in the order they joined. `holds`: none of them has changed or gone,
    so new members can be appended."""

    __slots__ = ("count", "encoded", "holds")

    def __init__(self) -> None:
        self.count = 0
        self.encoded = b""
        self.holds = True

    def end(self) -> None:
        self.holds = False
        self.encoded = b""

    def add(self, members: list[Member]) -> None:
        for member in members:
            member.listing = self
        self.count += len(members)
        self.encoded = b",".join([*filter(None, [self.encoded]), *[member.encoded() for member in members]])
