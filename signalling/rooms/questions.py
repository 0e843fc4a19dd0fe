"""What the store was asked about rooms and has not answered yet, in order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

from signalling.rooms.change import ChatChange, Unsettled
from signalling.rooms.effects import EndMeeting
from signalling.rooms.room import Room

Question = Unsettled | EndMeeting

Asked = TypeVar("Asked", Unsettled, EndMeeting)


class Questions:
    def __init__(self) -> None:
        self._of: dict[str, dict[int, Question]] = {}
        """By identity: two may say the same."""

    def of(self, room: str) -> Collection[Question]:
        asked = self._of.get(room)
        return () if asked is None else asked.values()

    def ask(self, room: Room, asked: Asked) -> Asked:
        self._of.setdefault(room.id, {})[id(asked)] = asked
        room.touch()
        return asked

    def answered(self, asked: Question) -> None:
        """The store has answered. It may have been asked while nobody was in the room."""
        left = self._of.get(asked.room)
        if left is None:
            return
        left.pop(id(asked), None)
        if not left:
            del self._of[asked.room]

    def text(self, room: str) -> int:
        """How many characters people have written of which the store has not answered."""
        return sum(len(post.text) for post in self._posts(room))

    def tells(self, room: str, message: str) -> bool:
        """Whether this message was told, and the store has not answered."""
        for each in self.of(room):
            if isinstance(each, Unsettled) and each.told:
                post = each.change.chat
                if post is not None and post.id == message:
                    return True
        return False

    def erases(self, room: str, user_id: str) -> bool:
        """Whether the store is asked to delete all that this user wrote until now."""
        return any(post.kind == "erase" and post.author == user_id for post in self._posts(room))

    def _posts(self, room: str) -> Iterator[ChatChange]:
        """What is written, changed or deleted in the chat."""
        chat = (each.change.chat for each in self.of(room) if isinstance(each, Unsettled))
        return (post for post in chat if post is not None)

    def adopt(self, room: Room, asked: Iterable[Question]) -> None:
        """The store was asked this where the room was before, and is asked again."""
        self._of[room.id] = {id(each): each for each in asked}

    def forget(self, room: Room) -> None:
        """Somebody else asks the store."""
        self._of.pop(room.id, None)
