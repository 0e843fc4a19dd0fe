"""One import of a webinar or meeting from Zoom: all instances, all pages, everyone who registered.

    details ─► instances ─► registrants (approved, pending, denied) ─► each instance, oldest first ─► again, if watched
                                                    │
                        walk: page ─► people.row ─► store.save_page ─► page … ─► store.finish_walk

Each page and the cursor of the next are kept in one transaction. So an interrupted run is continued by the next one; if
Zoom's page token has expired by then, that instance begins again. Only one page is held in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from server.zoom import missing, person_matching
from server.zoom.client import ZoomClient
from server.zoom.errors import (
    BadAnswer,
    DailyLimit,
    NotFound,
    Unavailable,
    ZoomFailure,
)
from server.zoom.finding import Found, Wanted, day, find, superseded
from server.zoom.list_import import ListImporter, Result
from server.zoom.poll_times import next_look
from server.zoom.progress import PartProgress, PartStage, Progress, Stage
from server.zoom.resume_plan import to_read
from server.zoom.zoom_records import Instance
from storage.import_reports import ImportTotals
from storage.import_store import ImportStore
from storage.imports import INSTANCE, Import, Kind, RegistrantStatus

log = structlog.get_logger()

STATUSES: Final[tuple[RegistrantStatus, ...]] = ("approved", "pending", "denied")
LEASE = 6.0
"""Seconds without a sign of life after which another run continues a walk."""
SWEEP = 2000
"""Rows removed in one transaction."""
MOST_FAILED = 3
"""After this many lists in a row that Zoom could not give, no other is requested."""
WATCH_RETRY = 300.0
"""Seconds until a watched sync tries again after Zoom did not answer."""

_PASSING = (DailyLimit, Unavailable, BadAnswer)
"""Failures that may be gone the next time: the next run continues with what is kept."""

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """`external_id`: digits. `instance`: only the one with that UUID. `watch`: read again until two readings agree.
    `unsettled`: without the instances that ended long ago, and on which two readings agreed."""

    external_id: str
    kind: Kind = "webinar"
    instance: str | None = None
    watch: bool = False
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`complete`: everyone and every stay is kept. Otherwise `reasons` say what is missing, and why. `notes` say what
    Zoom has no more of, which nobody can change."""

    room: str
    complete: bool
    agreed: bool
    """Every instance was read at least twice, with the same outcome."""
    reasons: Sequence[str]
    record: Import
    totals: ImportTotals
    notes: Sequence[str] = ()
    again_at: float | None = None
    """When to continue: Zoom's daily limit is used up until then, or Zoom did not answer."""


