"""Reads due imports again automatically: after the end of a webinar or meeting, until two readings agree.

Due imports are in the record, so they outlive the process, and each is read by one process at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from server.runtime.background import endless
from server.zoom.errors import DailyLimit, NotFound
from server.zoom.jobs import Job, Jobs, TooManyJobs
from server.zoom.poll_times import next_look
from signalling.rooms.member import rfc3339
from storage.errors import StoreError
from storage.import_store import ImportStore
from storage.imports import INSTANCE, Import

log = structlog.get_logger()

POLL = 30.0
"""Seconds between two looks for due imports."""

AT_ONCE = 3
"""Due imports that are read at the same time."""

CLAIMED = 600.0
"""Seconds after which another process reads a claimed import, unless the claim is renewed."""

ROUND = 6 * 3600.0
"""Seconds between two looks for missed ends."""

MISSED_AFTER, MISSED_UNTIL = 24 * 3600.0, 8 * 86_400.0
"""An end is taken to have been missed between these seconds after the beginning of an instance."""

MOST_IMPORTS = 100

BACK_OFF, LONGEST_BACK_OFF = 300.0, 6 * 3600.0
"""Seconds until the next attempt after a failure; they double with each failure."""


@dataclass(frozen=True, slots=True)
class Look:
    """`at`: when the import is read again, for the `attempt`th time. None: never."""

    at: float | None
    attempt: int


class Schedule:
    """Runs with the server: started after `jobs`, stopped before them. It looks for due imports if it `is_due` here: of
    several nodes one does, so that Zoom is asked no more than one server may ask."""

    def __init__(
        self, jobs: Jobs, store: ImportStore, *, clock: Callable[[], float], poll: float = POLL
    ) -> None:
        self.is_due: Callable[[], bool] = lambda: True
        self._jobs = jobs
        self._store = store
        self._clock = clock
        self._poll = poll
        self._polling: asyncio.Task[None] | None = None
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}
        self._store_fails = False
        self._round_at = 0.0

    def start(self) -> None:
        if self._jobs.unusable is None:
            self._polling = endless(self._keep_looking())

    async def stop(self) -> None:
        """Imports that are not read to the end become due at once, for any process."""
        tasks = [task for task in (self._polling, *self._reading.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._polling = None

    def watch(self, job: Job) -> None:
        """Treat the job as due: what it reads is read again, until two readings agree."""
        if job.progress.room not in self._reading:
            self._take(job, 1)

    async def _keep_looking(self) -> None:
        while True:
            try:
                if self.is_due():
                    await self._go_round()
                    await self._look()
                self._store_fails = False
            except StoreError as error:
                if not self._store_fails:
                    log.warning("due imports could not be looked for", error=str(error))
                self._store_fails = True
            except Exception:
                log.exception("looking for due imports failed")
            await asyncio.sleep(self._poll)

    async def _go_round(self) -> None:
        """Schedule imports with an instance still live a day later: Zoom could not tell this server of the end."""
        now = self._clock()
        if now < self._round_at:
            return
        for record in await self._store.imports(MOST_IMPORTS):
            if record.due_at is None and has_missed_end(record, now):
                log.info("an end was not heard, it is read", room=record.subject.room)
                await self._store.schedule_import(record.subject.room, now, 1)
        self._round_at = now + ROUND

    async def _look(self) -> None:
        free = AT_ONCE - len(self._reading)
        if free <= 0:
            return
        now = self._clock()
        for record in await self._store.claim_due_imports(now, now + CLAIMED, free):
            subject = record.subject
            if subject.room in self._reading:
                continue
            try:
                job, _ = self._jobs.begin(subject.external_id, subject.kind, unsettled=True)
            except TooManyJobs:
                # The import is due again when the claim has run out.
                continue
            log.info("import is due", room=subject.room, attempt=record.due_attempt, job=job.id)
            self._take(job, record.due_attempt)

    def _take(self, job: Job, attempt: int) -> None:
        room = job.progress.room
        task = asyncio.create_task(self._see_through(job, attempt))
        self._reading[room] = task
        task.add_done_callback(lambda _: self._reading.pop(room, None))

    async def _see_through(self, job: Job, attempt: int) -> None:
        room = job.progress.room
        try:
            await self._finished(job, attempt)
            look = await self._next(job, attempt)
            job.due_at = look.at
            await self._store.schedule_import(room, look.at, look.attempt)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                await self._store.schedule_import(room, self._clock(), attempt)
            raise
        except StoreError as error:
            # The import is due again when the claim has run out.
            log.warning("import could not be scheduled", room=room, error=str(error))
        except Exception:
            log.exception("seeing an import through failed", room=room)

    async def _finished(self, job: Job, attempt: int) -> None:
        """Wait for the job, and renew the claim meanwhile."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLAIMED / 2):
                    await job.finished.wait()
                    return
            with contextlib.suppress(StoreError):
                await self._store.schedule_import(job.progress.room, self._clock() + CLAIMED, attempt)

    async def _next(self, job: Job, attempt: int) -> Look:
        """Decided by the current record: another instance may have ended during the reading."""
        room, now = job.progress.room, self._clock()
        record = await self._store.imported(room)
        if record is None:
            return Look(None, attempt)
        failure = _failure(job)
        if failure:
            failures = self._failures[room] = self._failures.get(room, 0) + 1
            wait = min(LONGEST_BACK_OFF, BACK_OFF * 2.0 ** min(failures - 1, 20))
            again_at = max(now + wait, _not_before(job))
            tell = log.warning if failures == 1 else log.debug
            tell("import failed, it is tried again", room=room, error=failure, at=rfc3339(again_at))
            return Look(again_at, attempt)
        if self._failures.pop(room, 0):
            log.info("import works again", room=room)
        if has_settled(job, record):
            log.info("import has settled", room=room, attempts=attempt)
            return Look(None, attempt)
        at = next_look(_ended_at(record), now, attempt)
        if at is None:
            log.warning(
                "import is not read again, though no two readings agreed", room=room, attempts=attempt
            )
        return Look(at, attempt + 1)


def has_settled(job: Job, record: Import) -> bool:
    """Whether two readings agreed, and no other instance ended meanwhile or was left out by this job."""
    outcome = job.outcome
    whole = job.request.instance is None
    awaited = any(
        part.ended_at is not None and (part.state == "live" or not (whole or part.agreed))
        for part in record.parts
        if part.part.startswith(INSTANCE)
    )
    return outcome is not None and outcome.complete and outcome.agreed and not awaited


def has_missed_end(record: Import, now: float) -> bool:
    return any(
        part.state == "live"
        and part.ended_at is None
        and MISSED_AFTER <= now - (part.starts_at or record.created_at) < MISSED_UNTIL
        for part in record.parts
    )


def _failure(job: Job) -> str:
    """The failure, if it may be gone in a while; otherwise "". A report that does not exist yet is no failure."""
    if job.outcome is not None:
        return "; ".join(job.outcome.reasons) if job.outcome.again_at is not None else ""
    if isinstance(job.error, NotFound):
        return ""
    return str(job.error) or type(job.error).__name__


def _not_before(job: Job) -> float:
    if isinstance(job.error, DailyLimit):
        return job.error.until
    return (job.outcome and job.outcome.again_at) or 0.0


def _ended_at(record: Import) -> float | None:
    """The latest known end of an instance."""
    return max((part.ended_at for part in record.parts if part.ended_at is not None), default=None)
