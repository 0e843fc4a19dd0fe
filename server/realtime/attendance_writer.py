"""Records the ends and returns of stays in the store. Retries while the store is unavailable.

    record() ─► one queue per person, oldest first ─► the heads of up to 256 queues at once ─► store
                                                        └── a row is locked ──► its room is put aside

One task writes while there are entries. Only one entry per person is being written at a time, so that a return is never
recorded before the leave that precedes it. A join of the same person waits until the queue is empty (`settle`).
The store puts the entries of one batch into one transaction. While somebody else has a row of a meeting locked there,
its people wait apart, and nobody else does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from itertools import islice
from typing import Any

import structlog

from server.realtime.unwritten_stays import Entry, Line, Person, StayAbandoned
from server.realtime.write_guard import NotNow, WriteGuard
from server.runtime.happening import ends, happens
from server.runtime.metrics import Metrics
from signalling.rooms.effects import StayEnded, StayResumed
from storage.errors import RowLocked, StoreUnavailable
from storage.open_stays import StayAbandon
from storage.records import StayEnd, StayResume
from storage.store import Store

log = structlog.get_logger()

LIMIT = 50_000
"""Entries kept while the store is unavailable. Beyond this, new entries are dropped; `server.realtime.reconciling`
finds the difference later, or the next start closes their stays at this node's last heartbeat."""

BATCH = 256
RETRY_FIRST, RETRY_MOST = 0.2, 5.0

LOCKED_MOST = 1.0
"""The same for a row that is locked: when it is free, its people want to come in."""


