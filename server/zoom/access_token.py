"""The access token: one for all calls, requested once however many callers wait for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

_EARLIER = 60.0
"""A token is renewed this many seconds before it expires."""


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """`renew_at` is in seconds since the epoch."""

    value: str = field(repr=False)
    scopes: frozenset[str]
    renew_at: float

    @classmethod
    def lasting(cls, value: str, scopes: frozenset[str], seconds: float, since: float) -> Token:
        # A token with a shorter life must not be renewed at every call.
        return cls(value, scopes, since + max(seconds - _EARLIER, seconds / 2))


class Tokens:
    """`ask` requests a new token, in one attempt. Its exception is raised to all callers who wait for the token."""

    def __init__(self, ask: Callable[[], Awaitable[Token]], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._token: Token | None = None
        self._asking: asyncio.Task[Token] | None = None

    async def current(self) -> Token:
        if self._token is not None and self._clock() < self._token.renew_at:
            return self._token
        if self._asking is None:
            self._asking = asyncio.create_task(self._renew())
            self._asking.add_done_callback(self._asked)
        # The first caller may be cancelled; the others still wait.
        return await asyncio.shield(self._asking)

    async def other_than(self, refused: Token) -> Token:
        """A token newer than `refused`, which Zoom rejected."""
        if self._token is refused:
            self._token = None
        return await self.current()

    async def close(self) -> None:
        asking, self._token = self._asking, None
        if asking is not None:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await asking

    async def _renew(self) -> Token:
        self._token = await self._ask()
        return self._token

    def _asked(self, asking: asyncio.Task[Token]) -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # retrieved: asyncio logs an exception that no caller retrieves
