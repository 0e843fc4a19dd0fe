"""Shows members what was written before. To each connection one page at a time, at the pace of `RATE`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import UNSET

from server.realtime.carrier import Carrier
from server.realtime.change_writer import ChangeWriter
from server.realtime.connection import Connection
from signalling.protocol import chat
from signalling.protocol.chat import HOSTS, ChatHistory
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import server_messages
from signalling.rooms.effects import Send
from signalling.rooms.hub import Hub
from signalling.rooms.member import rfc3339
from signalling.rooms.permissions import is_in_charge
from storage.chat import TO_HOSTS, Message, Reader
from storage.errors import StoreUnavailable
from storage.store import Store

RECORDED_WITHIN = 5.0
"""Seconds that what was written before has to be recorded in."""

ATTEMPTS = 5

MOST = 8
"""Pages that a connection may wait for. Beyond it, the answer is `busy`."""

RATE = 256 * 1024
"""Bytes a second, after the first page."""


class _Line:
    """The pages that a connection waits for. `free_at`: when it may have the next one (the loop's time)."""

    __slots__ = ("count", "free_at", "turn")

    def __init__(self) -> None:
        self.count = 0
        self.free_at = 0.0
        self.turn = asyncio.Lock()


class Histories:
    """`begin` starts what takes a while."""

    def __init__(
        self,
        hub: Hub,
        store: Store,
        changes: ChangeWriter,
        carrier: Carrier,
        begin: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._hub = hub
        self._store = store
        self._changes = changes
        self._carrier = carrier
        self._begin = begin
        self._lines: dict[Connection, _Line] = {}

    def show(self, connection: Connection, asked: ChatHistory) -> asyncio.Task[None] | None:
        """None: whoever asks is in no room, as the hub will say."""
        seat = self._hub.seated(connection)
        return None if seat is None else self._begin(self._in_turn(connection, asked, seat.room.id))

    async def _in_turn(self, connection: Connection, asked: ChatHistory, room_id: str) -> None:
        loop = asyncio.get_running_loop()
        line = self._lines.setdefault(connection, _Line())
        if line.count >= MOST:
            self._carrier.refuse(connection, Refused(ErrorCode.BUSY, retry_after=1.0), asked.id)
            return
        line.count += 1
        try:
            async with line.turn:
                if (wait := line.free_at - loop.time()) > 0:
                    await asyncio.sleep(wait)
                line.free_at = loop.time() + await self._show(connection, asked, room_id) / RATE
        finally:
            line.count -= 1
            if not line.count:
                loop.call_at(line.free_at, self._forget, connection, line.free_at)

    def _forget(self, connection: Connection, free_at: float) -> None:
        line = self._lines.get(connection)
        if line is not None and not line.count and line.free_at == free_at:
            del self._lines[connection]

    async def _show(self, connection: Connection, asked: ChatHistory, room_id: str) -> int:
        """Returns the bytes of the answer."""
        try:
            payload = await self._page(connection, asked, room_id)
        except StoreUnavailable as error:
            refused = Refused(ErrorCode.UNAVAILABLE, retry_after=error.retry_after)
            self._carrier.refuse(connection, refused, asked.id)
        except Refused as refused:
            self._carrier.refuse(connection, refused, asked.id)
        else:
            if payload is not None:
                self._carrier.carry_out([Send(connection, payload)])
                return len(payload)
        return 0

    async def _page(self, connection: Connection, asked: ChatHistory, room_id: str) -> bytes | None:
        """None: nobody is there any more to be shown it."""
        for _ in range(ATTEMPTS):
            # All that was told before this, and is not in the answer, follows it.
            if not await self._changes.settle_chat(room_id, RECORDED_WITHIN):
                break
            seat = self._hub.seated(connection)
            if seat is None:
                return None
            room, member = seat.room, seat.member
            changes = room.chat_changes
            since = None
            if room.settings.chat_history == "joined":
                person = await self._store.participant(room_id, member.user_id)
                since = None if person is None else person.first_joined_at
            reader = Reader(member.user_id, is_in_charge(member.role), since)
            page = await self._store.messages(room_id, reader, asked.limit, asked.before)
            if self._hub.seated(connection) is not seat or room.chat_changes != changes:
                # What was deleted meanwhile may be in it; or the room goes on elsewhere.
                continue
            if page.messages:
                self._hub.chatting.learn(room, page.messages[-1].at)
            return server_messages.chat_page(asked.id, [view(each) for each in page.messages], more=page.more)
        raise Refused(ErrorCode.UNAVAILABLE, retry_after=1.0)


def view(message: Message) -> chat.Message:
    """As clients are shown it."""
    to = HOSTS if message.to_user == TO_HOSTS else message.to
    return chat.Message(
        message.id,
        message.participant,
        message.name,
        message.text,
        rfc3339(message.at),
        UNSET if to is None else to,
        UNSET if message.reply_to is None else message.reply_to,
        UNSET if message.edited_at is None else rfc3339(message.edited_at),
        UNSET if message.deleted_at is None else message.deleted_by,
    )
