"""How often passwords of meetings are tried: by one address in one meeting one after another, and few wrong ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

from server.network.client_address import Client
from server.network.limits import Limits
from signalling.protocol.errors import ErrorCode, Refused

AT_ONCE = 4
"""Passwords that one network tries at once, in whatever meetings: others find room in the queue for hashing them."""


class PasswordTries:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._networks: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def turn(self, client: Client, meeting: str) -> AsyncIterator[None]:
        """Whoever is in it may try one password. Raises `Refused` if too many were wrong.

        One after another: of many that are sent at once no more are tried than one by one, and a class that comes at
        once with the right one is not over the limit.
        """
        key = f"{client.network} {meeting}"
        turn = self._turns.setdefault(key, asyncio.Lock())
        network = self._networks.setdefault(client.network, asyncio.Semaphore(AT_ONCE))
        async with turn, network:
            self._limits.check("passwords", client, key)
            try:
                yield
            except Refused as refused:
                if refused.code is ErrorCode.WRONG_PASSWORD:
                    self._limits.count("passwords", client, key)
                raise