class _Outage:
    """When the store became unavailable and when it came back (the loop's time), and the entries `written` since."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.until: float | None = None
        self.written = 0


class AttendanceWriter:
    """`at` converts a time of the hub's clock to the record's clock."""

    def __init__(
        self,
        store: Store,
        node_id: str,
        metrics: Metrics,
        *,
        limit: int = LIMIT,
        at: Callable[[float], float] = lambda moment: moment,
        guard: WriteGuard | None = None,
    ) -> None:
        self._store = store
        self._node_id = node_id
        self._metrics = metrics
        self._limit = limit
        self._at = at
        self._lines: dict[Person, Line] = {}
        # Dictionaries keep their order: after a person's turn, they go to the end.
        self._turns: dict[Person, None] = {}
        self._aside: dict[str, dict[Person, None]] = {}
        """Who has something to write in rooms of which a row is locked."""
        self._count = 0
        self._dropped = 0
        self._writer: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._outage: _Outage | None = None
        self._closing = asyncio.Event()
        self.held_up: Callable[[str, float], Awaitable[bool]] | None = None
        """Waits until all that has happened in a room is here, if that takes a while (`server.sharing`)."""
        self.guard = guard or WriteGuard()
        """For who is back here. What has ended, has ended."""
        self.guard.tells(self._forget_returns)
        metrics.unrecorded = lambda: self.count

    @property
    def count(self) -> int:
        """Number of unwritten entries."""
        return self._count

    def record(self, entry: Entry) -> None:
        # An abandoned stay can be found again, so half the limit is reserved for what people did.
        limit = self._limit // 2 if isinstance(entry, StayAbandoned) else self._limit
        if self._count >= limit:
            self._drop()
            return
        if entry.at is not None:
            # Convert now, as its beginning was: the record's clock may be set before the entry is written.
            entry = entry._replace(at=self._at(entry.at))
        person = entry.room, entry.user_id
        line = self._lines.get(person)
        if line is None:
            line = self._lines[person] = Line()
            self._takes_turns(person)
        if line.add(entry):
            self._count += 1
            self._go_on()

    def _forget_returns(self, room: str) -> None:
        """Another process has the room now, and records under its own name who is in it."""
        for (of, _), line in self._lines.items():
            if of == room:
                line.elsewhere = len(line.entries)

    def has_to_write(self, room: str, user_id: str) -> bool:
        """Whether this person has unwritten entries."""
        return (room, user_id) in self._lines

    async def settle(self, room: str, user_id: str, within: float) -> bool:
        """Wait until this person's entries are written; False if that takes longer than `within` seconds."""
        if self.held_up is not None and not await self.held_up(room, within):
            return False
        line = self._lines.get((room, user_id))
        return line is None or await happens(line.written, within)

    async def settle_all_of(self, user_id: str, within: float) -> None:
        """Wait until this user's entries are written, in all meetings; at most `within` seconds."""
        lines = [line.written for (_, user), line in self._lines.items() if user == user_id]
        await asyncio.gather(*(happens(written, within) for written in lines))

    async def settle_room(self, room: str, within: float) -> None:
        """Wait until the entries of all in the room are written; at most `within` seconds."""
        lines = [line.written for (of, _), line in self._lines.items() if of == room]
        await asyncio.gather(*(happens(written, within) for written in lines))

    async def close(self, within: float) -> None:
        """Try for `within` more seconds to write the remaining entries, then stop."""
        # Cuts the current retry delay short; later delays are RETRY_FIRST.
        self._closing.set()
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while self._tasks:
            # A room that was aside is written with the others again.
            await ends(self._tasks, max(0.0, until - loop.time()))
        if self._count:
            log.warning("stays left unrecorded, the next start closes them", count=self._count)

    async def _write_all(self) -> None:
        delay, held_back = RETRY_FIRST, 0
        while self._turns:
            batch = list(islice(self._turns, BATCH))
            outcomes = await asyncio.gather(*(self._try(person) for person in batch))
            unavailable: StoreUnavailable | None = None
            for person, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, NotNow):
                    held_back += 1
                    # Behind those who may be written.
                    self._takes_turns(person)
                    continue
                held_back = 0
                if outcome is None:
                    self._done(person)
                elif isinstance(outcome, RowLocked):
                    self._put_aside(person[0])
                else:
                    unavailable = outcome
            if unavailable is not None:
                self._away(unavailable)
            elif held_back < len(batch):
                delay = RETRY_FIRST
                self._back()
                continue
            elif held_back < len(self._turns):
                # All of this batch, and not yet of all.
                continue
            held_back = 0
            await self._pause(delay)
            delay = min(RETRY_MOST, delay * 2)

    async def _write_locked(self, room: str) -> None:
        """Try the first entry of a room until its row is free."""
        delay, people = RETRY_FIRST, self._aside[room]
        while True:
            await self._pause(delay)
            delay = min(LOCKED_MOST, delay * 2)
            person = next(iter(people))
            outcome = await self._try(person)
            if not isinstance(outcome, RowLocked):
                break
        if outcome is None:
            self._done(person)
            log.info("no longer locked in the store", meeting=room)
        del self._aside[room]
        self._turns.update(people)
        self._go_on()

    async def _try(self, person: Person) -> StoreUnavailable | None:
        """None: the person's first entry was written, or given up. Otherwise it is to be tried again."""
        line = self._lines[person]
        entry = line.entries[0]
        try:
            if line.is_to_write:
                await self._write(entry)
        except StoreUnavailable as unavailable:
            return unavailable
        except Exception:
            # A retry would not help, and the entries behind it should not wait for ever.
            self._metrics.given_up += 1
            log.exception("stay could not be recorded", meeting=entry.room, participant=entry.participant_id)
        else:
            if self._outage is not None:
                self._outage.written += 1
        return None

    async def _write(self, entry: Entry) -> None:
        node, stay = self._node_id, (entry.room, entry.user_id, entry.participant_id, entry.session_id)
        match entry:
            case StayAbandoned():
                await self._store.abandon_stay(StayAbandon(*stay, node, entry.at))
            case StayEnded():
                await self._store.leave(StayEnd(*stay, node, entry.at, entry.reason, entry.joined_at))
            case StayResumed():
                self.guard.check()
                how = entry.returned, entry.joined_at, entry.if_free
                await self._store.resume_stay(StayResume(*stay, node, entry.instance, entry.at, *how))

    async def _pause(self, delay: float) -> None:
        if self._closing.is_set():
            await asyncio.sleep(RETRY_FIRST)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), delay)

    def _takes_turns(self, person: Person) -> None:
        """Put the person behind all others who have something to write."""
        turns = self._aside.get(person[0], self._turns)
        turns.pop(person, None)
        turns[person] = None

    def _done(self, person: Person) -> None:
        """Remove the head of this person's queue: it was written or given up."""
        self._count -= 1
        line = self._lines[person]
        line.first_is_done()
        if line.entries:
            self._takes_turns(person)
        else:
            del self._aside.get(person[0], self._turns)[person]
            del self._lines[person]
            line.written.set()

    def _go_on(self) -> None:
        if self._turns and (self._writer is None or self._writer.done()):
            self._writer = self._begin(self._write_all())

    def _put_aside(self, room: str) -> None:
        if room in self._aside:
            return
        log.warning("locked in the store, what is to be recorded of this meeting waits", meeting=room)
        people = self._aside[room] = {person: None for person in self._turns if person[0] == room}
        for person in people:
            del self._turns[person]
        self._begin(self._write_locked(room))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _drop(self) -> None:
        self._metrics.given_up += 1
        self._dropped += 1
        # Log once, not tens of thousands of times: the count is in the metrics and in the "store is back" line.
        if self._dropped == 1:
            log.error("too much is unrecorded, what comes now is given up", waiting=self._count)

    def _away(self, error: StoreUnavailable) -> None:
        self._metrics.store_available = False
        now = asyncio.get_running_loop().time()
        if self._outage is None:
            self._outage = _Outage(now)
            log.warning("store unavailable, what is to be recorded is kept", error=str(error))
        self._outage.until = None

    def _back(self) -> None:
        self._metrics.store_available = True
        outage = self._outage
        if outage is not None and outage.until is None:
            outage.until = asyncio.get_running_loop().time()
        if self._turns:
            return
        dropped, self._dropped = self._dropped, 0
        if outage is not None and outage.until is not None:
            self._outage = None
            log.info(
                "store is back, what was kept is recorded",
                written=outage.written,
                given_up=dropped,
                away=round(outage.until - outage.since, 3),
            )
