"""Waiting for something, but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Collection


async def happens(event: asyncio.Event, within: float) -> bool:
    """Wait for the event; False if it takes longer than `within` seconds."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def ends(tasks: Collection[asyncio.Task[None]], within: float) -> int:
    """Wait until the tasks have ended, and cancel those that have not after `within` seconds. Returns how many."""
    if not tasks:
        return 0
    _, late = await asyncio.wait(tasks, timeout=within)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)
    return len(late)
