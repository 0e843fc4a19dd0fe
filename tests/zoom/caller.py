"""A client whose waits pass at once, and what it waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from server.zoom.client import Patience, ZoomClient, ZoomSettings
from server.zoom.rate_limits import Label, Limits, OnWait

START = 1_715_947_200.0
"""2024-05-17T12:00:00Z, when the clock begins."""


class Counting(Limits):
    """Faster than any test, and knows what was taken."""

    def __init__(self) -> None:
        rates: Mapping[Label, float] = {"light": 1e6, "medium": 1e6, "heavy": 1e6}
        super().__init__(rates)
        self.taken: list[Label] = []

    async def take(self, label: Label, on_wait: OnWait) -> None:
        await super().take(label, on_wait)
        self.taken.append(label)


@dataclass(slots=True)
class Caller:
    now: float = START
    slept: list[float] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)
    limits: Counting = field(default_factory=Counting)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    @asynccontextmanager
    async def calls(
        self, settings: ZoomSettings, patience: Patience | None = None
    ) -> AsyncIterator[ZoomClient]:
        client = ZoomClient(
            settings,
            on_wait=lambda seconds, why: self.told.append((seconds, why)),
            patience=patience or Patience(),
            limits=self.limits,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        async with client:
            yield client
