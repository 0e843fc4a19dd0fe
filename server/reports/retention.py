"""Deletes meetings in which nothing has happened for a number of days, with all that is known of their participants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from server.runtime.background import Background
from storage.errors import StoreError
from storage.store import Store

log = structlog.get_logger()

INTERVAL = 3600.0
STEP = 10
"""Meetings deleted in one transaction. A join waits for it meanwhile: a tenth of a second, if each had 90 stays."""

DAY = 86_400.0


class Retention(Background):
    """Runs on start and every `interval` seconds, if it `is_due` here: one of several nodes is enough.
    If `days` is None, everything is kept for ever. `now`: the record's clock."""

    def __init__(
        self, store: Store, days: int | None, now: Callable[[], float], *, interval: float = INTERVAL
    ) -> None:
        super().__init__()
        self.is_due: Callable[[], bool] = lambda: True
        self._store = store
        self._days = days
        self._now = now
        self._interval = interval

    async def _run(self) -> None:
        while self._days is not None:
            try:
                if self.is_due():
                    await self._forget(self._days)
            except StoreError as error:
                log.warning("old meetings could not be deleted", error=str(error))
            except Exception:
                log.exception("deleting old meetings failed")
            await asyncio.sleep(self._interval)

    async def _forget(self, days: int) -> None:
        before = self._now() - days * DAY
        deleted = 0
        try:
            while True:
                rooms = await self._store.delete_old_meetings(before, STEP)
                deleted += len(rooms)
                if len(rooms) < STEP:
                    break
        finally:
            if deleted:
                log.info("old meetings deleted", meetings=deleted, days=days)
