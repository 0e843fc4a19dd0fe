"""Whose credentials are void: said here, kept in the store, heard of by every process with its next heartbeat.

Tokens bear no mark of their own, so all of a user's are revoked that were issued before a moment. Nobody whose identity
is made here is ever given another one for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection

import structlog

from server.identity.tokens import LIFETIME, Tokens
from storage.revocations import Revocations as Kept

log = structlog.get_logger()

VOID_FOR = 86_400.0
"""Seconds from now until when what is issued is void as well: a process that has not heard of it yet may renew
something, and what was issued by a clock that was ahead, and has been set back since, lies in the future."""


class Revocations:
    """`part` is called with users who are to be parted with, if they are here."""

    def __init__(self, kept: Kept, tokens: Tokens, part: Callable[[Collection[str]], None]) -> None:
        self._kept = kept
        self._tokens = tokens
        self._part = part

    async def revoke(self, user_id: str) -> None:
        """Void what the user was given until now. Raises what the store raises; then it may not be kept."""
        now = time.time()
        before = now + VOID_FOR
        await self._kept.revoke(user_id, before, now - LIFETIME)
        log.info("credentials revoked", user=user_id)
        self._learn({user_id: before}, now)

    async def hear(self) -> None:
        """Learn what other processes have revoked, and at the start, all there is. Raises what the store raises."""
        self._learn(await self._kept.revocations(), time.time())

    def _learn(self, told: dict[str, float], now: float) -> None:
        known = self._tokens.revoked
        new = {user: before for user, before in told.items() if before > known.get(user, -math.inf)}
        if new:
            # One that was read before another was written does not undo it.
            self._tokens.revoked = {
                user: before for user, before in (known | new).items() if before > now - LIFETIME
            }
            self._part(new.keys())
