"""One walk: one of Zoom's lists, read from the first page to the last, kept page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from server.zoom.client import ZoomClient
from server.zoom.errors import (
    MissingScope,
    NoPermission,
    NotFound,
    NotRegistrable,
    PageTokenInvalid,
    Refused,
    TooOld,
    ZoomFailure,
)
from server.zoom.holding import Walks
from server.zoom.lists import Content, Participants, Reading, Registrants
from server.zoom.poll_times import may_agree
from server.zoom.progress import PartStage
from server.zoom.zoom_records import Instance
from storage.errors import WalkLost
from storage.import_store import ImportStore
from storage.imports import GIVEN_UP, INSTANCE, Page, Part, RegistrantStatus, Subject, Walk, WalkEnd

log = structlog.get_logger()

MOST_RESTARTS = 5
"""How often one list may be begun again, over all looks of a run."""
MOST_REPEATED = 20
"""Most pages in a row without a new row."""
FALLBACK = "Report endpoint failed with {status} error, trying basic endpoint..."
EMPTY = "Report is empty, trying basic endpoint..."
TOO_OLD = "too old: Zoom shows no more who attended"
NO_SCHEDULE = (
    "not read: Zoom tells no registrants of what has expired, was deleted, or was begun without a schedule"
)
SHOWN_FOR = 366 * 86_400.0
"""Seconds after the beginning of an instance from which no source of Zoom's has it."""
TOKENS_REFUSED = "Zoom refused its own page token, each time anew"

ELSEWHERE = (MissingScope, NoPermission, NotFound, TooOld)
"""If one source fails with these, another may still have the list."""

Changed = Callable[[str, int, "int | None", PartStage, str, str], None]
"""Of a part: rows, total, state, source, note."""


@dataclass(frozen=True, slots=True)
class Result:
    """`reason` says why it is not complete. `agreed`: an earlier walk found the same. `gone`: Zoom has no more of it,
    and nobody can change that."""

    complete: bool
    agreed: bool
    reason: str = ""
    gone: bool = False


