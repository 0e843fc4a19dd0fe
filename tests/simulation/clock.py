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
from typing import Any, TypeVarTuple

import structlog
from structlog.typing import EventDict, WrappedLogger

from server.identity import ids
from server.realtime import connection
from server.runtime import clock
from tests.simulation.endless import ended, where

EPOCH = 1_800_000_000.0
"""What `time.time()` says when a run begins (seconds)."""

BOOTED = 1000.0
"""What a machine's monotonic clock says then."""

AT_ONE_MOMENT = 10_000
"""Callbacks that run without any time passing, at most: some thirty, usually."""

PROCESS: contextvars.ContextVar[object] = contextvars.ContextVar("process", default=None)
"""Whose code is running: a server's, or (None) the world's."""

_SENT: contextvars.ContextVar[bool] = contextvars.ContextVar("sent", default=False)


Ts = TypeVarTuple("Ts")


class Stuck(Exception):  # noqa: N818 - a finding, not a fault of the caller
    """Nothing is left that could ever happen, or it happens without end, and the run has not ended."""


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


class Handle(asyncio.TimerHandle):
    """What the loop is to call, without what only real loops need of it, which costs as much as a call."""

    __slots__ = ("callback",)
    callback: Callable[..., object]

    def __init__(
        self,
        at: float,
        callback: Callable[[*Ts], object],
        args: tuple[*Ts],
        context: contextvars.Context | None,
    ) -> None:
        self._when = at
        self.callback = callback
        self._args = args
        self._context = contextvars.copy_context() if context is None else context
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._args = ()

    @property
    def process(self) -> object:
        return self._context.get(PROCESS)

    @property
    def is_sent(self) -> bool:
        """Whether it is out of the process already."""
        return self._context.get(_SENT, False)

    def run(self) -> None:
        self._context.run(self.callback, *self._args)


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop, but for the clock: when nothing is left to do at this moment, the next one comes. What is due
    at the same moment is called in the order in which it was asked for.

    `steps`: how many callbacks have run.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self.set_ahead = 0.0
        """How far the time of day of the server's machine is from what it was when the run began."""
        self.steps = 0
        self.endless = ""
        """Which callback did not come to its end."""
        self._steps_before = 0
        """Those at earlier moments."""
        self._due_now: deque[Handle] = deque()
        self._due_later: list[tuple[float, int, Handle]] = []
        self._numbers = itertools.count()
        self._frozen: dict[object, list[Handle]] = {}
        self.set_task_factory(_task)

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = Handle(self._now, callback, args, context)
        self._due_now.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = Handle(when, callback, args, context)
        heapq.heappush(self._due_later, (when, next(self._numbers), handle))
        return handle

    def waiting(self) -> list[Handle]:
        """What is to be called at any time."""
        held = itertools.chain.from_iterable(self._frozen.values())
        later = (handle for _, _, handle in self._due_later)
        return [handle for handle in (*self._due_now, *later, *held) if not handle.cancelled()]

    def _run_once(self) -> None:
        now, later = self._due_now, self._due_later
        while later and later[0][2].cancelled():
            heapq.heappop(later)
        if not now:
            if not later:
                raise Stuck("nothing can happen any more")
            if later[0][0] > self._now:
                self._now = later[0][0]
                self._steps_before = self.steps
        while later and later[0][0] <= self._now:
            now.append(heapq.heappop(later)[2])
        for _ in range(len(now)):
            handle = now.popleft()
            if handle.cancelled():
                continue
            held = self._frozen.get(handle.process) if self._frozen else None
            if held is not None and not handle.is_sent:
                held.append(handle)
                continue
            self.steps += 1
            try:
                handle.run()
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                context = {"message": f"Exception in callback {handle.callback!r}", "exception": error}
                self.call_exception_handler(context)
        if self.endless:
            raise Stuck(self.endless)
        if self.steps - self._steps_before > AT_ONE_MOMENT:
            going_on = "\n".join(where(handle.callback) for handle in now)
            raise Stuck(f"no time passes, and this goes on without end:\n{going_on}")

    def freeze(self, process: object) -> None:
        """Nothing of the process' code runs until `thaw`: it was stopped."""
        self._frozen[process] = []

    def thaw(self, process: object) -> None:
        """It goes on, and what was due meanwhile is done, late."""
        self._due_now.extend(self._frozen.pop(process, ()))

    def kill(self, process: object) -> list[asyncio.Task[Any]]:
        """Nothing of the process' code runs from now on, not even what it would do at its end.

        Answers its tasks, which have to be kept: collected, they would run to their `finally`.
        """
        for handle in self.waiting():
            if handle.process is process:
                handle.cancel()
        self._frozen.pop(process, None)
        tasks = asyncio.all_tasks(self)
        return [task for task in tasks if isinstance(task, _Task) and task.process is process]

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


def sent() -> contextvars.Context:
    """For what the running process has sent: it goes on while the process is stopped, and not when it is killed."""
    context = contextvars.copy_context()
    context.run(_SENT.set, True)
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
        (time, "process_time", lambda: 0.0),
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
        with ended(loop):
            yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
        time.time = real[0]
        random.setstate(real[1])
        logging.disable(logging.NOTSET)
        structlog.configure(**settings)
