"""What somebody does who has a meeting, or is in one: all of it is theirs to do, but not without end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.abuse.attacker import Attacker
from tests.server.client import bearer
from tests.server.raw import Raw

STAYS = 8
MESSAGES = 100
"""In the meeting of each."""

ASKED = 8
"""How often at once."""


async def _filled(me: Attacker, room: str) -> str:
    """The path of a meeting of theirs, with something in it."""
    path = f"/api/meetings/{room}-{me.number}"
    if me.has == path:
        return path
    for _ in range(STAYS):
        async with me.socket() as page:
            await me.lead(page, room)
            await page.leave()
    async with me.socket() as host:
        await me.lead(host, room)
        for number in range(MESSAGES):
            await host.send("chat", key=f"{me.times}-{number}", text="x" * 2000)
        await host.send("ping", t="done")
        await host.until("pong")
    me.has = path
    return path


async def _asks(me: Attacker, method: str, *paths: str, times: int = 5) -> None:
    for path in paths * times:
        await asyncio.gather(*(me.ask(method, path, me.token) for _ in range(ASKED)))


async def changes_names_without_end(me: Attacker) -> None:
    async with me.socket() as eve:
        await eve.join("RENAMED", "Eve", create=True)
        for number in range(200):
            await eve.send("rename", key=f"{me.times}-{number}", name=f"Eve {number}")
        await eve.send("ping", t="done")
        await eve.until("pong")


async def has_the_attendance_exported(me: Attacker) -> None:
    path = await _filled(me, "STAYS")
    await _asks(me, "GET", f"{path}/attendance?format=csv", f"{path}/attendance")


async def has_the_chat_exported(me: Attacker) -> None:
    path = await _filled(me, "WRITTEN")
    await _asks(me, "GET", *(f"{path}/chat?format={form}" for form in ("csv", "json", "txt")), times=1)


async def asks_what_an_export_would_be(me: Attacker) -> None:
    path = await _filled(me, "HEADED")
    await _asks(me, "HEAD", f"{path}/chat", f"{path}/attendance?format=csv")


async def asks_and_hangs_up(me: Attacker) -> None:
    path = await _filled(me, "HUNGUP")
    (known,) = bearer(me.token).values()
    for what in ("attendance?format=csv", "chat") * ASKED:
        async with await Raw.open(me.port) as raw:
            head = f"GET {path}/{what} HTTP/1.1\r\nHost: a\r\nAuthorization: {known}"
            await raw.send(f"{head}\r\nX-Forwarded-For: {me.address}\r\n\r\n".encode())


async def asks_for_own_stays(me: Attacker) -> None:
    path = await _filled(me, "OWN")
    await _asks(me, "GET", f"{path}/stays")


async def makes_invites(me: Attacker) -> None:
    async with me.socket() as host:
        await me.lead(host, "INVITING")
    path = f"/api/meetings/INVITING-{me.number}/invites"
    await _asks(me, "POST", path)
    await _asks(me, "GET", path, times=1)


OWNERS: tuple[Callable[[Attacker], Awaitable[None]], ...] = (
    changes_names_without_end,
    has_the_attendance_exported,
    has_the_chat_exported,
    asks_what_an_export_would_be,
    asks_and_hangs_up,
    asks_for_own_stays,
    makes_invites,
)
