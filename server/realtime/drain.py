"""Stops this process: in order, and within a bound.

    signal ──► no more joins ──► every socket: going_away, 4101 ──► closing handshakes ────────────────► end
                                                 └──► pending joins ──► leaves ──► stays, exactly ────►┘

Recording does not wait for clients that are slow to close. One of several nodes gives its rooms to others first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import structlog

from server.cluster.node import Node
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.change_writer import ChangeWriter
from server.realtime.gateway import Gateway
from server.realtime.reconciling import Reconciler
from server.runtime import clock
from storage.errors import StoreError

log = structlog.get_logger()

CLOSING_SHARE = 0.1
"""Share of the bound that is kept for closing the store."""

STEP_SHARE = 0.5
"""Share of the remaining time that one step may take, so that a store that hangs leaves time for the next step."""


class Drain:
    """`bound` is in seconds, from the first signal to the end."""

    def __init__(
        self,
        bound: float,
        gateway: Gateway,
        writer: AttendanceWriter,
        changes: ChangeWriter,
        reconciler: Reconciler,
        node: Node,
    ) -> None:
        self._bound = bound
        self._gateway = gateway
        self._writer = writer
        self._changes = changes
        self._reconciler = reconciler
        self._node = node
        self._loop = asyncio.get_running_loop()
        self._began: float | None = None
        self._limit: asyncio.Timeout | None = None
        self._at_once = False

    def signalled(self) -> None:
        """The first signal begins the drain, the second one cuts it short."""
        if self._began is None:
            self._begin()
            return
        log.warning("second signal, stopping at once")
        self._at_once = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(self._loop.time())

    @property
    def deadline(self) -> float:
        """When the process must have ended (the loop's time)."""
        now = self._loop.time()
        if self._at_once:
            return now
        return (now if self._began is None else self._began) + self._bound

    async def run(self, close_sockets: Coroutine[Any, Any, None], *others: Coroutine[Any, Any, None]) -> None:
        """`close_sockets` notifies every socket at once and returns when all are closed. `others` run alongside."""
        if self._began is None:
            self._begin()
        began = self._loop.time()
        at = clock.monotonic()
        self._reconciler.is_draining = True
        self._gateway.record_absent()
        try:
            async with asyncio.timeout_at(self.deadline - self._bound * CLOSING_SHARE) as self._limit:
                try:
                    await self._gateway.hand_over(within=self._step())
                except Exception:
                    log.exception("rooms could not be given to other nodes")
                async with asyncio.TaskGroup() as group:
                    for closing in (close_sockets, *others):
                        group.create_task(closing)
                    given_up = group.create_task(self._record(at))
        except TimeoutError:
            log.warning(
                "drain cut short",
                connections=self._gateway.connections,
                joins=self._gateway.joins,
                unrecorded=self._writer.count,
            )
        else:
            log.info(
                "drained",
                joins_given_up=given_up.result(),
                unrecorded=self._writer.count,
                seconds=round(self._loop.time() - began, 3),
            )
        finally:
            for closing in (close_sockets, *others):
                # If it was cut short before they began.
                closing.close()

    def _begin(self) -> None:
        self._began = self._loop.time()
        self._gateway.drain()
        log.info(
            "draining",
            connections=self._gateway.connections,
            joins=self._gateway.joins,
            bound=self._bound,
        )

    async def _record(self, at: float) -> int:
        """Record what is still unrecorded; returns how many joins were given up."""
        given_up = await self._gateway.stop(within=self._step())
        with contextlib.suppress(StoreError, TimeoutError):
            # The next steps report the same error.
            async with asyncio.timeout(self._step()):
                await self._reconciler.reconcile(is_last=True)
        writers = self._changes, self._writer, self._gateway.hands
        await asyncio.gather(*(writer.close(self._step()) for writer in writers))
        await self._node.stop(at)
        return given_up

    def _step(self) -> float:
        return (self.deadline - self._loop.time()) * STEP_SHARE