class Sync:
    """`tell` is called with the progress at every change. `owner` identifies this run in the record."""

    def __init__(
        self,
        client: ZoomClient,
        store: ImportStore,
        request: SyncRequest,
        *,
        tell: Callable[[Progress], None] = lambda progress: None,
        owner: str | None = None,
        lease: float = LEASE,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._client = client
        self._store = store
        self._request = request
        self._tell = tell
        self._clock = clock
        self._sleep = sleep
        self._room = person_matching.room(request.external_id)
        self._importer = ListImporter(
            client,
            store,
            owner or f"run_{secrets.token_hex(8)}",
            lease=lease,
            clock=clock,
            sleep=sleep,
            changed=self._part_changed,
        )
        self._progress = Progress(request.external_id, self._room, "", "looking")
        self._is_known = request.unsettled
        """There is a record: it is not created again if somebody deletes it."""

    async def run(self) -> Outcome:
        """Raises `ZoomFailure` when nothing can be read at all, `StoreError`. If cancelled, it leaves what is kept."""
        looks = 0
        try:
            while True:
                try:
                    outcome = await self._look()
                except _PASSING as failure:
                    if not self._request.watch:
                        raise
                    await self._wait_until(_again_at(failure, self._clock()), str(failure))
                    continue
                looks += outcome.again_at is None
                # Waiting does not bring anything else that is missing, such as a scope.
                if not self._request.watch or (outcome.agreed and outcome.again_at is None):
                    break
                wakes_at = outcome.again_at or next_look(outcome.totals.last_left_at, self._clock(), looks)
                if wakes_at is None:
                    why = f"{looks} walks did not agree: Zoom's report still changes"
                    outcome = replace(outcome, complete=False, reasons=[*outcome.reasons, why])
                    break
                await self._wait_until(wakes_at, _watching(outcome))
        except ZoomFailure as failure:
            self._show("failed", str(failure))
            raise
        self._show("done", "" if outcome.complete else "; ".join(outcome.reasons))
        log.info(
            "zoom sync finished",
            room=outcome.room,
            complete=outcome.complete,
            people=outcome.totals.people,
            stays=outcome.totals.stays,
            reasons=list(outcome.reasons),
        )
        return outcome

    def waits(self, seconds: float, why: str) -> None:
        """For the client's `on_wait`: it waits for Zoom."""
        self._show("waiting", why, self._clock() + seconds)

    async def _look(self) -> Outcome:
        """Read everything once. Raises `ZoomFailure` when nothing can be shown."""
        self._show("looking", "")
        results: dict[str, Result] = {}
        stopped: ZoomFailure | None = None
        found: Found | None = None
        try:
            request = self._request
            wanted = Wanted(request.external_id, request.kind, request.instance)
            found = await find(self._client, wanted, await self._store.imported(self._room))
            self._progress = replace(self._progress, title=found.subject.title, parts=_parts(found.instances))
            log.info(
                "zoom sync started", room=self._room, kind=found.subject.kind, instances=len(found.instances)
            )
            await self._read(found, results)
        except _PASSING as failure:
            log.warning("zoom sync interrupted", room=self._room, error=str(failure))
            stopped = failure
        async with _undisturbed():
            await self._sweep()
        return await self._outcome(results, found, stopped)

    async def _read(self, found: Found, results: dict[str, Result]) -> None:
        """Adds to `results` what is known after each part."""
        importer, subject = self._importer, found.subject
        registrants = importer.registrants if found.registrable else importer.unregistrable
        reads = {
            person_matching.registrants_part(status): partial(registrants, subject, status)
            for status in STATUSES
        } | {
            person_matching.instance_part(instance.uuid): partial(importer.instance, subject, instance)
            for instance in found.instances
        }
        record = await self._store.imported(self._room)
        if record is None and self._is_known:
            raise NotFound(f"the record {self._room} was deleted meanwhile")
        known = {part.part: part for part in record.parts} if record else {}
        wanted = to_read(list(reads), known, self._clock(), unsettled=self._request.unsettled)
        for part in reads.keys() - set(wanted):
            was = known[part]
            gone = was.state == "too_old"
            results[part] = Result(not gone, was.agreed > 0, was.reason, gone)
            stage: PartStage = "too_old" if gone else "complete"
            self._part_changed(part, was.given, was.total, stage, was.source, was.why)
        failures: list[ZoomFailure] = []
        in_a_row = 0
        for part in wanted:
            self._show("walking", "")
            try:
                results[part] = await reads[part]()
                in_a_row = 0
            except (Unavailable, BadAnswer) as failure:
                # If Zoom cannot give one list, others are still read; if it fails several in a row, Zoom is down.
                failures.append(failure)
                in_a_row += 1
                if in_a_row >= MOST_FAILED:
                    break
                log.warning("left for the next run", room=self._room, part=part, error=str(failure))
        record = await self._store.imported(self._room)
        for known_otherwise in superseded(record) if record else ():
            await importer.give_up(subject, known_otherwise.part)
        if failures:
            raise failures[0]

    async def _outcome(
        self, results: dict[str, Result], found: Found | None, stopped: ZoomFailure | None
    ) -> Outcome:
        record = await self._store.imported(self._room)
        if record is None:
            raise stopped or NotFound(f"the record {self._room} was deleted while it was being read")
        self._is_known = True
        titles = {part.part: part.title for part in self._progress.parts}
        reasons, notes = missing.told(results, titles)
        if found is not None:
            reasons += [found.reason] if found.reason else []
            notes += [found.note] if found.note else []
        unread = [title for part, title in titles.items() if part not in results]
        if stopped is not None:
            reasons.append(f"{stopped}; not read to the end: {', '.join(unread) or 'everything'}")
        return Outcome(
            room=self._room,
            complete=not reasons,
            agreed=all(
                result.agreed or result.gone for part, result in results.items() if part.startswith(INSTANCE)
            ),
            reasons=reasons,
            record=record,
            totals=await self._store.import_totals(self._room),
            notes=notes,
            again_at=_again_at(stopped, self._clock()) if stopped else None,
        )

    async def _sweep(self) -> None:
        while await self._store.sweep_walks(self._room, SWEEP, self._clock()) >= SWEEP:
            pass

    async def _wait_until(self, moment: float, why: str) -> None:
        self._show("watching", why, moment)
        log.info("zoom sync waits", room=self._room, until=_moment(moment), why=why)
        while (left := moment - self._clock()) > 0:
            # In steps, as the machine may be asleep meanwhile.
            await self._sleep(min(left, 60.0))

    def _part_changed(
        self, part: str, rows: int, total: int | None, state: PartStage, source: str, note: str
    ) -> None:
        parts = tuple(
            replace(each, rows=rows, total=total, state=state, source=source, note=note)
            if each.part == part
            else each
            for each in self._progress.parts
        )
        self._progress = replace(self._progress, parts=parts)
        self._show("walking", "")

    def _show(self, stage: Stage, note: str, wakes_at: float | None = None) -> None:
        self._progress = replace(self._progress, stage=stage, note=note, wakes_at=wakes_at)
        self._tell(self._progress)


@contextlib.asynccontextmanager
async def _undisturbed() -> AsyncIterator[None]:
    """For tidying up: its failure is only logged, as the next run does it again."""
    try:
        yield
    except Exception as error:
        log.info("superseded rows left for the next run", error=str(error))


def _again_at(failure: ZoomFailure, now: float) -> float:
    return failure.until if isinstance(failure, DailyLimit) else now + WATCH_RETRY


def _watching(outcome: Outcome) -> str:
    if outcome.complete:
        return "Complete; Zoom's report may still change, and is read once more."
    return "; ".join(outcome.reasons)


def _parts(instances: Sequence[Instance]) -> tuple[PartProgress, ...]:
    registrants = [
        PartProgress(person_matching.registrants_part(status), f"Registrants, {status}")
        for status in STATUSES
    ]
    of_instances = [
        PartProgress(person_matching.instance_part(instance.uuid), f"{missing.INSTANCE_OF}{day(instance)}")
        for instance in instances
    ]
    return (*registrants, *of_instances)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
