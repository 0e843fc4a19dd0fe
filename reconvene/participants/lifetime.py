"""How long bots stay: until they are told to leave, their time is up, or the meeting ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from reconvene.participants.bot import Bot


@asynccontextmanager
async def interruptions() -> AsyncIterator[asyncio.Event]:
    """An event that the first Ctrl-C or SIGTERM sets instead of ending the process; a second one ends it."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)

    def ask() -> None:
        asked.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, ask)
    try:
        yield asked
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def stay(*bots: Bot, seconds: float | None = None, until: Awaitable[object] | None = None) -> None:
    """Wait for the first of these: an interruption, `seconds` have passed since all bots came, `until` is done, all
    bots have left.

    Raises `Over` as soon as a bot's stay ends without its having left.
    """
    async with interruptions() as asked:
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(asked.wait()),
            asyncio.ensure_future(_all_over(bots)),
        ]
        if seconds is not None:
            waits.append(asyncio.ensure_future(_in_for(bots, seconds)))
        if until is not None:
            waits.append(asyncio.ensure_future(until))
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in done:
                wait.result()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)


async def _in_for(bots: tuple[Bot, ...], seconds: float) -> None:
    await asyncio.gather(*(bot.joined() for bot in bots))
    await asyncio.sleep(seconds)


async def _all_over(bots: tuple[Bot, ...]) -> None:
    await asyncio.gather(*(bot.over() for bot in bots))
