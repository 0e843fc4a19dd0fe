"""The real SQLite calls on a database in memory, without threads: slow, away, or silent about what it did.

It outlives the servers. Calls overtake one another, as they may with a pool of connections.
"""

from __future__ import annotations

import asyncio
import functools
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from storage.errors import StoreUnavailable
from storage.migrations import load_migrations
from storage.moderation import Change, Changed, Invite, NewInvite
from storage.open_stays import StayAbandon
from storage.records import Joined, JoinRequest, Participant, Restorable, StayEnd, StayResume
from storage.sqlite import meetings, moderation
from storage.sqlite.database_file import migrate
from storage.sqlite.store import SqliteStore
from storage.sqlite.transactions import run_batch
from tests.simulation.clock import sent
from tests.simulation.journal import Journal

T = TypeVar("T")


HANGS = 5.0
"""Seconds that a call waits at most."""


@functools.cache
def _empty() -> bytes:
    """A database that is up to date and holds nothing."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, load_migrations("sqlite"))
    return connection.serialize()


class Unkept(NamedTuple):
    user_id: str
    at: float


class MemoryStore(SqliteStore):
    """`latency`: seconds a call takes, half of them before it is done. `away`, `hangs`, `forgets` and `loses` are its
    faults."""

    def __init__(self, chance: random.Random, chance_of_hands: random.Random) -> None:
        """Chance is apart for what nobody waits for: without it, a run is as with it."""
        super().__init__(Path(":memory:"))
        self.connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        self.connection.deserialize(_empty())
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.journal = Journal()
        self._chance = chance
        self._chance_of_hands = chance_of_hands
        self.latency = chance.choice((0.001, 0.01, 0.05, 0.3))
        self.away = False
        """Every call fails."""
        self.forgets = False
        """Every call is done, and fails."""
        self.hangs = False
        """Calls wait, five seconds at most, as for another process' lock."""
        self.loses = False
        """What becomes of stays is answered as if it were kept, and is not: as by a database whose disk lies, or whose
        standby takes over without the last of it."""
        self.restored: dict[str, Participant] = {}
        """Those who were said to be restorable last, by participant."""
        self.restored_as: dict[str, str] = {}
        """By participant, the instances that they had."""
        self.unanswered: list[Unkept] = []
        """Joins that may have been carried out, each with the time when it was asked for."""
        self.unkept: list[Unkept] = []
        """What was lost so, or dropped before it came here."""

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def change(self, change: Change) -> Changed:
        return await self._write(functools.partial(self.journal.change, change=change))

    async def join(self, request: JoinRequest) -> Joined:
        asked = asyncio.get_running_loop().time()
        try:
            # A refusal is raised.
            return cast(Joined, await self._write(functools.partial(self.journal.join, request=request)))
        except StoreUnavailable:
            self.unanswered.append(Unkept(request.user_id, asked))
            raise

    async def revoke(self, user_id: str, before: float, forget: float, at: float) -> None:
        work = functools.partial(self.journal.revoke, user_id=user_id, before=before, forget=forget, at=at)
        await self._write(work)

    async def make_invite(self, invite: NewInvite) -> Invite:
        return await self._write(functools.partial(self.journal.make_invite, invite=invite))

    async def leave(self, end: StayEnd) -> None:
        if not await self._is_lost(end.user_id):
            await super().leave(end)

    async def resume_stay(self, resume: StayResume) -> None:
        if not await self._is_lost(resume.user_id):
            await super().resume_stay(resume)

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        if not await self._is_lost(abandon.user_id):
            await super().abandon_stay(abandon)

    async def restorable(self, now: float, grace: float, slack: float) -> Sequence[Restorable]:
        found = await super().restorable(now, grace, slack)
        self.restored = {each.participant.id: each.participant for each in found}
        self.restored_as = {each.participant.id: each.stay.instance for each in found}
        return found

    async def set_hands(self, room: str, hands: Mapping[str, float | None]) -> None:
        work = functools.partial(moderation.set_hands, room=room, hands=hands)
        await self._write(work, self._chance_of_hands)

    async def others_see_engine(self, node_id: str, since: float) -> bool:
        work = functools.partial(meetings.others_see_engine, node_id=node_id, since=since)
        return await self._write(work, self._chance_of_hands)

    async def _is_lost(self, user_id: str) -> bool:
        if not self.loses:
            return False
        await self._pass_time()
        self.drop(user_id)
        return True

    def drop(self, user_id: str) -> None:
        """Something about the user is not kept."""
        self.unkept.append(Unkept(user_id, asyncio.get_running_loop().time()))

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._write(work)

    async def _write(self, work: Callable[[sqlite3.Connection], T], chance: random.Random | None = None) -> T:
        outcome = await self._sent(work, chance or self._chance)
        await self._pass_time(chance)
        if self.forgets or self.away:
            raise StoreUnavailable("the store went away before it answered")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _sent(self, work: Callable[[sqlite3.Connection], T], chance: random.Random) -> T | Exception:
        """What is on its way to the store comes there, whoever is stopped meanwhile."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T | Exception] = loop.create_future()
        context = sent()

        def comes(waited: float) -> None:
            if answer.cancelled():
                return
            if self.hangs:
                if waited < HANGS:
                    loop.call_later(0.1, comes, waited + 0.1, context=context)
                else:
                    answer.set_exception(StoreUnavailable("the store is busy"))
            elif self.away:
                answer.set_exception(StoreUnavailable("the store is away"))
            else:
                (outcome,) = run_batch(self.connection, "BEGIN IMMEDIATE", [work])
                answer.set_result(cast(T | Exception, outcome))

        loop.call_later(chance.random() * self.latency, comes, 0.0, context=context)
        return await answer

    async def _pass_time(self, chance: random.Random | None = None) -> None:
        await asyncio.sleep((chance or self._chance).random() * self.latency)
        waited = 0.0
        # Slept through in steps: an event would wake up callers that were killed meanwhile.
        while self.hangs:
            if waited >= HANGS:
                raise StoreUnavailable("the store is busy")
            await asyncio.sleep(0.1)
            waited += 0.1
