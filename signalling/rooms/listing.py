"""Members of a room, encoded as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # A member knows the listing that has it.
    from signalling.rooms.member import Member


class Listing:
    """Members of a room, encoded in the order they came. `count`: how many; `holds` as long as none of them has changed
    or gone, so that for who comes it need only be added to."""

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
