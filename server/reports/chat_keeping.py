"""Deletes the messages of meetings in which nobody is any more, as the meetings' settings say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from server.runtime.background import Background
from storage.chat import Chat
from storage.errors import StoreError

log = structlog.get_logger()

INTERVAL = 60.0

UNKEPT = 60.0
"""Seconds for which messages stay that are not kept: whoever comes back within the grace time finds them."""

KEPT = 86_400.0


class ChatKeeping(Background):
    """Runs on start and every `interval` seconds. `grace`: seconds for which a place is kept. `now`: the record's
    clock."""

    def __init__(
        self, store: Chat, grace: float, now: Callable[[], float], *, interval: float = INTERVAL
    ) -> None:
        super().__init__()
        self._store = store
        self._unkept = UNKEPT + grace
        self._now = now
        self._interval = interval

    async def _run(self) -> None:
        while True:
            try:
                now = self._now()
                if forgotten := await self._store.forget_messages(now - self._unkept, now - KEPT):
                    log.info("messages deleted", meetings=forgotten)
            except StoreError as error:
                log.warning("messages could not be deleted", error=str(error))
            except Exception:
                log.exception("deleting messages failed")
            await asyncio.sleep(self._interval)
