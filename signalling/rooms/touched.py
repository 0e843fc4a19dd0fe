"""What has changed in a room since it was last asked (`signalling.state`). Rooms of which nobody asks have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signalling.rooms.member import Member


class Touched:
    """`room`: something that belongs to no member. `gone`: ids of members. `seq`: the number of the last event that was
    asked for. (The log itself notes which events it withdrew.)"""

    __slots__ = ("gone", "members", "room", "seq")

    def __init__(self, seq: int = 0) -> None:
        self.room = True
        self.members: dict[Member, None] = {}
        self.gone: list[str] = []
        self.seq = seq
