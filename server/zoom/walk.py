"""One walk: a list of Zoom's, read from the first page to the last, kept page by page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import uuid4

import structlog

from server.zoom import people
from server.zoom.client import ZoomClient
from server.zoom.failures import (
    BadAnswer,
    MissingScope,
    NoPermission,
    NotFound,
    NotRegistrable,
    PageTokenInvalid,
    Refused,
    ZoomFailure,
)
from server.zoom.progress import PartStage
from server.zoom.resuming import SETTLED_AFTER, can_go_on
from server.zoom.settling import may_agree
from server.zoom.wire import Instance, Source
from storage.imports import Page, Part, Registrant, RegistrantStatus, Row, Subject, Walk, WalkEnd, WalkStart
from storage.store import Store, StoreError, WalkLost

log = structlog.get_logger()

MOST_RESTARTS = 5
MOST_REPEATED = 20
"""Pages in a row without a row that is new."""
FALLBACK = "Report endpoint failed with {status} error, trying basic endpoint..."

Changed = Callable[[str, int, "int | None", PartStage, str, str], None]
"""Of a part: rows, total, state, source, note."""


@dataclass(frozen=True, slots=True)
class Result:
    """`reason` says why it is not complete. `agreed`: an earlier walk found the same."""

    complete: bool
    agreed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a page holds, as it is kept. `token` of the next page, "" after the last."""

    token: str
    total: int | None
    rows: Sequence[Row] = ()
    registrants: Sequence[Registrant] = ()


class Reading(Protocol):
    """One of Zoom's lists. `sources`: where it can be had, the best first."""

    part: str
    starts_at: float | None
    sources: Sequence[str]

    async def page(self, source: str, token: str, walk: Walk) -> Content: ...

    def is_awaited(self, known: Part, now: float) -> bool:
        """Whether there must be something in it, though nothing is told."""


class Participants:
    sources: Sequence[str] = ("report", "basic")

    def __init__(self, client: ZoomClient, subject: Subject, instance: Instance) -> None:
        self.part = people.instance_part(instance.uuid)
        self.starts_at = instance.start_time
        self._client = client
        self._subject = subject
        self._uuid = instance.uuid

    async def page(self, source: str, token: str, walk: Walk) -> Content:
        wanted: Source = "basic" if source == "basic" else "report"
        found = await self._client.participants(self._subject.kind, self._uuid, wanted, token)
        fallback = walk.begun_at if self.starts_at is None else self.starts_at
        rows = people.rows(self._subject.room, self._uuid, found.rows, fallback)
        return Content(found.next_page_token, found.total_records, rows=rows)

    def is_awaited(self, known: Part, now: float) -> bool:
        # Somebody began it.
        return known.rows > 0 or self.starts_at is None or now - self.starts_at < SETTLED_AFTER


class Registrants:
    sources: Sequence[str] = ("registrants",)
    starts_at: float | None = None

    def __init__(self, client: ZoomClient, subject: Subject, status: RegistrantStatus) -> None:
        self.part = people.registrants_part(status)
        self._client = client
        self._subject = subject
        self._status = status

    async def page(self, source: str, token: str, walk: Walk) -> Content:
        subject = self._subject
        found = await self._client.registrants(subject.kind, subject.external_id, self._status, token)
        registrants = [people.registrant(subject.room, each, self._status) for each in found.rows]
        return Content(found.next_page_token, found.total_records, registrants=registrants)

    def is_awaited(self, known: Part, now: float) -> bool:
        return False


