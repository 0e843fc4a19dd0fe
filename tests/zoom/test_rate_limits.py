"""Requests a second, in a loop whose time passes at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator
from selectors import SelectorKey
from typing import TypeVar

import pytest

from server.zoom.rate_limits import RATES, Label, Limits, limits_of

T = TypeVar("T")

TICK = 1e-9
"""A loop's time never stands still."""


class _Skipping(selectors.DefaultSelector):
    """Does not wait for timers: it is that late already."""

    late = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self.late += (timeout or 0.0) + TICK
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.late


@pytest.fixture
def run() -> Iterator[Callable[[Awaitable[T]], T]]:
    with asyncio.Runner(loop_factory=_Loop) as runner:

        async def of(awaitable: Awaitable[T]) -> T:
            return await awaitable

        yield lambda awaitable: runner.run(of(awaitable))


def quiet(_seconds: float, _why: str) -> None:
    pass


async def moments(limits: Limits, label: Label, number: int) -> list[float]:
    async def one() -> float:
        await limits.take(label, quiet)
        return asyncio.get_running_loop().time()

    return sorted(await asyncio.gather(*(one() for _ in range(number))))


@pytest.mark.parametrize("label", list(RATES))
def test_no_second_has_more_than_the_rate(
    run: Callable[[Awaitable[list[float]]], list[float]], label: Label
) -> None:
    at = run(moments(Limits(), label, 100))
    rate = int(RATES[label])
    # A rate's worth later, a second has passed; timers are exact to some nanoseconds.
    assert all(later - earlier > 1 - 1e-6 for earlier, later in zip(at, at[rate:], strict=False))
    assert at[-1] == pytest.approx(99 / rate, abs=0.01)


def test_labels_do_not_wait_for_each_other(run: Callable[[Awaitable[float]], float]) -> None:
    async def light_behind_heavy() -> float:
        limits = Limits()
        heavy = asyncio.create_task(moments(limits, "heavy", 50))
        await asyncio.sleep(0)
        (at,) = await moments(limits, "light", 1)
        assert len(await heavy) == 50
        return at

    assert run(light_behind_heavy()) == pytest.approx(0, abs=0.01)


def test_long_waits_are_told_before_they_begin(run: Callable[[Awaitable[list[float]]], list[float]]) -> None:
    async def told() -> list[float]:
        waits: list[float] = []
        limits = Limits({"heavy": 2.0})
        await asyncio.gather(
            *(limits.take("heavy", lambda seconds, _why: waits.append(seconds)) for _ in range(5))
        )
        return waits

    assert run(told()) == [1.0, 1.5, 2.0]


def test_who_gives_up_waiting_holds_up_nobody(run: Callable[[Awaitable[list[float]]], list[float]]) -> None:
    async def some_cancelled() -> list[float]:
        limits = Limits()
        tasks = [asyncio.create_task(moments(limits, "heavy", 1)) for _ in range(10)]
        await asyncio.sleep(0)
        for task in tasks[1:9]:
            task.cancel()
        first, *_, last = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(first, list)
        assert isinstance(last, list)
        return [*first, *last]

    assert run(some_cancelled()) == pytest.approx([0, 0.1], abs=0.01)


def test_clients_of_an_account_share_its_limits(run: Callable[[Awaitable[Limits]], Limits]) -> None:
    async def found() -> Limits:
        assert limits_of("b") is not limits_of("a")
        assert limits_of("a") is limits_of("a")
        return limits_of("a")

    with asyncio.Runner() as other:
        assert other.run(found()) is not run(found())
