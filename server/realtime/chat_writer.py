"""Records what people write, and says when the store has it. Retries while the store is unavailable.

    record() ─► one queue per room, in order ─► store, many at once ─► settled()

Joins do not wait for it, nor it for what those in charge change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice

import structlog

from server.realtime.room_queues import RoomQueue, RoomQueues
from server.realtime.write_guard import WriteGuard
from server.runtime.metrics import Metrics
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms import permissions
from signalling.rooms.change import ChatChange, Erased, Outcome, Posted, Recorded, Unsettled
from signalling.rooms.chat_rules import DELETED
from storage.chat import (
    Chat,
    Message,
    MessageDeletion,
    MessageEdit,
    MessageWrite,
    NewMessage,
    Written,
)
from storage.errors import StoreUnavailable, UnknownMeeting

log = structlog.get_logger()

LIMIT = 10_000
"""Messages kept while the store is unavailable. Beyond this, new ones are refused."""

LIMIT_OF_ROOM = 2000

BATCH = 64
"""Messages of one room that are written at once."""

GATHER = 0.02
"""Most seconds that a write waits for others, while every turn of the event loop brings more of them. A transaction
costs ten times what a message in it does."""

RETRY_FIRST, RETRY_MOST = 0.2, 5.0


class ChatWriter:
    """`settled` is called with each once the store has answered."""

    def __init__(
        self,
        store: Chat,
        metrics: Metrics,
        settled: Callable[[Unsettled, Outcome], None],
        guard: WriteGuard,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._settled = settled
        self._queues = RoomQueues(self._write_all, LIMIT, LIMIT_OF_ROOM)
        self._guard = guard
        self.settle, self.settle_all = self._queues.settle, self._queues.settle_all
        self.forget = self._queues.forget
        metrics.unrecorded_messages = lambda: self.count

    @property
    def count(self) -> int:
        return self._queues.count

    def record(self, unsettled: Unsettled) -> None:
        if not self._queues.add(0.0, unsettled):
            self._settled(unsettled, Refused(ErrorCode.UNAVAILABLE, retry_after=RETRY_MOST))

    async def close(self, within: float) -> None:
        """Try for `within` more seconds to record what is left, then stop."""
        if left := await self._queues.close(within):
            log.warning("messages left unrecorded, their authors were not told that they are", count=left)

    async def _write_all(self, room: str, queue: RoomQueue) -> None:
        delay = RETRY_FIRST
        while queue.changes:
            await _gather(queue)
            batch = _batch(queue)
            try:
                outcomes = await self._write(room, batch) if batch else []
            except StoreUnavailable:
                await asyncio.sleep(delay)
                delay = min(RETRY_MOST, delay * 2)
                continue
            if not queue.changes:
                # Somebody else has the room by now.
                return
            delay = RETRY_FIRST
            for unsettled, outcome in zip(batch, outcomes, strict=True):
                self._queues.pop(room)
                self._settled(unsettled, outcome)

    async def _write(self, room: str, batch: Sequence[Unsettled]) -> Sequence[Outcome]:
        try:
            self._guard.check()
            if _is_asked_for(batch[0]):
                return [await self._look_up(room, batch[0])]
            if _post(batch[0]).kind == "erase":
                return [await self._erase(room, batch[0])]
            found = await self._store.write_messages(room, [_as_stored(each) for each in batch])
        except UnknownMeeting:
            return [Refused(ErrorCode.UNKNOWN_MEETING)] * len(batch)
        except StoreUnavailable:
            raise
        except Exception:
            if len(batch) > 1:
                # The others are not to suffer for one of them.
                return [outcome for each in batch for outcome in await self._write(room, [each])]
            # A retry would not help, and those behind it should not wait for ever.
            self._metrics.given_up += 1
            log.exception("a message could not be recorded", meeting=room)
            return [Refused(ErrorCode.UNAVAILABLE)]
        return [_outcome(_post(each), written) for each, written in zip(batch, found, strict=True)]

    async def _look_up(self, room: str, unsettled: Unsettled) -> Outcome:
        found = await self._store.message_of_key(room, unsettled.actor.user_id, unsettled.key)
        if found is None:
            return Refused(ErrorCode.CHANGED)
        if not _is_the_same(found, _post(unsettled)):
            return Refused(ErrorCode.BAD_MESSAGE, USED)
        return Recorded(again=True)

    async def _erase(self, room: str, unsettled: Unsettled) -> Outcome:
        post = _post(unsettled)
        by = unsettled.actor.user_id
        found = await self._store.erase_messages(room, post.author, by, unsettled.key, post.at)
        # Made at that very moment, it was made by this call before, whose answer was lost.
        again = found.at != post.at
        is_new = bool(found.messages) and not again
        return Recorded(
            again, erased=Erased(frozenset(found.messages), found.until, found.deleted_by, is_new)
        )


def _is_the_same(found: Message, said: ChatChange) -> bool:
    if said.id:
        return found.id == said.id
    # Whom it was for is not known any more.
    is_changed = found.edited_at is not None or found.deleted_at is not None
    return is_changed or (found.text, found.reply_to) == (said.text, said.reply_to)


USED = "This key is that of another message."
ANOTHERS = "Only its author may do this to a message."
TOO_LATE = "A message can be edited for 15 minutes."


async def _gather(queue: RoomQueue) -> None:
    """Wait until nothing more comes in a turn of the loop: in a quiet server one turn."""
    loop = asyncio.get_running_loop()
    until, count = loop.time() + GATHER, 0
    while count < len(queue.changes) < BATCH and loop.time() < until:
        count = len(queue.changes)
        await asyncio.sleep(0)


def _batch(queue: RoomQueue) -> list[Unsettled]:
    """The first of them: one that is looked up, or erases, stands alone."""
    batch: list[Unsettled] = []
    for _, unsettled in islice(queue.changes, BATCH):
        if _is_asked_for(unsettled) or _post(unsettled).kind == "erase":
            return batch or [unsettled]
        batch.append(unsettled)
    return batch


def _is_asked_for(unsettled: Unsettled) -> bool:
    return unsettled.again and not unsettled.told and _post(unsettled).kind == "say"


def _post(unsettled: Unsettled) -> ChatChange:
    if unsettled.change.chat is None:
        raise ValueError("nothing of the chat")
    return unsettled.change.chat


def _as_stored(unsettled: Unsettled) -> MessageWrite:
    post, user_id = _post(unsettled), unsettled.actor.user_id
    match post.kind:
        case "say":
            return NewMessage(
                post.id, user_id, unsettled.key, post.text, post.at, post.to_user, post.reply_to
            )
        case "edit":
            return MessageEdit(post.id, user_id, post.text, post.at, post.only_to)
        case "delete":
            return MessageDeletion(post.id, user_id, post.at, post.any_author)
        case "erase":
            raise ValueError("it stands alone")


def _outcome(post: ChatChange, written: Written) -> Outcome:
    found = written.message
    match written.fate:
        case "unknown":
            return Refused(ErrorCode.UNKNOWN_MESSAGE)
        case "forbidden":
            return Refused(ErrorCode.FORBIDDEN, ANOTHERS)
        case "late":
            return Refused(ErrorCode.FORBIDDEN, TOO_LATE)
        case "elsewhere":
            return Refused(ErrorCode.FORBIDDEN, permissions.TO_HOSTS_ALONE)
        case "used":
            return Refused(ErrorCode.BAD_MESSAGE, USED)
    if found is None:
        return Recorded(again=False)
    if post.kind != "say":
        # Made at that very moment, it was made by this call before, whose answer was lost.
        is_new = post.at == (found.edited_at if post.kind == "edit" else found.deleted_at)
        return Recorded(again=False, posted=Posted(found.user_id, found.to_user, found.deleted_by, is_new))
    if found.at == post.at:
        # Made at that very moment, it was made by this call before, whose answer was lost.
        return Recorded(again=False)
    if found.deleted_at is not None:
        return Refused(ErrorCode.BAD_MESSAGE, DELETED)
    return Recorded(again=True)
