"""How far this node has read its inbox: it writes a mark into it, and waits for it."""

from __future__ import annotations

import asyncio

from server.cluster.engine.engine import Engine
from server.cluster.engine.records import Message
from server.runtime.happening import happens
from server.sharing.membership import Membership
from signalling.nodes import wire

READ_WITHIN = 2.0
"""Seconds in which a mark is read. It may be lost with the engine's data."""


class Marks:
    def __init__(self, engine: Engine, membership: Membership) -> None:
        self._engine = engine
        self._membership = membership
        self._events: dict[int, asyncio.Event] = {}
        self._last = 0

    async def are_reached(self) -> bool:
        """Whether all that is in the inbox by now is read. Raises `EngineUnavailable`."""
        self._last += 1
        mark, event = self._last, asyncio.Event()
        self._events[mark] = event
        try:
            await self._engine.send(Message([self._membership.id], wire.encode(wire.Marked(mark))))
            return await happens(event, READ_WITHIN)
        finally:
            del self._events[mark]

    def reached(self, number: int) -> None:
        """The entry with that mark is read."""
        if number in self._events:
            self._events[number].set()
