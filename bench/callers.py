"""Callers of a store: each joins, has its answer checked, and joins again.

Of a caller's joins every other one is of someone new, fifty to a meeting, whose first one creates it. The others are of
a participant who is there already, one of the last hundred the caller brought in, with a new page, as after a reload:
participant and stay have to be the same as before. Nobody leaves.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Protocol

from bench.clients import LoadError
from storage.records import Joined, JoinRequest

PEOPLE = 50
REMEMBERED = 100
GRACE = 30.0

_numbers = itertools.count()


class Joining(Protocol):
    """What is asked of a store here."""

    async def join(self, request: JoinRequest) -> Joined: ...


class Caller:
    def __init__(self, store: Joining, number: int) -> None:
        self._store = store
        self._joins = 0
        self._number = number
        self._chance = Random(number)  # noqa: S311 - no secret
        self._known: deque[Joined] = deque(maxlen=REMEMBERED)

    async def call(self, until: float) -> list[float]:
        """Join again and again; answers how many seconds each took."""
        waits = []
        began = time.perf_counter()
        while began < until:
            if self._joins % 2:
                await self._return()
            else:
                await self._arrive()
            self._joins += 1
            ended = time.perf_counter()
            waits.append(ended - began)
            began = ended
        return waits

    async def _arrive(self) -> None:
        number = self._joins // 2
        request = self._request(f"ROOM-{self._number}-{number // PEOPLE}", f"u_{self._number}_{number}")
        joined = await self._store.join(request)
        first = number % PEOPLE == 0
        told = joined.created, joined.rejoined, joined.continued, joined.participant.role
        if told != (first, False, False, "host" if first else "participant"):
            raise LoadError(f"someone new was answered {joined}")
        self._known.append(joined)

    async def _return(self) -> None:
        before = self._chance.choice(self._known)
        person, stay = before.participant, before.stay
        joined = await self._store.join(self._request(person.room, person.user_id, stay.session_id))
        same = joined.participant.id == person.id and joined.stay.session_id == stay.session_id
        if not (same and joined.rejoined and joined.continued and joined.participant.role == person.role):
            raise LoadError(f"someone who was there was answered {joined}")

    def _request(self, room: str, user: str, session: str | None = None) -> JoinRequest:
        number = next(_numbers)
        return JoinRequest(
            room=room,
            user_id=user,
            name="Somebody",
            participant_id=f"p_{number:016}",
            session_id=f"s_{number:016}",
            instance=f"page{number:012}.j_{number:016}",
            node_id="n_bench",
            at=time.time(),
            previous_session=session,
            grace=GRACE,
            create=True,
        )


@dataclass(frozen=True)
class Run:
    """What came of a run: joins, all of them acknowledged and checked, and how long each took."""

    seconds: float
    waits: list[float]

    @property
    def joins(self) -> int:
        return len(self.waits)

    @property
    def rate(self) -> float:
        return self.joins / self.seconds

    def took(self, share: float) -> float:
        """The quantile of a join's time, in milliseconds."""
        return sorted(self.waits)[min(int(self.joins * share), self.joins - 1)] * 1000


class Callers:
    """`count` of them, at once."""

    def __init__(self, store: Joining, count: int) -> None:
        self._callers = [Caller(store, next(_numbers)) for _ in range(count)]

    async def run(self, seconds: float) -> Run:
        began = time.perf_counter()
        waits = await asyncio.gather(*(caller.call(began + seconds) for caller in self._callers))
        return Run(time.perf_counter() - began, [wait for each in waits for wait in each])
