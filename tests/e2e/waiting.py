"""How long tests wait for what comes about by itself, and how."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from playwright.async_api import expect

T = TypeVar("T")

WITHIN = 30.0
"""Seconds. Much more than anything takes, since machines that run tests share their cores."""

GONE_WITHIN = 30.0 + WITHIN
"""Seconds. Of a page that is closed Firefox may lose the goodbye, and then its place is kept for the server's grace."""

expect.set_options(timeout=WITHIN * 1000)


async def until(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool], what: str) -> T:
    """Asks until the answer is right; for what no event tells, such as statistics."""
    end = asyncio.get_running_loop().time() + WITHIN
    while True:
        answer = await ask()
        if holds(answer):
            return answer
        assert asyncio.get_running_loop().time() < end, f"{what}: still {answer!r} after {WITHIN} s"
        await asyncio.sleep(0.1)
