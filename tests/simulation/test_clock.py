"""The loop of the simulation: what comes in which order, and what never comes to its end."""

from __future__ import annotations

import asyncio
from asyncio import sleep

import pytest

from tests.simulation import endless
from tests.simulation.clock import PROCESS, Stuck, VirtualLoop, process_context, sent


async def goes_round() -> None:
    while True:  # noqa: ASYNC110 - that is what is found
        await sleep(0)


async def waits_for_what_is_there() -> None:
    there = asyncio.get_running_loop().create_future()
    there.set_result(None)
    while True:
        await there


def test_what_is_due_at_one_moment_comes_in_the_order_in_which_it_was_asked_for() -> None:
    loop, came = VirtualLoop(), list[int]()
    for number in range(100):
        loop.call_at(1.0 if number % 2 else 1.0 + number % 3, came.append, number)
    loop.call_at(5.0, loop.stop)
    loop.run_forever()
    assert came == sorted(range(100), key=lambda number: (0 if number % 2 else number % 3, number))
    assert loop.time() == 5.0
    loop.close()


def test_who_is_stopped_does_what_was_due_when_it_goes_on() -> None:
    loop, came = VirtualLoop(), list[tuple[object, float]]()
    process = object()
    context = process_context(process)

    def come() -> None:
        came.append((PROCESS.get(), loop.time()))

    loop.call_at(1.0, come, context=context)
    loop.call_at(1.0, come)
    loop.freeze(process)
    loop.call_at(2.0, loop.thaw, process)
    loop.call_at(3.0, come, context=context)
    loop.call_at(4.0, loop.kill, process)
    for at in (1.5, 5.0):
        # What it has sent comes there, unless it was killed before.
        loop.call_at(at, come, context=context.run(sent))
    loop.call_at(5.0, come, context=context)
    loop.call_at(6.0, loop.stop)
    loop.run_forever()
    assert came == [(None, 1.0), (process, 1.5), (process, 2.0), (process, 3.0)]
    loop.close()


def test_a_task_that_goes_on_while_no_time_passes_is_found() -> None:
    loop = VirtualLoop()
    with pytest.raises(Stuck, match=r"(?s)no time passes.*test_clock.py.*goes_round"):
        loop.run_until_complete(goes_round())
    loop.close()


def test_a_callback_without_an_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endless, "TOO_LONG", 0.1)
    loop = VirtualLoop()
    with endless.ended(loop), pytest.raises(Stuck, match=r"(?s)its end.*waits_for_what_is_there"):
        loop.run_until_complete(waits_for_what_is_there())
    loop.close()
