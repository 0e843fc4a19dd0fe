"""Reports on a meeting, few of which are made at once: each may have thousands of people in memory, and a thread.

A turn is taken once it is clear that the caller may have the report: whoever waits for a locked meeting has none.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request

from server.runtime.retry_after import back_after
from signalling.protocol.errors import ErrorCode, Refused

AT_ONCE = 2

PATIENCE = 5.0
"""Seconds that a request waits for its turn."""


@dataclass(eq=False)
class _Place:
    """In the queue, or, once `given` is done, among those who have a turn."""

    caller: str
    room: str
    given: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Turns:
    """No caller and no meeting has two turns at once, and callers have them by rotation: however many reports somebody
    asks for, others wait for one of theirs at most."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._running: list[_Place] = []
        self._waiting: dict[str, list[_Place]] = {}
        """By caller. The first in the dictionary is next, if they may."""

    @contextlib.asynccontextmanager
    async def turn(self, request: Request, caller: str, room: str) -> AsyncIterator[None]:
        """Make the report within, and send it without, however slowly it is read.

        Raises `Refused` when there was no turn in time, and `ClientDisconnect` when the client has hung up before.
        """
        place = _Place(caller, room)
        self._waiting.setdefault(caller, []).append(place)
        self._give()
        try:
            if not place.given.done():
                await self._wait(request, place)
            yield
        finally:
            self._leave(place)

    async def _wait(self, request: Request, place: _Place) -> None:
        gone = asyncio.ensure_future(_hangs_up(request))
        first = asyncio.FIRST_COMPLETED
        try:
            await asyncio.wait({place.given, gone}, timeout=self._patience, return_when=first)
        finally:
            gone.cancel()
        if place.given.done():
            return
        if gone.done():
            raise ClientDisconnect
        raise Refused(
            ErrorCode.UNAVAILABLE, "Other reports are being made; try again.", back_after(self._patience)
        )

    def _leave(self, place: _Place) -> None:
        if place.given.done():
            self._running.remove(place)
            if (others := self._waiting.pop(place.caller, None)) is not None:
                # To the end of the queue.
                self._waiting[place.caller] = others
            self._give()
        else:
            self._take_out(place)

    def _give(self) -> None:
        for places in list(self._waiting.values()):
            if len(self._running) == AT_ONCE:
                return
            if (place := next(filter(self._may, places), None)) is not None:
                self._take_out(place)
                self._running.append(place)
                place.given.set_result(None)

    def _may(self, place: _Place) -> bool:
        return all(place.caller != other.caller and place.room != other.room for other in self._running)

    def _take_out(self, place: _Place) -> None:
        places = self._waiting[place.caller]
        places.remove(place)
        if not places:
            del self._waiting[place.caller]


async def _hangs_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
