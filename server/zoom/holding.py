"""Who owns a walk: a run begins it or takes it over, keeps it alive, and leaves it to the next run if it ends early."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import structlog

from server.zoom.lists import Reading
from server.zoom.resume_plan import can_go_on
from storage.errors import StoreError, WalkLost
from storage.import_store import ImportStore
from storage.imports import Part, Subject, Walk, WalkStart

log = structlog.get_logger()


class Walks:
    """The walks of one run, which is their `owner` for `lease` seconds after each sign of life. `waits` is called with
    a walk that another run may still have."""

    def __init__(
        self,
        store: ImportStore,
        owner: str,
        lease: float,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        waits: Callable[[Reading, Walk], None],
    ) -> None:
        self._store = store
        self._owner = owner
        self._lease = lease
        self._clock = clock
        self._sleep = sleep
        self._waits = waits

    async def begin(self, subject: Subject, reading: Reading) -> Walk:
        start = WalkStart(
            walk_id=f"w_{uuid4().hex}",
            part=reading.part,
            owner=self._owner,
            at=self._clock(),
            lease=self._lease,
            starts_at=reading.starts_at,
        )
        return await self._store.begin_walk(subject, start)

    async def go_on(self, subject: Subject, reading: Reading, known: Part) -> Walk | None:
        """Take over a walk that an earlier run left, if there is one that can continue."""
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
        """The owner may have been killed a moment ago: its lease runs out soon then. None: the owner is alive."""
        log.info("another run was reading this a moment ago, seeing whether it still is", part=reading.part)
        self._waits(reading, left)
        # No longer than a lease of ours: the clock of another machine may be hours ahead.
        await self._sleep(min(self._lease, max(0.0, left.lease_until - self._clock())) + 0.05)
        return await self._store.take_walk(left.walk_id, self._owner, self._clock(), self._lease)

    @contextlib.asynccontextmanager
    async def alive(self, walk: Walk) -> AsyncIterator[None]:
        """Renew the lease meanwhile. If the walk ends early for any reason, it is left to the next run."""
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
                # The next page notices it.
                return
            except StoreError as error:
                log.info("lease not renewed", error=str(error))
