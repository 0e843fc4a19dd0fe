"""What has changed in a room since it was last asked (`signalling.state`). Rooms of which nobody asks have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signalling.rooms.member import Member


class Touched:
    """`room`: something that belongs to no member. `gone`: ids of members. `seq`: the number of the last event that was
    asked for. (The log itself notes which events it withdrew.) `stirs` is called with each change: not all of them have
    effects."""

    __slots__ = ("gone", "members", "room", "seq", "stirs")

    def __init__(self, stirs: Callable[[], None], seq: int = 0) -> None:
        self.stirs = stirs
        self.room = True
        self.members: dict[Member, None] = {}
        self.gone: list[str] = []
        self.seq = seq

    def member(self, member: Member) -> None:
        self.members[member] = None
        self.stirs()

    def went(self, member: Member) -> None:
        self.members.pop(member, None)
        self.gone.append(member.id)
        self.stirs()
