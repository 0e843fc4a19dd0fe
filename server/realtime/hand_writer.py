"""Records since when hands are raised. Nobody waits for that: what a room says of its hands is in effect at once.

Of each hand only the latest state counts. While a write is under way, the next one gathers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import islice

import structlog
from msgspec import UNSET, UnsetType

from server.runtime.happening import ends
from server.runtime.metrics import Metrics
from signalling.rooms.hands import RECORDED
from storage.errors import StoreUnavailable
from storage.moderation import Moderation

log = structlog.get_logger()

BATCH = 64
"""Rooms that are written at once."""

RETRY_FIRST, RETRY_MOST = 0.2, 5.0


class HandWriter:
    """Keeps at most one state of each person who was in a room while the store was away."""

    def __init__(self, store: Moderation, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._rooms: dict[str, dict[str, float | None]] = {}
        self._under_way: dict[str, RECORDED] = {}
        self._writer: asyncio.Task[None] | None = None
        self.held_up: Callable[[], bool] = lambda: False
        """Whether others may have taken the rooms over: nothing is written until that is known."""
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
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    def forget(self, room: str) -> None:
        """Somebody else has it now, and records its hands."""
        self._rooms.pop(room, None)
        self._under_way.pop(room, None)

    async def close(self, within: float) -> None:
        """Try for `within` more seconds to write the rest, then stop."""
        if self._writer is not None:
            await ends([self._writer], within)
        if self.count:
            log.warning("raised hands left unrecorded", count=self.count)

    async def _write_all(self) -> None:
        delay = RETRY_FIRST
        while self._rooms:
            batch = dict(islice(self._rooms.items(), BATCH))
            self._under_way = {**batch}
            for room in batch:
                del self._rooms[room]
            answered = await asyncio.gather(*(self._write(room, hands) for room, hands in batch.items()))
            under_way, self._under_way = self._under_way, {}
            for (room, former), is_done in zip(batch.items(), answered, strict=True):
                if not is_done and room in under_way:
                    # What has changed since counts for more.
                    self._rooms[room] = {**former, **self._rooms.get(room, {})}
            if not all(answered):
                await asyncio.sleep(delay)
                delay = min(RETRY_MOST, delay * 2)
            else:
                delay = RETRY_FIRST

    async def _write(self, room: str, hands: RECORDED) -> bool:
        """False: the store is unavailable."""
        if self.held_up():
            return False
        try:
            await self._store.set_hands(room, hands)
        except StoreUnavailable:
            return False
        except Exception:
            # A retry would not help.
            self._metrics.given_up += 1
            log.exception("raised hands could not be recorded", meeting=room)
        return True
