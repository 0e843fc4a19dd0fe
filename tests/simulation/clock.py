"""Time that jumps, chance that repeats, and processes that can be killed between any two steps.

    with a_world_of_its_own(loop, seed, hear): loop.run_until_complete(…)

Nothing here waits for anything real: whoever sleeps is woken when nothing else is left to do at this moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import heapq
import itertools
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from server.identity import ids
from server.realtime import connection
from server.runtime import clock

EPOCH = 1_800_000_000.0
"""What `time.time()` says when a run begins (seconds)."""

BOOTED = 1000.0
"""What a machine's monotonic clock says then."""

PROCESS: contextvars.ContextVar[object] = contextvars.ContextVar("process", default=None)
"""Whose code is running: a server's, or (None) the world's."""


class Stuck(Exception):  # noqa: N818 - a finding, not a fault of the caller
    """Nothing is left that could ever happen, and the run has not ended."""


class _Task(asyncio.Task[Any]):
    """Hashed by number: sets of tasks are gone through in the same order in each run."""

    numbers = itertools.count()

    def __init__(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        loop: asyncio.AbstractEventLoop,
        context: contextvars.Context | None = None,
        **kwargs: Any,
    ) -> None:
        self._number = next(_Task.numbers)
        self.process = PROCESS.get() if context is None else context.get(PROCESS)
        super().__init__(coro, loop=loop, context=context, **kwargs)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop, whose place of waiting for I/O moves the clock instead."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self.set_ahead = 0.0
        """How far the time of day of the server's machine is from what it was when the run began."""
        self._selector = self
        self._frozen: dict[object, list[asyncio.Handle]] = {}
        self.set_task_factory(_task)

    def time(self) -> float:
        return self._now

    def select(self, timeout: float | None) -> list[object]:
        if self._frozen:
            self._hold_back(self._now + (timeout or 0.0))
        if timeout is None:
            raise Stuck
        self._now += timeout
        return []

    def freeze(self, process: object) -> None:
        """Nothing of the process' code runs until `thaw`: it was stopped."""
        self._frozen[process] = []

    def thaw(self, process: object) -> None:
        """It goes on, and what was due meanwhile is done, late."""
        self._ready.extend(handle for handle in self._frozen.pop(process, ()) if not handle.cancelled())

    def _hold_back(self, until: float) -> None:
        due = [timer for timer in self._scheduled if timer.when() <= until]
        for handle in (*self._ready, *due):
            held = self._frozen.get(handle._context.get(PROCESS))  # type: ignore[attr-defined] # as in `kill`
            if held is not None:
                held.append(handle)
                if isinstance(handle, asyncio.TimerHandle):
                    self._scheduled.remove(handle)
                    handle._scheduled = False  # type: ignore[attr-defined] # as asyncio does
                else:
                    self._ready.remove(handle)
        heapq.heapify(self._scheduled)

    def kill(self, process: object) -> list[asyncio.Task[Any]]:
        """Nothing of the process' code runs from now on, not even what it would do at its end.

        Answers its tasks, which have to be kept: collected, they would run to their `finally`.
        """
        for handle in (*self._ready, *self._scheduled, *self._frozen.pop(process, ())):
            if handle._context.get(PROCESS) is process:
                handle.cancel()
        tasks = asyncio.all_tasks(self)
        return [task for task in tasks if isinstance(task, _Task) and task.process is process]

    def _process_events(self, _events: list[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _task(loop: asyncio.AbstractEventLoop, coro: Any, **kwargs: Any) -> _Task:
    return _Task(coro, loop=loop, **kwargs)


def bury(tasks: list[asyncio.Task[Any]]) -> None:
    """Let go of the tasks of killed processes, when nothing they do at their end can matter any more."""
    for task in tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined] # they are meant to be pending
        with contextlib.suppress(BaseException):
            coro = task.get_coro()
            assert coro is not None
            coro.close()


def process_context(process: object) -> contextvars.Context:
    context = contextvars.Context()
    context.run(PROCESS.set, process)
    return context


def lots(what: str, seed: int) -> random.Random:
    """Chance that comes out the same for the same seed."""
    return random.Random(f"{what} of {seed}")  # noqa: S311 - nothing to guess here


Hear = Callable[[str, EventDict], None]


@contextlib.contextmanager
def a_world_of_its_own(loop: VirtualLoop, seed: int, hear: Hear, *, level: int) -> Iterator[None]:
    """While it lasts, whatever tells the time, makes ids or draws lots does so by the loop and the seed.

    `hear` gets the server's log lines of at least this level, instead of a stream.
    """
    chance = lots("ids", seed)
    real = time.time, random.getstate()
    settings = structlog.get_config()

    def log_line(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        hear(method, event)
        raise structlog.DropEvent

    structlog.configure(
        processors=[log_line],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    replaced = [
        (time, "time", lambda: EPOCH + loop.time() + loop.set_ahead),
        (clock, "monotonic", lambda: BOOTED + loop.time()),
        (ids, "_random", chance.randbytes),
        (connection, "_numbers", itertools.count(1)),
        # The gateway keeps its connections in a set.
        (connection.Connection, "__hash__", lambda self: self.number),
        (_Task, "numbers", itertools.count()),
    ]
    logging.disable(logging.CRITICAL)
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    random.seed(f"the server's chance of {seed}")
    try:
        for owner, name, value in replaced:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
        time.time = real[0]
        random.setstate(real[1])
        logging.disable(logging.NOTSET)
        structlog.configure(**settings)
