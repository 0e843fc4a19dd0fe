"""Work that goes on beside everything else until it is stopped."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod


class Background(ABC):
    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    @abstractmethod
    async def _run(self) -> None:
        """What it does; `stop` cancels it."""
