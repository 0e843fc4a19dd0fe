"""What engines in memory share: the data, and what can happen to it. `tests.engines.memory` says how it is used."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tests.engines.space import Space

if TYPE_CHECKING:
    from tests.engines.memory import MemoryEngine

EPOCH = 1_900_000_000.0
LOOK_EVERY = 1.0
KEPT_WRITES = 100
"""How many of the last writes a failover can lose."""

Result = TypeVar("Result")


class MemoryServer:
    """`space` is what it keeps. `ahead`: seconds by which its clock is set."""

    def __init__(self, space: Space | None = None) -> None:
        self.space = space or Space()
        self.ahead = 0.0
        self.latency = 0.0
        self.away = False
        self.swallows = False
        self.holds = False
        self.held: list[Callable[[], object]] = []
        self._starts = itertools.count(1)
        self._before: deque[Space] = deque(maxlen=KEPT_WRITES)
        self._waiting: dict[asyncio.Future[None], MemoryEngine] = {}
        self._ends: dict[str, tuple[tuple[int, bytes | None], ...]] = {}
        """The newest entries of inboxes, when it was last told that there are new ones."""
        self.context = contextvars.Context()
        """What has been sent goes on when the process that sent it is killed."""
        self._start()

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time() + self.ahead

    def restart(self, *, empty: bool) -> None:
        if empty:
            was = self.space
            self.space = Space(lease=was.lease, settling=was.settle_for, inbox_kept=was.inbox_kept)
        self._start()

    def fail_over(self, lost: int) -> None:
        """To a replica that had not got the last `lost` writes yet."""
        for _ in range(min(lost, len(self._before))):
            self.space = self._before.pop()
        self._start()

    def go_back(self, lost: int) -> None:
        """As a primary does that became one again after its data went back: nobody is told."""
        if not self._before:
            return
        before, space = self._before[-min(lost, len(self._before))], self.space.copy()
        for name, room in before.rooms.items():
            now = space.rooms.get(name)
            if now is not None and (now.node, now.term, now.epoch) == (room.node, room.term, room.epoch):
                space.rooms[name] = replace(room, complete_in="")
        self.space = space

    def release(self) -> None:
        """Carry out what was held."""
        held, self.held = self.held, []
        for apply in held:
            apply()

    def carry_out(self, script: Callable[[Space, float], Result]) -> Result:
        now = self.now()
        self.space.expire(now)
        before = self.space.copy()
        result = script(self.space, now)
        if vars(before) != vars(self.space):
            self._before.append(before)
            if any(box.entries[-1:] != self._ends.get(node) for node, box in self.space.boxes.items()):
                self._ends = {node: box.entries[-1:] for node, box in self.space.boxes.items()}
                self._tell()
        return result

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for changed, engine in waiting.items():
            if not (engine.is_dead or changed.done()):
                changed.set_result(None)

    async def change(self, engine: MemoryEngine) -> None:
        """Wait until somebody has done something, or a while is over."""
        loop = asyncio.get_running_loop()
        changed: asyncio.Future[None] = loop.create_future()
        self._waiting[changed] = engine
        look = loop.call_later(LOOK_EVERY, changed.cancel)
        try:
            await asyncio.wait([changed])
        finally:
            self._waiting.pop(changed, None)
            look.cancel()

    def _start(self) -> None:
        self.incarnation = f"memory-{next(self._starts)}"
        self._before.clear()
        self.held.clear()
