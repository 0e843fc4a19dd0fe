"""What strangers do to a server on the open Internet, each from an address of its own, over and over.

    python -m tests.abuse.attacks http://127.0.0.1:3000 20 guesses_ids makes_invites

Prints as JSON how often each was done. On loopback only, and bounded: so many seconds, a few sockets at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import httpx
from websockets.exceptions import WebSocketException

from tests.abuse.attacker import Attacker
from tests.abuse.owners import OWNERS
from tests.server.raw import Raw

PAUSE = 0.01
AT_ONCE = 4
"""How often each is done at a time."""

CROWD = 14
"""Of each that toggles: there are several, in one room."""
NONSENSE = (
    '{"type":"join"',
    "[" * 10_000,
    '{"type":"status","id":1e999}',
    '{"type":"join","id":1,"meeting":"A\\u0000B","name":"\\ud800"}',
    '{"type":"resume","id":1,"session":"x","seq":-1}',
    "x" * 70_000,
)

FAILURES = (OSError, EOFError, TimeoutError, AssertionError, WebSocketException, httpx.HTTPError)
"""What an attacker meets who is refused."""


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


async def sends_many_headers(me: Attacker) -> None:
    async with await Raw.open(me.port) as raw:
        await raw.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        with contextlib.suppress(OSError):
            for _ in range(1024):
                await raw.send(b"X-Many: y\r\n" * 500)


async def shakes_hands_badly(me: Attacker) -> None:
    bad = {"Origin": "http://["} if me.times % 2 else {"Sec_WebSocket_Protocol": "\xff"}
    async with await Raw.open(me.port) as raw:
        await raw.handshake(X_Forwarded_For=me.address, **bad)


async def opens_sockets_for_nothing(me: Attacker) -> None:
    async with me.socket():
        pass


async def says_nonsense(me: Attacker) -> None:
    async with me.socket() as client:
        for text in NONSENSE:
            await client.send_text(text)


async def comes_back_for_all(me: Attacker) -> None:
    """A page that resumes without end, and wants all that it missed each time."""
    async with me.socket() as page:
        await page.join("AGAIN", "Eve", create=True)
        for _ in range(20):
            async with me.socket() as back:
                await back.send("resume", session=page.session, epoch=page.epoch, seq=0)
                await back.next()


async def toggles_in_a_crowd(me: Attacker) -> None:
    """Many members of a room raise and lower their hands as fast as they are let."""
    async with contextlib.AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(me.socket()) for _ in range(CROWD)]
        for number, client in enumerate(crowd):
            await client.join("RESTLESS", f"Eve {number}", create=True)
        for turn in range(20):
            await asyncio.gather(*(client.send("status", hand=turn % 2 == 0) for client in crowd))
            await asyncio.sleep(1 / 45)


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


async def commands_about_many(me: Attacker) -> None:
    """As the host of a meeting, about people who are not there."""
    async with me.socket() as host:
        await me.lead(host, "CROWDED")
        many = [f"p_{number}" for number in range(1000)]
        for number in range(20):
            await host.send("allow", key=f"{me.times}-{number}", participants=many, may={"chat": False})
        await host.closed()


async def says_that_it_was_commanded_before(me: Attacker) -> None:
    """What the sender may not, so that the store is asked."""
    async with me.socket() as host, me.socket() as eve:
        await host.join("BEFORE", "Host", create=True)
        await eve.join("BEFORE", "Eve")
        for number in range(200):
            key = f"{me.times}-{number}"
            await eve.send("settings", key=key, settings={"locked": True}, again=True)
        await eve.send("ping", t="done")
        await eve.until("pong")


async def knocks_and_leaves(me: Attacker) -> None:
    async with me.socket() as host:
        await me.lead(host, "LOBBY")
        await host.order("settings", settings={"lobby": "everyone", "message": f"{me.times}"})
        for _ in range(20):
            async with me.socket() as eve:
                await eve.send("join", meeting=f"LOBBY-{me.number}", name="Eve")
                await eve.next()


async def asks_for_all_that_was_said(me: Attacker) -> None:
    """Writes as fast as it is let, and has the whole of it shown again and again."""
    async with me.socket() as eve:
        await eve.join("CHATTY", "Eve", create=True)
        for number in range(50):
            await eve.send("chat", key=f"{me.times}-{number}", text="x" * 2000)
        for _ in range(100):
            await eve.send("chat_history", limit=100)
        await eve.send("ping", t="done")
        await eve.until("pong")


async def reacts_without_end(me: Attacker) -> None:
    async with me.socket() as eve:
        await eve.join("CHEERFUL", "Eve", create=True)
        for _ in range(200):
            await eve.send("react", emoji="👏")
        await eve.send("ping", t="done")
        await eve.until("pong")


async def guesses_passwords(me: Attacker) -> None:
    async with me.socket() as host:
        await me.lead(host, "SECRET")
        await host.order("settings", settings={"password": f"one that nobody guesses {me.times}"})
        for number in range(10):
            async with me.socket() as eve:
                await eve.send("join", meeting=f"SECRET-{me.number}", name="Eve", password=f"{number}")
                await eve.next()


async def has_codes_drawn(me: Attacker) -> None:
    await me.ask("GET", f"/api/meetings/DRAWN-{me.times}/qr.svg")


async def plays_zoom(me: Attacker) -> None:
    """Without the signature that Zoom would make."""
    await me.ask("POST", "/api/zoom/webhook")


STRANGERS: tuple[Callable[[Attacker], Awaitable[None]], ...] = (
    guesses_ids,
    tries_keys,
    makes_identities,
    says_nothing,
    stops_halfway,
    sends_endless_headers,
    sends_many_headers,
    shakes_hands_badly,
    opens_sockets_for_nothing,
    says_nonsense,
    joins_and_leaves,
    comes_back_for_all,
    toggles_in_a_crowd,
    signals_much,
    commands_about_many,
    says_that_it_was_commanded_before,
    knocks_and_leaves,
    asks_for_all_that_was_said,
    reacts_without_end,
    guesses_passwords,
    has_codes_drawn,
    plays_zoom,
)

ATTACKS = {attack.__name__: attack for attack in (*STRANGERS, *OWNERS)}


async def attack(url: str, seconds: float, names: Sequence[str]) -> Counter[str]:
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
        for number, what in enumerate([*names] * AT_ONCE, 1):
            group.create_task(go_on(ATTACKS[what], number))
    return done


if __name__ == "__main__":
    print(json.dumps(asyncio.run(attack(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))))
