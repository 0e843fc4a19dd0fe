"""Many callers, one consumer: calls that wait at the same moment are carried out together.

    call ─┐
    call ─┼─► Calls (waiting) ── take ──► run(requests) ── settle ──► each caller's own result or exception
    call ─┘

There is no timer. A lone call is taken at once. While a batch runs, the next one gathers, so batches grow with the
load. Every backend shares `Calls`, which uses neither threads nor databases. `BatchThread` runs it for blocking
drivers, `BatchTasks` for the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.errors import StoreUnavailable

Request = TypeVar("Request")
Result = TypeVar("Result")

Run = Callable[[Sequence[Request]], Sequence[Result | Exception]]
"""Carries out a batch: one outcome for each request, in order. An exception goes to every caller in the batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Call(Generic[Request, Result]):
    request: Request
    answer: asyncio.Future[Result]


class Calls(Generic[Request, Result]):
    """Calls that were accepted and wait for the consumer, oldest first.

    `accept`, `close` and `settle` belong to the event loop; `take` may be called from one other thread (`deque` appends
    and pops are atomic).
    """

    def __init__(self, name: str, *, size: int, limit: int) -> None:
        self.name = name
        self.closed = False
        self._size = size
        self._limit = limit
        self._waiting: deque[Call[Request, Result]] = deque()

    def accept(self, request: Request) -> asyncio.Future[Result]:
        """Queue a request. Raises `StoreUnavailable` when closed, or when `limit` calls are waiting."""
        if self.closed:
            raise StoreUnavailable(f"{self.name} is closed", certain=True)
        if len(self._waiting) >= self._limit:
            raise StoreUnavailable(
                f"{self.name} is overloaded: {self._limit} calls are waiting", certain=True
            )
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(Call(request, answer))
        return answer

    def take(self) -> list[Call[Request, Result]]:
        """Up to `size` waiting calls, without those whose caller has given up; empty if no call waits."""
        batch: list[Call[Request, Result]] = []
        while self._waiting and len(batch) < self._size:
            call = self._waiting.popleft()
            if not call.answer.cancelled():
                batch.append(call)
        return batch

    def close(self) -> None:
        """Accept no more calls. Waiting calls can still be taken."""
        self.closed = True

    @staticmethod
    def settle(answered: Iterable[tuple[Call[Request, Result], Result | Exception]]) -> None:
        """Give every caller its outcome, except callers that were cancelled while their batch ran."""
        for call, outcome in answered:
            if call.answer.done():
                continue
            if isinstance(outcome, Exception):
                call.answer.set_exception(outcome)
            else:
                call.answer.set_result(outcome)


class BatchThread(Generic[Request, Result]):
    """Runs batches on a thread of its own. Create and use it on one event loop.

    A call cancelled before its batch was taken is not run; a call cancelled later has run or will run.
    """

    def __init__(self, name: str, run: Run[Request, Result], *, size: int = 256, limit: int = 16_384) -> None:
        self._calls: Calls[Request, Result] = Calls(name, size=size, limit=limit)
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._wake = threading.Event()
        self._finished = asyncio.Event()
        # A daemon thread: a process that ends without closing its store must not hang on it. Answered calls are
        # durable.
        self._thread = threading.Thread(target=self._consume, name=name, daemon=True)
        self._thread.start()

    async def call(self, request: Request) -> Result:
        """Raises the exception of this request; `StoreUnavailable` when closed or overloaded."""
        answer = self._calls.accept(request)
        if not self._wake.is_set():
            self._wake.set()
        return await answer

    async def close(self) -> None:
        """Finish the accepted calls, then end the thread. Idempotent."""
        self._calls.close()
        self._wake.set()
        await self._finished.wait()
        self._thread.join()

    def _consume(self) -> None:
        closing = False
        while not closing:
            self._wake.wait()
            self._wake.clear()
            # Read before the queue is emptied: once it is set, no call is accepted, so none is left in the queue.
            closing = self._calls.closed
            while batch := self._calls.take():
                self._on_loop(Calls.settle, self._answer(batch))
        self._on_loop(self._finished.set)

    def _answer(
        self, batch: Sequence[Call[Request, Result]]
    ) -> list[tuple[Call[Request, Result], Result | Exception]]:
        try:
            return list(zip(batch, self._run([call.request for call in batch]), strict=True))
        except Exception as error:
            return [(call, error) for call in batch]

    def _on_loop(self, callback: Callable[..., object], *args: object) -> None:
        # A loop that was closed without closing the store has no callers left to answer.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *args)


AsyncRun = Callable[[Sequence[Request]], Awaitable[Sequence[Result | Exception]]]
"""Like `Run`, for drivers that do not block."""


class BatchTasks(Generic[Request, Result]):
    """Runs batches as tasks, at most `at_once` at the same time. Create and use it on one event loop.

    When a batch ends in `StoreUnavailable`, calls that waited meanwhile end in it, too: no call waits for two such
    batches.
    """

    def __init__(
        self, name: str, run: AsyncRun[Request, Result], *, at_once: int, size: int = 256, limit: int = 16_384
    ) -> None:
        self._calls: Calls[Request, Result] = Calls(name, size=size, limit=limit)
        self._run = run
        self._at_once = at_once
        self._consumers = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, request: Request) -> Result:
        """Raises the exception of this request; `StoreUnavailable` when closed or overloaded."""
        answer = self._calls.accept(request)
        # The task begins at the loop's next turn, so calls made together share a batch.
        if self._consumers < self._at_once:
            self._consumers += 1
            task = asyncio.create_task(self._consume())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def close(self) -> None:
        """Finish the accepted calls. Idempotent."""
        self._calls.close()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _consume(self) -> None:
        try:
            await self._consume_all()
        finally:
            # Done here, where the queue is known to be empty. Otherwise a call made before the task ends would wait for
            # ever.
            self._consumers -= 1

    async def _consume_all(self) -> None:
        while batch := self._calls.take():
            try:
                outcomes = await self._run([call.request for call in batch])
                Calls.settle(zip(batch, outcomes, strict=True))
            except StoreUnavailable as error:
                Calls.settle((call, error) for call in batch)
                while waiting := self._calls.take():
                    refused = StoreUnavailable(str(error), error.retry_after, certain=True)
                    Calls.settle((call, refused) for call in waiting)
            except Exception as error:
                Calls.settle([(call, error) for call in batch])
