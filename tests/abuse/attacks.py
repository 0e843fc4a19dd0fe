"""What strangers do to a server on the open Internet, each from an address of its own, over and over.

    python -m tests.abuse.attacks http://127.0.0.1:3000 20

Prints as JSON how often each was done. On loopback only, and bounded: so many seconds, a few sockets at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import WebSocketException

from tests.server.client import Client, bearer
from tests.server.raw import Raw

PAUSE = 0.01
HELD = 50
"""Sockets that one attacker keeps open at a time."""

FAILURES = (OSError, EOFError, TimeoutError, AssertionError, WebSocketException, httpx.HTTPError)
"""What an attacker meets who is refused."""


class Attacker:
    def __init__(self, url: str, number: int) -> None:
        self.url = url
        self.port = urlsplit(url).port or 80
        self.address = f"198.51.100.{number}"
        self.times = 0
        self._held: list[Raw] = []

    async def ask(self, method: str, path: str, key: str = "") -> httpx.Response:
        headers = {"X-Forwarded-For": self.address} | (bearer(key) if key else {})
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as http:
            return await http.request(method, path, headers=headers)

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

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[Client]:
        client = await Client.open(f"{self.url.replace('http', 'ws', 1)}/ws", address=self.address)
        try:
            yield client
        finally:
            client.drop()
            await client.close()


async def guesses_ids(me: Attacker) -> None:
    await me.ask("GET", f"/api/meetings/GUESS-{me.times}")


async def tries_keys(me: Attacker) -> None:
    await me.ask("GET", "/api/meetings", f"a key that is a guess {me.times}")


async def makes_identities(me: Attacker) -> None:
    await me.ask("POST", "/api/identity")


async def says_nothing(me: Attacker) -> None:
    await me.hold(b"")


async def stops_halfway(me: Attacker) -> None:
    await me.hold(b"POST /api/identity HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")


async def sends_endless_headers(me: Attacker) -> None:
    async with await Raw.open(me.port) as raw:
        await raw.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ")
        for _ in range(1024):
            if raw.is_closing:
                break
            await raw.send(b"a" * 65536)


async def shakes_hands_badly(me: Attacker) -> None:
    bad = {"Origin": "http://["} if me.times % 2 else {"Sec_WebSocket_Protocol": "\xff"}
    async with await Raw.open(me.port) as raw:
        await raw.handshake(X_Forwarded_For=me.address, **bad)


async def opens_sockets_for_nothing(me: Attacker) -> None:
    async with me.socket():
        pass


async def joins_and_leaves(me: Attacker) -> None:
    async with me.socket() as client:
        await client.join("ATTACKED", "Eve", create=True)
        await client.leave()


async def signals_much(me: Attacker) -> None:
    """To somebody who does not read."""
    async with me.socket() as deaf, me.socket() as loud:
        await deaf.join("LOUD", "Deaf", create=True)
        deaf.ws.transport.pause_reading()
        await loud.join("LOUD", "Loud")
        for _ in range(50):
            await loud.send("signal", to=deaf.id, data="x" * 60_000)


ATTACKS: tuple[Callable[[Attacker], Awaitable[None]], ...] = (
    guesses_ids,
    tries_keys,
    makes_identities,
    says_nothing,
    stops_halfway,
    sends_endless_headers,
    shakes_hands_badly,
    opens_sockets_for_nothing,
    joins_and_leaves,
    signals_much,
)


async def attack(url: str, seconds: float) -> Counter[str]:
    done: Counter[str] = Counter()
    until = time.monotonic() + seconds

    async def go_on(what: Callable[[Attacker], Awaitable[None]], number: int) -> None:
        me = Attacker(url, number)
        while time.monotonic() < until:
            me.times += 1
            with contextlib.suppress(*FAILURES):
                async with asyncio.timeout(max(0.1, until - time.monotonic())):
                    await what(me)
                    done[what.__name__] += 1
            await asyncio.sleep(PAUSE)

    async with asyncio.TaskGroup() as group:
        for number, what in enumerate(ATTACKS, 1):
            group.create_task(go_on(what, number))
    return done


if __name__ == "__main__":
    print(json.dumps(asyncio.run(attack(sys.argv[1], float(sys.argv[2])))))
