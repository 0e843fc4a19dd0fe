"""Records since when hands are raised. Nobody waits for that: what a room says of its hands is in effect at once.

Of each hand only the latest state counts. While a write of a room is under way, its next one gathers. No room waits for
another of which a row is locked in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from msgspec import UNSET, UnsetType

from server.realtime.write_guard import WriteGuard
from server.runtime.happening import ends
from server.runtime.metrics import Metrics
from signalling.rooms.hands import RECORDED
from storage.errors import StoreUnavailable
from storage.moderation import Moderation

log = structlog.get_logger()

AT_ONCE = 64
"""Rooms that are written at once."""

RETRY_FIRST, RETRY_MOST = 0.2, 5.0


class HandWriter:
    """Keeps at most one state of each person who was in a room while the store was away."""

    def __init__(self, store: Moderation, metrics: Metrics, guard: WriteGuard) -> None:
        self._store = store
        self._metrics = metrics
        self._rooms: dict[str, dict[str, float | None]] = {}
        self._under_way: dict[str, RECORDED] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._guard = guard
        guard.tells(self.forget)
        metrics.unrecorded_hands = lambda: self.count

    @property
    def count(self) -> int:
        """Number of hands whose latest state is not recorded, at most."""
        return sum(len(hands) for rooms in (self._rooms, self._under_way) for hands in rooms.values())

    def unrecorded(self, room: str, user_id: str) -> float | UnsetType | None:
        """The state of the user's hand that the store may not have yet; UNSET if it has the latest."""
        for rooms in (self._rooms, self._under_way):
            if (hands := rooms.get(room)) and user_id in hands:
                return hands[user_id]
        return UNSET

    def record(self, changed: Mapping[str, RECORDED]) -> None:
        """By room and user, in place of what is to be written of them."""
        for room, hands in changed.items():
            self._rooms.setdefault(room, {}).update(hands)
            if room not in self._tasks:
                self._tasks[room] = asyncio.create_task(self._write_all(room))

    def forget(self, room: str) -> None:
        """Somebody else has it now, and records its hands."""
        self._rooms.pop(room, None)
        self._under_way.pop(room, None)

    async def close(self, within: float) -> None:
        """Try for `within` more seconds to write the rest, then stop."""
        await ends(list(self._tasks.values()), within)
        if self.count:
            log.warning("raised hands left unrecorded", count=self.count)

    async def _write_all(self, room: str) -> None:
        delay = RETRY_FIRST
        while room in self._rooms:
            async with self._at_once:
                # Somebody else may have the room by now.
                hands = self._under_way[room] = self._rooms.pop(room, {})
                is_done = not hands or await self._write(room, hands)
            former = self._under_way.pop(room, None)
            if not is_done and former is not None:
                # What has changed since counts for more.
                self._rooms[room] = {**former, **self._rooms.get(room, {})}
                await asyncio.sleep(delay)
                delay = min(RETRY_MOST, delay * 2)
            else:
                delay = RETRY_FIRST
        del self._tasks[room]

    async def _write(self, room: str, hands: RECORDED) -> bool:
        """False: the store is unavailable."""
        try:
            self._guard.check()
            await self._store.set_hands(room, hands)
        except StoreUnavailable:
            return False
        except Exception:
            # A retry would not help.
            self._metrics.given_up += 1
            log.exception("raised hands could not be recorded", meeting=room)
        return True
