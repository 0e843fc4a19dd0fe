"""Waiting for something, but not for ever."""

from __future__ import annotations

import asyncio


async def happens(event: asyncio.Event, within: float) -> bool:
    """Wait for the event; False if it takes longer than `within` seconds."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True