class ListImporter:
    """Walks lists for one run, which is the `owner` of its walks for `lease` seconds after each sign of life."""

    def __init__(
        self,
        client: ZoomClient,
        store: ImportStore,
        owner: str,
        *,
        lease: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        changed: Changed,
    ) -> None:
        self._client = client
        self._store = store
        self._owner = owner
        self._lease = lease
        self._clock = clock
        self._changed = changed
        self._walks = Walks(store, owner, lease, clock=clock, sleep=sleep, waits=self._waits)
        self._restarts: Counter[str] = Counter()

    async def instance(self, subject: Subject, instance: Instance) -> Result:
        return await self._read(subject, Participants(self._client, subject, instance))

    async def registrants(self, subject: Subject, status: RegistrantStatus) -> Result:
        return await self._read(subject, Registrants(self._client, subject, status))

    async def unregistrable(self, subject: Subject, status: RegistrantStatus) -> Result:
        """Zoom is not asked: the details say that nobody could register."""
        reading = Registrants(self._client, subject, status)
        known = await self._part(subject, reading)
        walk = await self._walks.begin(subject, reading)
        return await self._nobody_registered(
            reading, walk, known, "nobody could register: it is switched off"
        )

    async def give_up(self, subject: Subject, part: str) -> None:
        """Stop showing a part, as another part has its rows."""
        reading = Participants(self._client, subject, Instance(uuid=part.removeprefix(INSTANCE)))
        walk = await self._walks.begin(subject, reading)
        await self._end(reading, walk, "complete", "", source="report", why=GIVEN_UP)

    async def _read(self, subject: Subject, reading: Reading) -> Result:
        """Raises what stops the whole run: `DailyLimit`, `Unavailable`, `BadCredentials`; `StoreError`."""
        known = await self._part(subject, reading)
        walk = await self._walks.go_on(subject, reading, known)
        while True:
            walk = walk or await self._walks.begin(subject, reading)
            try:
                async with self._walks.alive(walk):
                    return await self._walk(subject, reading, walk, known)
            except PageTokenInvalid:
                if self._is_last_restart(reading) or TOKENS_REFUSED in known.reason:
                    return await self._refused_tokens(subject, reading, walk)
                log.info("page token no longer valid, beginning again", room=subject.room, part=reading.part)
                await self._store.drop_walk(walk.walk_id, self._owner)
            except WalkLost:
                if await self._store.imported(subject.room) is None:
                    raise NotFound(f"the record {subject.room} was deleted while it was being read") from None
                if self._is_last_restart(reading):
                    walk = await self._walks.begin(subject, reading)
                    why = f"other runs took it over {MOST_RESTARTS} times in mid-walk"
                    return await self._end(reading, walk, "unknown", why)
                log.info(
                    "another run goes on with this walk, beginning one of our own",
                    room=subject.room,
                    part=reading.part,
                )
            walk = None

    def _is_last_restart(self, reading: Reading) -> bool:
        self._restarts[reading.part] += 1
        return self._restarts[reading.part] >= MOST_RESTARTS

    async def _refused_tokens(self, subject: Subject, reading: Reading, walk: Walk) -> Result:
        """Zoom refuses the page tokens: nothing more than the rows read so far can be had."""
        kept = await self._store.take_walk(walk.walk_id, self._owner, self._clock(), self._lease)
        walk = kept or await self._walks.begin(subject, reading)
        why = f"after {walk.rows} rows {TOKENS_REFUSED}"
        return await self._end(reading, walk, "partial" if walk.rows else "unknown", why)

    async def _walk(self, subject: Subject, reading: Reading, walk: Walk, known: Part) -> Result:
        """Read from the walk's cursor to the end of the list."""
        sources = [walk.source] if walk.pages else list(reading.sources)
        source, why, place = sources[0], walk.why, walk.cursor
        failures: list[ZoomFailure] = []
        seen: set[frozenset[int]] = set()
        repeated = 0
        while place != "" and repeated < MOST_REPEATED:
            self._show(reading, walk, source, why)
            other = None if walk.pages or source == sources[-1] else sources[sources.index(source) + 1]
            try:
                content = await reading.page(source, place or "", walk)
            except (*ELSEWHERE, NotRegistrable) as failure:
                if isinstance(failure, NotRegistrable) and not (reading.held or walk.pages):
                    return await self._nobody_registered(reading, walk, known, str(failure))
                failures.append(failure)
                if other is None:
                    return await self._refused(reading, walk, known, failures, why)
                # A report that does not exist yet, or any more, is nothing that anybody could mend.
                tell = log.warning if isinstance(failure, MissingScope | NoPermission) else log.info
                tell(
                    FALLBACK.format(status=failure.status),
                    room=subject.room,
                    part=reading.part,
                    error=str(failure),
                )
                source, why, place = other, f"{source} refused: {failure}", None
            except Refused as failure:
                return await self._refused(reading, walk, known, [failure], why)
            else:
                if content.is_empty and other is not None:
                    # A meeting of one person is in no report; and a report takes a while to appear.
                    repeated += 1
                    place = content.token
                    if place == "" or repeated >= MOST_REPEATED:
                        log.info(EMPTY, room=subject.room, part=reading.part)
                        source, why, place, repeated = other, f"Zoom's {source} is empty", None, 0
                    continue
                is_same_place = content.token == place
                if content.digests in seen:
                    # A page that came instead of another: its rows are not the missing ones.
                    content = replace(content, rows=(), registrants=())
                elif not content.is_empty:
                    seen.add(content.digests)
                before, walk = walk.rows, await self._store.save_page(self._page(walk, source, why, content))
                place = walk.cursor
                repeated = 0 if walk.rows > before else repeated + 1
                if is_same_place and repeated:
                    break
        if not walk.rows and reading.held:
            if failures and _is_too_old(failures, reading.starts_at, self._clock()):
                return await self._too_old(reading, walk, known)
            return await self._end(
                reading, walk, "unknown", "attendance unknown: Zoom's lists are empty, or not ready yet"
            )
        return await self._finish(reading, walk)

    async def _finish(self, reading: Reading, walk: Walk) -> Result:
        """There are no more pages, or none that bring anything new."""
        reason = ""
        if walk.cursor != "":
            reason = f"after {walk.rows} rows Zoom's pages bring nothing new, and do not end"
        elif walk.total is None:
            reason = "Zoom did not say how many rows there are"
        elif walk.total not in (walk.rows, walk.given):
            twice = f", some of them twice: {walk.rows} differ" if walk.given != walk.rows else ""
            reason = f"Zoom gave {walk.given} of the {walk.total} rows it has{twice}"
        return await self._end(reading, walk, "partial" if reason else "complete", reason)

    async def _refused(
        self, reading: Reading, walk: Walk, known: Part, failures: Sequence[ZoomFailure], why: str
    ) -> Result:
        """Nothing more of this list can be had."""
        failure = failures[-1]
        if walk.rows or (walk.pages and not reading.held):
            return await self._end(
                reading, walk, "partial", f"refused after {walk.given} of {walk.total} rows: {failure}"
            )
        if reading.held and _is_too_old(failures, reading.starts_at, self._clock()):
            return await self._too_old(reading, walk, known)
        # A meeting without a schedule was still held, but its registrations are lost.
        gone = not reading.held and isinstance(failure, NotFound)
        reason = NO_SCHEDULE if gone else f"{'attendance unknown' if reading.held else 'not read'}: {failure}"
        return await self._end(
            reading, walk, "unknown", reason, source="registrants", why=why or str(failure), gone=gone
        )

    async def _too_old(self, reading: Reading, walk: Walk, known: Part) -> Result:
        """Zoom will never tell more of it than is known."""
        if not known.rows:
            return await self._end(reading, walk, "too_old", TOO_OLD, gone=True)
        await self._store.drop_walk(walk.walk_id, self._owner)
        self._changed(reading.part, known.given, known.total, "too_old", known.source, TOO_OLD)
        return Result(known.state == "complete", known.agreed > 0, TOO_OLD, gone=True)

    async def _nobody_registered(self, reading: Reading, walk: Walk, known: Part, why: str) -> Result:
        if known.rows:
            why = f"those who registered before are kept: {why}"
            return await self._end(reading, walk, "unknown", why, gone=True)
        return await self._end(reading, walk, "complete", "", source="registrants", why=why)

    def _page(self, walk: Walk, source: str, why: str, content: Content) -> Page:
        return Page(
            walk_id=walk.walk_id,
            owner=self._owner,
            number=walk.pages + 1,
            cursor=content.token,
            at=self._clock(),
            lease=self._lease,
            source=source,
            why=why,
            total=content.total,
            rows=content.rows,
            registrants=content.registrants,
        )

    async def _end(
        self,
        reading: Reading,
        walk: Walk,
        state: Literal["partial", "complete", "unknown", "too_old"],
        reason: str,
        *,
        source: str = "",
        why: str = "",
        gone: bool = False,
    ) -> Result:
        end = WalkEnd(walk.walk_id, self._owner, state, reason, self._clock(), source, why)
        part = await self._store.finish_walk(end)
        agreed = state == "complete" and part.agreed > 0 and may_agree(part.ended_at, self._clock())
        stage: PartStage = "unchanged" if agreed else state
        self._changed(
            reading.part, walk.given, walk.total, stage, source or walk.source, reason or why or walk.why
        )
        log.info(
            "walk finished",
            part=reading.part,
            state=state,
            rows=walk.rows,
            total=walk.total,
            source=source or walk.source,
            reason=reason,
        )
        return Result(state == "complete", agreed, reason, gone)

    async def _part(self, subject: Subject, reading: Reading) -> Part:
        record = await self._store.imported(subject.room)
        for part in record.parts if record else ():
            if part.part == reading.part:
                return part
        return Part(reading.part, reading.starts_at, None, "unread", "", "", "", 0, None, 0, None)

    def _waits(self, reading: Reading, walk: Walk) -> None:
        self._show(reading, walk, walk.source, "another run was reading this a moment ago")

    def _show(self, reading: Reading, walk: Walk, source: str, note: str) -> None:
        self._changed(reading.part, walk.given, walk.total, "walking", source, note)


def _is_too_old(failures: Sequence[ZoomFailure], starts_at: float | None, now: float) -> bool:
    """Whether the sources say so or, if they say only that they have nothing, whether it began long ago."""
    if not all(isinstance(failure, TooOld | NotFound) for failure in failures):
        return False
    is_old = starts_at is not None and now - starts_at > SHOWN_FOR
    return is_old or any(isinstance(failure, TooOld) for failure in failures)
