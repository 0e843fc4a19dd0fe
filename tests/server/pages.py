"""Pages without a browser: the client that programs use, remembering all it was told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from server.peer.meeting_socket import MeetingSocket
from signalling.client import Emit, Place
from signalling.roster import Roster

TIMEOUT = 20.0

_numbers = itertools.count(1)


class Page(MeetingSocket):
    """`heard` has what was emitted, in order. Waiting for something fails after `TIMEOUT` seconds."""

    def __init__(self, url: str, meeting: str, name: str, **place: Any) -> None:
        self.heard: list[Emit] = []
        page = f"page{next(_numbers)}"
        super().__init__(url, Place(meeting, name, page, create=True, **place), self.hear)

    def hear(self, emit: Emit) -> None:
        self.heard.append(emit)

    @property
    def id(self) -> str:
        return self.client.my_id

    @property
    def roster(self) -> Roster:
        return self.client.roster

    @property
    def is_joined(self) -> bool:
        return self.client.phase == "joined"

    def count(self, name: str) -> int:
        """How often this was emitted."""
        return sum(emit.name == name for emit in self.heard)

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [emit.detail for emit in self.heard if emit.name == "event" and emit.detail["type"] == kind]

    def signals(self) -> list[Any]:
        return [event["data"] for event in self.events("signal")]

    async def sees(self, condition: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                await self.until(condition)
        except TimeoutError:
            story = "\n".join(f"  {emit.name} {emit.detail}" for emit in self.heard[-10:])
            raise AssertionError(
                f"{self.client.phase}, {self.client.unanswered} unanswered; last:\n{story}"
            ) from None

    async def joined(self) -> None:
        await self.sees(lambda: self.is_joined)

    async def hears(self, name: str, times: int = 1) -> None:
        await self.sees(lambda: self.count(name) >= times)
