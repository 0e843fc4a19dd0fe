"""The calls for the chat, as SQL functions. `function_store` carries them out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from storage.chat import Erasure, Message, MessagePage, MessageWrite, Reader, Written
from storage.postgres.driver import Call
from storage.postgres.rows import columns, time

_TIMES = ("at", "edited_at", "deleted_at")


class ChatCalls(ABC):
    """`Chat` for a class that carries the calls out."""

    @abstractmethod
    async def _directly(self, call: Call) -> Any:
        """A short call, which must not be carried out late."""

    @abstractmethod
    async def _take_time(self, call: Call) -> Any:
        """A long call, which may be carried out late."""

    async def write_messages(self, room: str, writes: Sequence[MessageWrite]) -> Sequence[Written]:
        call = {"call": "write_messages", "room": room, "writes": [columns(each) for each in writes]}
        return [Written(each["fate"], _message(each["message"])) for each in await self._directly(call)]

    async def erase_messages(self, room: str, author: str, by: str, key: str, at: float) -> Erasure:
        call = {"call": "erase_messages", "room": room, "author": author, "by": by, "key": key, "at": at}
        return Erasure(**await self._directly(call))

    async def message_of_key(self, room: str, user_id: str, key: str) -> Message | None:
        call = {"call": "message_of_key", "room": room, "user_id": user_id, "key": key}
        return _message(await self._directly(call))

    async def messages(self, room: str, reader: Reader, limit: int, before: str | None = None) -> MessagePage:
        in_charge = reader.in_charge or reader.user_id is None
        call = {"call": "messages", "room": room, **columns(reader), "in_charge": in_charge}
        found = await self._directly(call | {"limit": limit + 1, "before": before})
        page = [message for each in found[-limit:] if (message := _message(each))]
        return MessagePage(page, len(found) > limit)

    async def messages_after(
        self, room: str, reader: Reader, limit: int, after: Message | None = None
    ) -> Sequence[Message]:
        in_charge = reader.in_charge or reader.user_id is None
        call = {
            "call": "messages_after",
            "room": room,
            **columns(reader),
            "in_charge": in_charge,
            "limit": limit,
        }
        if after is not None:
            call |= {"at": after.at, "id": after.id}
        return [message for each in await self._take_time(call) if (message := _message(each))]

    async def forget_messages(self, unkept_before: float, kept_before: float) -> int:
        call = {"call": "forget_messages", "unkept_before": unkept_before, "kept_before": kept_before}
        return int(await self._take_time(call))


def _message(row: Mapping[str, Any] | None) -> Message | None:
    return None if row is None else Message(**{**row, **{name: time(row[name]) for name in _TIMES}})
