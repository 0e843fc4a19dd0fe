"""An engine whose commits and inbox are measured on their way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from server.cluster.engine.engine import Engine
from server.cluster.engine.records import Commit, Committed, Fenced, Lost, Received


class Measured:
    """Is an `Engine` in all that it does not measure. `at`: the engine's time.

    `committed` is called with the seconds of each commit that was answered, `lag` with those that the oldest entry has
    waited in the inbox.
    """

    def __init__(self, engine: Engine) -> None:
        self.fenced = self.lost = 0
        self.at: Callable[[], float] = time.time
        self.committed: Callable[[float], None] = lambda seconds: None
        self.lag: Callable[[float], None] = lambda seconds: None
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def commit(self, commit: Commit) -> Awaitable[Committed | Fenced | Lost]:
        answer = asyncio.ensure_future(self._engine.commit(commit))
        answer.add_done_callback(partial(self._answered, time.perf_counter()))
        return answer

    def _answered(self, began: float, answer: asyncio.Future[Committed | Fenced | Lost]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        self.committed(time.perf_counter() - began)
        told = answer.result()
        self.fenced += isinstance(told, Fenced)
        self.lost += isinstance(told, Lost)

    async def receive(self) -> Received:
        received = await self._engine.receive()
        if received.oldest_at is not None:
            self.lag(max(0.0, self.at() - received.oldest_at))
        return received
