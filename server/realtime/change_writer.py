"""Records what those in charge change, and says when the store has it. Retries while the store is unavailable.

    record() ─► one queue per room, in order ─► store ─► settled()

A join of the room waits until what is in its queue is recorded (`settle`), so the store decides it by all changes that
were made before it. What is made meanwhile does not hold it up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec
import structlog

from server.realtime.chat_writer import ChatWriter
from server.realtime.room_queues import RoomQueue, RoomQueues
from server.realtime.write_guard import WriteGuard
from server.runtime.metrics import Metrics
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.change import Change, Outcome, Recorded, Unsettled
from storage import moderation
from storage.chat import Chat
from storage.errors import MeetingEnded, Outdated, StoreUnavailable, UnknownMeeting
from storage.moderation import Moderation

log = structlog.get_logger()

LIMIT = 10_000
"""Changes kept while the store is unavailable. Beyond this, new ones are refused."""

LIMIT_OF_ROOM = 1000
"""The same of one room, so that others can go on."""

RETRY_FIRST, RETRY_MOST = 0.2, 5.0


class Recording(Moderation, Chat, Protocol):
    """What is asked of a store here."""


class ChangeWriter:
    """`node`: this process, as the record knows it; `now`: the time by the record's clock. `settled` is called with
    each change once the store has answered."""

    def __init__(
        self,
        store: Recording,
        metrics: Metrics,
        *,
        now: Callable[[], float],
        node: str = "",
        guard: WriteGuard | None = None,
    ) -> None:
        self.settled: Callable[[Unsettled, Outcome], None] = lambda unsettled, outcome: None
        self._store = store
        self._metrics = metrics
        self._node = node
        self.now = now
        self._queues = RoomQueues(self._write_all, LIMIT, LIMIT_OF_ROOM)
        self.guard = guard or WriteGuard()
        self.guard.tells(self._forget)
        self._chat = ChatWriter(store, metrics, self._settle, self.guard)
        self._awaited: dict[int, asyncio.Future[Outcome]] = {}
        self.held_up: Callable[[str, float], Awaitable[bool]] | None = None
        """Waits until all that has happened in a room is here, if that takes a while (`server.sharing`)."""
        metrics.unrecorded_changes = lambda: self._queues.count

    @property
    def count(self) -> int:
        return self._queues.count + self._chat.count

    def record(self, unsettled: Unsettled) -> None:
        if unsettled.change.chat is not None:
            self._chat.record(unsettled)
            return
        if not self._queues.add(self.now(), unsettled):
            self._settle(unsettled, Refused(ErrorCode.UNAVAILABLE, retry_after=RETRY_MOST))

    def refuse(self, unsettled: Unsettled) -> None:
        """It is not recorded: whoever asks again will be heard."""
        self._settle(unsettled, Refused(ErrorCode.UNAVAILABLE, retry_after=RETRY_FIRST))

    def _forget(self, room: str) -> None:
        for unsettled in [*self._queues.forget(room), *self._chat.forget(room)]:
            self.refuse(unsettled)

    def outcome_of(self, unsettled: Unsettled) -> asyncio.Future[Outcome]:
        """What the store will answer. Ask before `record` is called."""
        return self._awaited.setdefault(id(unsettled), asyncio.get_running_loop().create_future())

    def _settle(self, unsettled: Unsettled, outcome: Outcome) -> None:
        self.settled(unsettled, outcome)
        awaited = self._awaited.pop(id(unsettled), None)
        if awaited is not None and not awaited.done():
            awaited.set_result(unsettled.answer(outcome))

    async def settle(self, room: str, within: float) -> bool:
        """Wait until all changes that the room has now are recorded; False if that takes longer than `within`
        seconds."""
        return await self._all_is_here(room, within) and await self._queues.settle(room, within)

    async def settle_chat(self, room: str, within: float) -> bool:
        """The same of what was written in the chat."""
        return await self._all_is_here(room, within) and await self._chat.settle(room, within)

    async def _all_is_here(self, room: str, within: float) -> bool:
        return self.held_up is None or await self.held_up(room, within)

    def is_behind(self, room: str) -> bool:
        """Whether the room has changes that are not recorded; also right after `settle`, if there are later ones."""
        return room in self._queues.of

    async def settle_all(self, within: float) -> None:
        """Wait until all changes of all rooms are recorded; at most `within` seconds."""
        await asyncio.gather(self._chat.settle_all(within), self._queues.settle_all(within))

    async def close(self, within: float) -> None:
        """Try for `within` more seconds to record what is left, then stop."""
        _, left = await asyncio.gather(self._chat.close(within), self._queues.close(within))
        if left:
            log.warning("changes left unrecorded, nobody was told that they are", count=left)

    async def _write_all(self, room: str, queue: RoomQueue) -> None:
        delay, is_new = RETRY_FIRST, True
        while queue.changes:
            at, unsettled = queue.changes[0]
            if is_new and not unsettled.told:
                # It takes effect with the record, not when it was commanded.
                at = self.now()
                queue.changes[0] = at, unsettled
            is_new = False
            try:
                outcome = await self._write(at, unsettled)
            except StoreUnavailable:
                await asyncio.sleep(delay)
                delay = min(RETRY_MOST, delay * 2)
                continue
            if not queue.changes:
                # Somebody else has the room by now.
                return
            delay, is_new = RETRY_FIRST, True
            # Whoever is told now may join at once.
            self._queues.pop(room)
            self._settle(unsettled, outcome)

    async def _write(self, at: float, unsettled: Unsettled) -> Outcome:
        context = {
            "meeting": unsettled.room,
            "action": unsettled.change.action,
            "by": unsettled.actor.participant,
        }
        try:
            self.guard.check()
            changed = await self._store.change(recorded(unsettled, at, self._node))
        except Outdated:
            return Refused(ErrorCode.CHANGED)
        except MeetingEnded:
            return Refused(ErrorCode.MEETING_ENDED)
        except UnknownMeeting:
            return Refused(ErrorCode.UNKNOWN_MEETING)
        except StoreUnavailable:
            raise
        except Exception:
            # A retry would not help, and the changes behind it should not wait for ever.
            self._metrics.given_up += 1
            log.exception("change could not be recorded", **context)
            return Refused(ErrorCode.UNAVAILABLE)
        # Made at that very moment, it was made by this call before, whose answer was lost; and since it was commanded,
        # by that of whoever had the room then. Nobody was told of it.
        is_new = changed.at == at or (unsettled.anew and changed.at >= unsettled.since)
        again = changed.again and not is_new
        log.info("meeting changed", again=again, **context)
        return Recorded(again, changed.settings, changed.revision)


def recorded(unsettled: Unsettled, at: float, node: str) -> moderation.Change:
    """The change as the store takes it."""
    change, actor = unsettled.change, unsettled.actor
    return moderation.Change(
        room=unsettled.room,
        by="" if actor.standing == "admin" else actor.user_id,
        key=unsettled.key,
        at=at,
        action=change.action,
        whom=change.whom[0] if len(change.whom) == 1 else "",
        detail=_detail(change),
        settings=change.settings,
        revision=change.if_revision,
        host=change.host,
        roles={user: role for user, role in change.roles.items() if role != "host"},
        may={user: msgspec.to_builtins(rights) for user, rights in change.may.items()},
        remove=change.remove,
        readmit=change.readmit,
        admit=change.admit,
        deny=change.deny,
        name=change.name,
        node=node,
    )


def _detail(change: Change) -> Mapping[str, Any]:
    """What the audit says of it besides; never a password's hash."""
    detail: dict[str, Any] = {}
    if len(change.whom) > 1:
        detail["users"] = list(change.whom)
    if change.names:
        detail["names"] = dict(change.names)
    if change.settings is not None:
        told = {name: value for name, value in change.settings.items() if name != "password_version"}
        if "password_hash" in told:
            told["password"] = told.pop("password_hash") is not None
        detail["settings"] = told
    if change.host is not None:
        detail["role"] = "host"
    for role in change.roles.values():
        detail["role"] = role
    for back in change.remove.values():
        detail["back"] = back
    if change.may:
        detail["may"] = {user: msgspec.to_builtins(rights) for user, rights in change.may.items()}
    return detail
