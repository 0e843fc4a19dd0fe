"""People who come and go without end and do not give up on a store that is down, and what they were told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import TypeVar

from storage.errors import StoreUnavailable
from storage.records import Joined, StayEnd
from storage.store import Store
from tests.storage.script import NODE, request

T = TypeVar("T")

LEFT_AT = 1010.0

LONGEST = 10.0
"""Seconds after which clients give up on an answer: longer must nothing take that is meant for them."""


@dataclass
class Told:
    """What one of them was told by the store, and so may rely on."""

    joined: Joined
    left: bool = False


class Crowd:
    """`callers` at once join one meeting, each as one new user after the other; every second one leaves again.

    async with Crowd(store) as crowd:
        await crowd.acknowledged(200)       # since the last time
    await crowd.check()
    """

    def __init__(self, store: Store, *, room: str = "ROOM-1", callers: int = 40) -> None:
        self.store = store
        self.room = room
        self.told: dict[str, Told] = {}
        self._callers = callers
        self._users = (f"user-{number}" for number in count())
        self._news = asyncio.Condition()
        self._since: deque[str] = deque()
        self._stopping = False

    async def acknowledged(self, joins: int) -> None:
        """Wait for so many more joins."""
        self._since.clear()
        async with self._news:
            await self._news.wait_for(lambda: len(self._since) >= joins)

    async def check(self) -> None:
        """The record holds what they were told: nobody is missing, nobody twice."""
        people = (await self.store.attendance(self.room)).participants
        stays = {person.user_id: stays for person, stays in people}
        assert len(stays) == len(people)
        assert [told.joined.created for told in self.told.values()].count(True) == 1
        assert not any(told.joined.rejoined or told.joined.continued for told in self.told.values())
        for user, told in self.told.items():
            (stay,) = stays[user]
            assert stay.session_id == told.joined.stay.session_id
            assert stay.connections == 1
            assert (stay.left_at == LEFT_AT) is told.left

    async def __aenter__(self) -> Crowd:
        self._tasks = [asyncio.create_task(self._come_and_go()) for _ in range(self._callers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Everybody finishes what they are at."""
        self._stopping = True
        if error is not None:
            for task in self._tasks:
                task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        if error is None:
            assert results == [None] * self._callers

    async def _come_and_go(self) -> None:
        while not self._stopping:
            wanted = request(next(self._users), room=self.room)
            joined = await self._persist(lambda wanted=wanted: self.store.join(wanted))  # type: ignore[misc]
            told = self.told[wanted.user_id] = Told(joined)
            self._since.append(wanted.user_id)
            async with self._news:
                self._news.notify_all()
            if len(self.told) % 2:
                stay = joined.stay
                end = StayEnd(
                    self.room, wanted.user_id, stay.participant_id, stay.session_id, NODE, LEFT_AT, "left"
                )
                await self._persist(lambda end=end: self.store.leave(end))  # type: ignore[misc]
                told.left = True

    async def _persist(self, call: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await call()
            except StoreUnavailable:
                # As a server would; it is not told when the database is back.
                await asyncio.sleep(0.05)


async def works_again(store: Store) -> None:
    """Return once the store works. It has as long as clients wait for an answer."""
    async with asyncio.timeout(LONGEST):
        while True:
            try:
                return await store.ping()
            except StoreUnavailable:
                await asyncio.sleep(0.05)
