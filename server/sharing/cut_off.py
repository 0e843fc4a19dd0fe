"""A node that does not reach the engine, and whether it is alone in that.

If nobody has the engine, people wait where they are. If the others have it, this node is in the way of its people: it
closes their sockets, takes no new ones, and says that it is not ready, so that they come to others. Each node writes
into the record when it has heard of the engine last; if the record cannot be read either, the node takes itself for
cut off from everything after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from server.runtime import clock
from server.runtime.background import Background
from server.sharing.membership import Membership
from signalling.protocol.errors import ErrorCode, Refused
from storage.errors import StoreError
from storage.store import Store

log = structlog.get_logger()

LOOK_EVERY = 1.0
SURELY = 3.0
"""Seconds that others must have heard of the engine after this node did: longer than it takes to notice an outage."""
WITHOUT_RECORD = 10.0
"""Seconds without engine and record."""


class CutOff(Background):
    """`node`: this one's name in the record. `tell` is told whether it is alone. `at`: the record clock's."""

    at: Callable[[float], float]

    def __init__(self, store: Store, membership: Membership, node: str, tell: Callable[[bool], None]) -> None:
        super().__init__()
        self.is_alone = False
        self._store = store
        self._membership = membership
        self._node = node
        self._tell = tell
        self._heard_at = clock.monotonic()
        """Of the engine or, while that is away, of the record."""

    def refusal(self) -> Refused:
        return Refused(ErrorCode.UNAVAILABLE, "It does not reach the others.", retry_after=1.0)

    def may_be_missed(self) -> bool:
        """Whether others may have taken this node for dead, and its rooms over."""
        return clock.monotonic() - (self._membership.seen_at or 0.0) > self._membership.lease

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self._look()
            except Exception:
                log.exception("whether this node is cut off cannot be said")

    async def _look(self) -> None:
        seen_at = self._membership.seen_at
        if self._membership.is_well or seen_at is None:
            self._heard_at = clock.monotonic()
            if self.is_alone:
                self.is_alone = False
                self._tell(False)
                log.info("this node reaches the engine again")
        elif not self.is_alone and await self._is_it(seen_at):
            log.warning("this node alone does not reach the engine, sockets are closed")
            self.is_alone = True
            self._tell(True)

    async def _is_it(self, seen_at: float) -> bool:
        try:
            others_see = await self._store.others_see_engine(self._node, self.at(seen_at) + SURELY)
        except StoreError:
            is_over = clock.monotonic() - self._heard_at > WITHOUT_RECORD
            return is_over and not self._membership.is_well
        self._heard_at = clock.monotonic()
        return others_see and not self._membership.is_well
