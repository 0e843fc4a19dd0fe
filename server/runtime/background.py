"""Work that goes on beside everything else until it is stopped."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine

import structlog

log = structlog.get_logger()


def endless(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """A task that is to go on until it is done, or cancelled. An error that ends it before is logged."""
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_tell_of_end)
    return task


def _tell_of_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("work that should go on has ended", work=task.get_coro(), exc_info=error)


class Background(ABC):
    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = endless(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    @abstractmethod
    async def _run(self) -> None:
        """What it does; `stop` cancels it."""
