"""Somebody with an address of their own, and what they need to do harm."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx

from tests.server.client import Client, bearer
from tests.server.raw import Raw

HELD = 300
"""How many sockets each keeps open."""


class Attacker:
    def __init__(self, url: str, number: int) -> None:
        self.url = url
        self.port = urlsplit(url).port or 80
        self.number = number
        self.address = f"198.51.100.{number}"
        self.times = 0
        self.has = ""
        """The path of a meeting of theirs that is as they want it."""
        self._token = ""
        self._held: list[Raw] = []
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=30.0)

    @property
    def token(self) -> str:
        """Of the meetings that they lead."""
        return self._token

    async def ask(self, method: str, path: str, key: str = "") -> httpx.Response:
        headers = {"X-Forwarded-For": self.address} | (bearer(key) if key else {})
        return await self._http.request(method, path, headers=headers)

    async def hold(self, begun: bytes) -> None:
        """Keep a socket on which so much was sent, and let go of the oldest when there are many."""
        raw = await Raw.open(self.port)
        self._held.append(raw)
        await raw.send(begun)
        if len(self._held) > HELD:
            await self._held.pop(0).__aexit__(None, None, None)

    async def let_go(self) -> None:
        while self._held:
            await self._held.pop().__aexit__(None, None, None)
        await self._http.aclose()

    async def lead(self, client: Client, room: str) -> None:
        """As the host of a meeting, the same each time."""
        known = {"token": self._token} if self._token else {}
        await client.join(f"{room}-{self.number}", "Eve", create=True, **known)
        self._token = client.token

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[Client]:
        client = await Client.open(f"{self.url.replace('http', 'ws', 1)}/ws", address=self.address)
        try:
            yield client
        finally:
            client.drop()
            await client.close()
