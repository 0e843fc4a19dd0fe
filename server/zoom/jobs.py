"""Imports that this server process carries out in the background.

A job belongs to this process only, but everything it has read is in the record, from which any process can continue.
Without the extra `zoom`, or the settings, there are no jobs, and `unusable` says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import structlog

from server.identity.ids import new_id
from server.settings.config import Config
from server.zoom import person_matching
from server.zoom.errors import ZoomFailure
from server.zoom.progress import Progress
from server.zoom.settings import NotConfigured, zoom_settings
from server.zoom.throughput import Pace
from storage.errors import StoreError
from storage.import_store import ImportStore
from storage.imports import Kind

if TYPE_CHECKING:
    from server.zoom.client import ZoomSettings
    from server.zoom.sync import Outcome, SyncRequest

log = structlog.get_logger()

KEPT_FOR = 3600.0
"""Seconds for which a finished job is remembered."""
MOST_KEPT = 100
MOST_RUNNING = 20
"""Each job has a page of rows in memory, and they share Zoom's rate limits."""

JobState = Literal["running", "complete", "partial", "failed", "stopped"]


class TooManyJobs(Exception):  # noqa: N818
    """Too many jobs are running: no other is begun."""


@dataclass(slots=True, eq=False)
class Job:
    """`outcome` if the job ended normally, `error` if it did not. `paces`: how fast each list is read.

    `due_at`: when the webinar or meeting is automatically read again, if it is watched.
    """

    id: str
    request: SyncRequest
    started_at: float
    progress: Progress
    state: JobState = "running"
    finished_at: float | None = None
    outcome: Outcome | None = None
    error: Exception | None = None
    due_at: float | None = None
    paces: dict[str, Pace] = field(default_factory=dict)
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def saw(self, progress: Progress, now: float) -> None:
        self.progress = progress
        for part in progress.parts:
            self.paces.setdefault(part.part, Pace()).saw(part.rows, now)


class Jobs:
    """Call `begin` only between `start` and `stop`."""

    def __init__(self, config: Config, store: ImportStore, *, clock: Callable[[], float]) -> None:
        self.unusable: ZoomFailure | None = None
        self._config = config
        self._store = store
        self._clock = clock
        self._settings: ZoomSettings | None = None
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Logs a warning for settings that are present but cannot work."""
        try:
            self._settings = zoom_settings(self._config)
        except NotConfigured as failure:
            self.unusable = failure
            if self._config.zoom_webhook_secret is not None:
                log.warning("zoom's events are kept, but never corrected by its report", error=str(failure))
        except ZoomFailure as failure:
            self.unusable = failure
            log.warning("nothing is imported from zoom", error=str(failure))

    async def stop(self) -> None:
        """Running jobs are left for the next run to continue."""
        self._settings = None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def begin(
        self, external_id: str, kind: Kind, instance: str | None = None, *, unsettled: bool = False
    ) -> tuple[Job, bool]:
        """The job that reads this (see `SyncRequest`), and whether this call began it: a running job is returned.

        Raises `ZoomFailure` if Zoom cannot be asked, `ValueError` for an invalid id, `TooManyJobs`.
        """
        if self.unusable is not None:
            raise self.unusable
        if self._settings is None:
            raise RuntimeError("jobs are begun between start and stop")
        from server.zoom.sync import SyncRequest

        request = SyncRequest(external_id, kind, instance, unsettled=unsettled)
        running = [job for job in self._jobs.values() if job.state == "running"]
        for job in running:
            if job.request == request:
                return job, False
        if len(running) >= MOST_RUNNING:
            raise TooManyJobs
        now = self._clock()
        progress = Progress(external_id, person_matching.room(external_id), "", "looking")
        job = Job(new_id("j"), request, now, progress)
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job, self._settings))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job, True

    def job(self, job_id: str) -> Job | None:
        return next((job for job in self.all() if job.id == job_id), None)

    def latest(self, external_id: str) -> Job | None:
        """The running job of this webinar or meeting, or else the last one."""
        found = [job for job in self.all() if job.request.external_id == external_id]
        running = [job for job in found if job.state == "running"]
        return next(iter(running or found), None)

    def all(self) -> Sequence[Job]:
        """Running jobs and the latest finished ones, newest first."""
        finished = [job for job in self._jobs.values() if job.finished_at is not None]
        forgotten = len(finished) - MOST_KEPT
        before = self._clock() - KEPT_FOR
        for position, job in enumerate(sorted(finished, key=lambda job: job.finished_at or 0.0)):
            if position < forgotten or (job.finished_at or 0.0) < before:
                del self._jobs[job.id]
        return list(reversed(self._jobs.values()))

    async def _run(self, job: Job, settings: ZoomSettings) -> None:
        from server.zoom.client import ZoomClient
        from server.zoom.sync import Sync

        try:
            async with ZoomClient(
                settings, on_wait=lambda seconds, why: sync.waits(seconds, why), clock=self._clock
            ) as client:
                sync = Sync(
                    client,
                    self._store,
                    job.request,
                    tell=lambda progress: job.saw(progress, self._clock()),
                    clock=self._clock,
                )
                job.outcome = await sync.run()
                self._ended(job, "complete" if job.outcome.complete else "partial")
        except asyncio.CancelledError:
            if job.state == "running":
                self._ended(job, "stopped")
            raise
        except (ZoomFailure, StoreError) as error:
            self._failed(job, error, str(error))
            log.info("zoom sync failed", room=job.progress.room, job=job.id, error=str(error))
        except Exception as error:
            self._failed(job, error, "Something went wrong here. It has been logged.")
            log.exception("zoom sync failed", room=job.progress.room, job=job.id)

    def _failed(self, job: Job, error: Exception, note: str) -> None:
        job.error = error
        job.progress = replace(job.progress, stage="failed", note=note, wakes_at=None)
        self._ended(job, "failed")

    def _ended(self, job: Job, state: JobState) -> None:
        job.state, job.finished_at = state, self._clock()
        job.finished.set()