class Walker:
    """Walks lists for one run, which is the `owner` of its walks for `lease` seconds after each sign of life."""

    def __init__(
        self,
        client: ZoomClient,
        store: Store,
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
        self._sleep = sleep
        self._changed = changed

    async def instance(self, subject: Subject, instance: Instance) -> Result:
        return await self._read(subject, Participants(self._client, subject, instance))

    async def registrants(self, subject: Subject, status: RegistrantStatus) -> Result:
        return await self._read(subject, Registrants(self._client, subject, status))

    async def _read(self, subject: Subject, reading: Reading) -> Result:
        """Raises what stops the whole run: `DailyLimit`, `Unavailable`, `BadCredentials`; `StoreError`."""
        known = await self._part(subject, reading)
        walk = await self._go_on(subject, reading, known)
        why = ""
        for _ in range(MOST_RESTARTS):
            walk = walk or await self._begin(subject, reading)
            try:
                async with self._alive(walk):
                    return await self._walk(subject, reading, walk, known)
            except PageTokenInvalid:
                why = "its page tokens were refused"
                log.info("page token no longer valid, beginning again", room=subject.room, part=reading.part)
                await self._store.drop_walk(walk.walk_id, self._owner)
            except WalkLost:
                why = "other runs took it over"
                if await self._store.imported(subject.room) is None:
                    raise NotFound(f"the record {subject.room} was deleted while it was being read") from None
                log.info(
                    "another run goes on with this walk, beginning one of our own",
                    room=subject.room,
                    part=reading.part,
                )
            walk = None
        walk = await self._begin(subject, reading)
        return await self._end(reading, walk, "unknown", f"{why} {MOST_RESTARTS} times in mid-walk")

    async def _walk(self, subject: Subject, reading: Reading, walk: Walk, known: Part) -> Result:
        """From where the walk is to its end."""
        sources = [walk.source] if walk.pages else list(reading.sources)
        source, why = sources[0], walk.why
        repeated = 0
        while walk.cursor != "":
            self._show(reading, walk, source, why)
            try:
                content = await reading.page(source, walk.cursor or "", walk)
            except (MissingScope, NoPermission) as failure:
                if walk.pages or source == sources[-1]:
                    return await self._refused(reading, walk, failure, why)
                told = FALLBACK.format(status=failure.status)
                log.warning(told, room=subject.room, part=reading.part, error=str(failure))
                source, why = sources[sources.index(source) + 1], f"{source} refused: {failure}"
            except (NotFound, Refused) as failure:
                if isinstance(failure, NotRegistrable) and not walk.pages:
                    return await self._end(reading, walk, "complete", "", source=source, why=str(failure))
                return await self._refused(reading, walk, failure, why)
            else:
                if content.token and content.token == walk.cursor:
                    raise BadAnswer("Zoom's next page begins where this one did")
                before, walk = walk.rows, await self._store.save_page(self._page(walk, source, why, content))
                repeated = 0 if walk.rows > before else repeated + 1
                if repeated >= MOST_REPEATED:
                    break
        if not walk.rows and reading.is_awaited(known, self._clock()):
            return await self._end(
                reading,
                walk,
                "unknown",
                "attendance unknown: Zoom's list is empty, so it is not ready yet",
            )
        if walk.cursor != "":
            return await self._end(
                reading,
                walk,
                "partial",
                f"after {walk.rows} rows Zoom's pages bring nothing new, and do not end",
            )
        if walk.total is None:
            return await self._end(reading, walk, "partial", "Zoom did not say how many rows there are")
        if walk.rows != walk.total:
            return await self._end(
                reading, walk, "partial", f"Zoom gave {walk.rows} of the {walk.total} rows it has"
            )
        return await self._end(reading, walk, "complete", "")

    async def _refused(self, reading: Reading, walk: Walk, failure: ZoomFailure, why: str) -> Result:
        """Nothing more can be had of this list."""
        if walk.pages:
            return await self._end(
                reading, walk, "partial", f"refused after {walk.rows} of {walk.total} rows: {failure}"
            )
        reason = f"attendance unknown: {failure}" if len(reading.sources) > 1 else f"not read: {failure}"
        return await self._end(
            reading, walk, "unknown", reason, source="registrants", why=why or str(failure)
        )

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
        state: Literal["partial", "complete", "unknown"],
        reason: str,
        *,
        source: str = "",
        why: str = "",
    ) -> Result:
        end = WalkEnd(walk.walk_id, self._owner, state, reason, self._clock(), source, why)
        part = await self._store.finish_walk(end)
        agreed = state == "complete" and part.agreed > 0 and may_agree(part.ended_at, self._clock())
        stage: PartStage = "unchanged" if agreed else state
        self._changed(
            reading.part, walk.rows, walk.total, stage, source or walk.source, reason or why or walk.why
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
        return Result(state == "complete", agreed, reason)

    async def _begin(self, subject: Subject, reading: Reading) -> Walk:
        start = WalkStart(
            walk_id=f"w_{uuid4().hex}",
            part=reading.part,
            owner=self._owner,
            at=self._clock(),
            lease=self._lease,
            starts_at=reading.starts_at,
        )
        return await self._store.begin_walk(subject, start)

    async def _go_on(self, subject: Subject, reading: Reading, known: Part) -> Walk | None:
        """A walk that an earlier run left, taken over, if one can be gone on with."""
        for left in known.walking:
            walk = await self._store.take_walk(left.walk_id, self._owner, self._clock(), self._lease)
            if walk is None:
                walk = await self._wait_for(subject, reading, left)
            if walk is None:
                continue
            if can_go_on(left, self._clock()):
                log.info("going on with an earlier walk", part=reading.part, rows=walk.rows, total=walk.total)
                return walk
            log.info("an earlier walk is too old to go on with", part=reading.part, rows=walk.rows)
            await self._store.drop_walk(walk.walk_id, self._owner)
        return None

    async def _wait_for(self, subject: Subject, reading: Reading, left: Walk) -> Walk | None:
        """Whoever has the walk may have been killed a moment ago: its lease runs out soon then. None: it lives."""
        log.info("another run was reading this a moment ago, seeing whether it still is", part=reading.part)
        self._show(reading, left, left.source, "another run was reading this a moment ago")
        # No longer than our own would last: the clock of another machine may be hours ahead.
        await self._sleep(min(self._lease, max(0.0, left.lease_until - self._clock())) + 0.05)
        return await self._store.take_walk(left.walk_id, self._owner, self._clock(), self._lease)

    async def _part(self, subject: Subject, reading: Reading) -> Part:
        record = await self._store.imported(subject.room)
        for part in record.parts if record else ():
            if part.part == reading.part:
                return part
        return Part(reading.part, reading.starts_at, None, "unread", "", "", "", 0, None, 0, None)

    @contextlib.asynccontextmanager
    async def _alive(self, walk: Walk) -> AsyncIterator[None]:
        """Renew the lease meanwhile; whatever ends the walk early leaves it to the next run."""
        renewing = asyncio.create_task(self._keep_renewing(walk))
        try:
            yield
        except WalkLost:
            raise
        except BaseException:
            with contextlib.suppress(StoreError):
                await self._store.release_walk(walk.walk_id, self._owner, self._clock())
            raise
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])

    async def _keep_renewing(self, walk: Walk) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            try:
                await self._store.renew_walk(walk.walk_id, self._owner, self._clock(), self._lease)
            except WalkLost:
                # The next page finds out.
                return
            except StoreError as error:
                log.info("lease not renewed", error=str(error))

    def _show(self, reading: Reading, walk: Walk, source: str, note: str) -> None:
        self._changed(reading.part, walk.rows, walk.total, "walking", source, note)
