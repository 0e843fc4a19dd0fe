"""What the store was asked about rooms and has not answered yet, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from signalling.rooms.change import Unsettled
from signalling.rooms.effects import EndMeeting
from signalling.rooms.room import Room

Question = Unsettled | EndMeeting

Asked = TypeVar("Asked", Unsettled, EndMeeting)


class Questions:
    def __init__(self) -> None:
        self._of: dict[str, list[Question]] = {}

    def of(self, room: str) -> Sequence[Question]:
        return self._of.get(room, ())

    def ask(self, room: Room, asked: Asked) -> Asked:
        self._of.setdefault(room.id, []).append(asked)
        return asked

    def answered(self, asked: Question) -> None:
        """The store has answered. It may have been asked while nobody was in the room."""
        left = [each for each in self.of(asked.room) if each is not asked]
        if left:
            self._of[asked.room] = left
        else:
            self._of.pop(asked.room, None)

    def adopt(self, room: Room, asked: Iterable[Question]) -> None:
        """The store was asked this where the room was before, and is asked again."""
        self._of[room.id] = list(asked)

    def forget(self, room: Room) -> None:
        """Somebody else asks the store."""
        self._of.pop(room.id, None)
