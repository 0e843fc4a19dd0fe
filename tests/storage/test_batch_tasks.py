"""Batches as tasks: so many at once, nobody forgotten, and nobody waits for one failure after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from storage.batching import BatchTasks
from storage.errors import StoreUnavailable


class Doubler:
    """Doubles what it is given. Batches wait for `gate`; a negative number fails, -99 is a database that is down."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, batch: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(batch))
        await self.gate.wait()
        if -99 in batch:
            raise StoreUnavailable("down", 7.0)
        if -1 in batch:
            raise RuntimeError("broken batch")
        return [number * 2 for number in batch]


@pytest.fixture
def doubler() -> Doubler:
    return Doubler()


def tasks(doubler: Doubler, *, at_once: int = 2, size: int = 3, limit: int = 100) -> BatchTasks[int, int]:
    return BatchTasks("the doubler", doubler, at_once=at_once, size=size, limit=limit)


async def entered(doubler: Doubler, batches: int) -> None:
    while True:
        if len(doubler.batches) >= batches:
            return
        await asyncio.sleep(0)


async def test_calls_made_in_one_go_share_batches_and_as_many_run_at_once_as_may(doubler: Doubler) -> None:
    doubler.gate.clear()
    doubled = tasks(doubler)
    calls = [asyncio.create_task(doubled.call(number)) for number in range(8)]
    await entered(doubler, 2)
    for _ in range(10):
        await asyncio.sleep(0)
    assert doubler.batches == [[0, 1, 2], [3, 4, 5]]
    doubler.gate.set()
    assert await asyncio.gather(*calls) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert doubler.batches[2:] == [[6, 7]]


@pytest.mark.parametrize("turns", range(6))
async def test_a_call_made_at_whatever_moment_another_ends_is_not_forgotten(
    doubler: Doubler, turns: int
) -> None:
    doubler.gate.clear()
    doubled = tasks(doubler, at_once=1)
    first = asyncio.create_task(doubled.call(1))
    await entered(doubler, 1)
    doubler.gate.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        assert await doubled.call(2) == 4
    assert await first == 2


async def test_a_batch_that_breaks_breaks_alone(doubler: Doubler) -> None:
    doubler.gate.clear()
    doubled = tasks(doubler, at_once=1, size=1)
    calls = [asyncio.create_task(doubled.call(number)) for number in (-1, 5)]
    await entered(doubler, 1)
    doubler.gate.set()
    broken, fine = await asyncio.gather(*calls, return_exceptions=True)
    assert (type(broken), fine) == (RuntimeError, 10)


async def test_whoever_waits_behind_a_database_that_is_down_hears_it_with_the_first(doubler: Doubler) -> None:
    doubler.gate.clear()
    doubled = tasks(doubler, at_once=1, size=2)
    calls = [asyncio.create_task(doubled.call(number)) for number in (-99, 1, 2, 3, 4, 5)]
    await entered(doubler, 1)
    doubler.gate.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 6
    assert [answer.certain for answer in answers if isinstance(answer, StoreUnavailable)] == [
        *[False] * 2,
        *[True] * 4,
    ]
    assert {answer.retry_after for answer in answers if isinstance(answer, StoreUnavailable)} == {7.0}
    assert doubler.batches == [[-99, 1]]
    assert await doubled.call(6) == 12, "the next is tried anew"


async def test_a_caller_who_gives_up_takes_nobody_along(doubler: Doubler) -> None:
    doubler.gate.clear()
    doubled = tasks(doubler, at_once=1, size=2)
    calls = [asyncio.create_task(doubled.call(number)) for number in range(4)]
    await entered(doubler, 1)
    calls[0].cancel()
    calls[2].cancel()
    doubler.gate.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [answers[1], answers[3]] == [2, 6]
    assert doubler.batches == [[0, 1], [3]], "who waits no more is not asked for"


async def test_closing_finishes_what_was_accepted_and_refuses_what_comes_later(doubler: Doubler) -> None:
    doubler.gate.clear()
    doubled = tasks(doubler, at_once=1, size=2)
    calls = [asyncio.create_task(doubled.call(number)) for number in range(5)]
    await entered(doubler, 1)
    closing = asyncio.create_task(doubled.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="closed"):
        await doubled.call(9)
    doubler.gate.set()
    await closing
    assert [call.result() for call in calls] == [0, 2, 4, 6, 8]
    await doubled.close()


async def test_more_calls_than_the_limit_are_refused_and_the_others_answered(doubler: Doubler) -> None:
    doubler.gate.clear()
    doubled = tasks(doubler, at_once=1, size=1, limit=2)
    calls = [asyncio.create_task(doubled.call(0))]
    await entered(doubler, 1)
    calls += [asyncio.create_task(doubled.call(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="overloaded"):
        await doubled.call(3)
    doubler.gate.set()
    assert await asyncio.gather(*calls) == [0, 2, 4]
