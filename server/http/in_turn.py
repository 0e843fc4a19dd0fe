"""Reports on a meeting, few of which are made at once: each may have thousands of people in memory, and a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE = 2


class Turns:
    """`@turns.taken` has a route wait for its turn. It sends its answer without one, however slowly that is read."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    def taken(self, route: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @wraps(route)
        async def in_turn(*args: P.args, **more: P.kwargs) -> T:
            async with self._free:
                return await route(*args, **more)

        return in_turn
