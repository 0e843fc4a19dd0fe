"""Batching: calls that wait together run together, and each caller gets its own answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from storage.batching import BatchThread, Calls
from storage.errors import StoreUnavailable


class Doubler:
    """Doubles what it is given. Batches wait for `gate`; negative numbers fail; -99 breaks the whole batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def __call__(self, batch: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(batch))
        self.entered.set()
        assert self.gate.wait(10)
        if -99 in batch:
            raise RuntimeError("broken batch")
        return [ValueError(number) if number < 0 else number * 2 for number in batch]

    async def hold(self, thread: BatchThread[int, int]) -> asyncio.Task[int]:
        """Keep the thread busy with one call (of 0) until `gate` is set."""
        self.gate.clear()
        self.entered.clear()
        task = asyncio.create_task(thread.call(0))
        assert await asyncio.to_thread(self.entered.wait, 10)
        self.batches.clear()
        return task


async def put(thread: BatchThread[int, int], numbers: Sequence[int]) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(thread.call(number)) for number in numbers]
    await asyncio.sleep(0)  # each task runs up to its wait
    return tasks


@pytest.fixture
def doubler() -> Doubler:
    return Doubler()


@pytest.fixture
async def thread(doubler: Doubler) -> AsyncIterator[BatchThread[int, int]]:
    started = BatchThread("doubler", doubler, size=4, limit=10)
    yield started
    doubler.gate.set()
    await started.close()


async def test_a_lone_call_runs_alone(thread: BatchThread[int, int], doubler: Doubler) -> None:
    assert await thread.call(21) == 42
    assert doubler.batches == [[21]]


async def test_calls_that_wait_run_together_in_order_up_to_the_size(
    thread: BatchThread[int, int], doubler: Doubler
) -> None:
    await doubler.hold(thread)
    tasks = await put(thread, [1, 2, 3, 4, 5, 6])
    doubler.gate.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10, 12]
    assert doubler.batches == [[1, 2, 3, 4], [5, 6]]


async def test_a_call_that_fails_fails_for_its_caller_only(
    thread: BatchThread[int, int], doubler: Doubler
) -> None:
    await doubler.hold(thread)
    tasks = await put(thread, [1, -2, 3])
    doubler.gate.set()
    one, two, three = await asyncio.gather(*tasks, return_exceptions=True)
    assert (one, three) == (2, 6)
    assert isinstance(two, ValueError)


async def test_a_batch_that_breaks_fails_for_all_in_it_and_the_next_one_runs(
    thread: BatchThread[int, int], doubler: Doubler
) -> None:
    await doubler.hold(thread)
    tasks = await put(thread, [1, -99])
    doubler.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["broken batch", "broken batch"]
    assert await thread.call(3) == 6


async def test_a_batch_with_too_few_outcomes_leaves_nobody_waiting() -> None:
    thread: BatchThread[int, int] = BatchThread("short", lambda batch: [])
    with pytest.raises(ValueError, match="shorter"):
        await thread.call(1)
    await thread.close()


async def test_a_call_cancelled_while_it_waits_is_not_run(
    thread: BatchThread[int, int], doubler: Doubler
) -> None:
    await doubler.hold(thread)
    one, two, three = await put(thread, [1, 2, 3])
    two.cancel()
    with pytest.raises(asyncio.CancelledError):
        await two
    doubler.gate.set()
    assert (await one, await three) == (2, 6)
    assert doubler.batches == [[1, 3]]


async def test_a_call_cancelled_while_it_runs_leaves_the_rest_of_its_batch_alone() -> None:
    calls: Calls[int, int] = Calls("plain", size=4, limit=4)
    one, two = calls.accept(1), calls.accept(2)
    batch = calls.take()
    one.cancel()
    calls.settle((call, call.request * 2) for call in batch)
    assert one.cancelled()
    assert await two == 4


async def test_more_calls_than_the_limit_are_refused_and_the_others_answered(
    thread: BatchThread[int, int], doubler: Doubler
) -> None:
    await doubler.hold(thread)
    tasks = await put(thread, range(12))
    doubler.gate.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[:10] == [number * 2 for number in range(10)]
    assert all(isinstance(answer, StoreUnavailable) for answer in answers[10:])
    assert await thread.call(1) == 2


async def test_closing_finishes_what_was_accepted_and_refuses_what_comes_later(
    thread: BatchThread[int, int], doubler: Doubler
) -> None:
    await doubler.hold(thread)
    tasks = await put(thread, [1, 2, 3, 4, 5])
    closing = asyncio.gather(thread.close(), thread.close())
    await asyncio.sleep(0)  # both have begun
    with pytest.raises(StoreUnavailable, match="doubler is closed"):
        await thread.call(6)
    doubler.gate.set()
    await closing
    assert [task.result() for task in tasks] == [2, 4, 6, 8, 10]
    assert "doubler" not in {each.name for each in threading.enumerate()}


async def test_calls_can_be_taken_without_a_thread() -> None:
    """The core knows nothing of threads: a task on the loop may be the consumer as well."""
    calls: Calls[int, int] = Calls("plain", size=2, limit=3)
    answers = [calls.accept(number) for number in (1, 2, 3)]
    with pytest.raises(StoreUnavailable, match="overloaded"):
        calls.accept(4)
    while batch := calls.take():
        calls.settle((call, call.request * 2) for call in batch)
    assert [await answer for answer in answers] == [2, 4, 6]


def test_a_loop_closed_without_waiting_for_the_thread_is_no_error(doubler: Doubler) -> None:
    """Its late answers find no loop. (An exception on the thread would fail this test: warnings are errors.)"""

    async def abandon() -> list[asyncio.Task[object]]:
        thread = BatchThread("abandoned", doubler)
        tasks: list[asyncio.Task[object]] = [await doubler.hold(thread), asyncio.create_task(thread.close())]
        await asyncio.sleep(0)  # closing has begun
        return tasks  # cancelled as the loop ends

    assert all(task.cancelled() for task in asyncio.run(abandon()))
    (thread,) = [each for each in threading.enumerate() if each.name == "abandoned"]
    doubler.gate.set()
    thread.join(10)
    assert not thread.is_alive()
