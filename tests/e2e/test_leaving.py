"""Who closes a tab, or goes to another address, has left soon after; who reloads has not. In every browser."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import Person
from tests.e2e.waiting import WITHIN
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.proxy import HOST, Proxy


async def close(person: Person) -> None:
    await person.page.close()


async def go_elsewhere(person: Person) -> None:
    await person.page.goto(f"{person.url}/attendance")


async def go_to_another_site(person: Person) -> None:
    await person.page.goto("about:blank")


TRIES = {"chromium": 1, "firefox": 4}
"""On a busy machine Firefox loses what a few pages of a hundred say as they go (docs/browsers.md)."""


async def goodbye(server: ServerProcess, meeting: str, past: int = 0) -> dict[str, Any] | None:
    """What the page said as it went, after so many others, or None if nothing of it came."""
    with suppress(AssertionError):
        return await server.logged("page said goodbye", past=past, meeting=meeting)
    return None


async def test_whoever_goes_has_left(newcomer: Newcomer, meeting: str, server: ServerProcess) -> None:
    async with looking_on(server, meeting, create=True) as ada, playing(server) as play:
        for way in (close, go_elsewhere, go_to_another_site):
            b = await comes_and_goes(newcomer, f"Bob, who will {way.__name__}", meeting, server, way)
            await ada.loses(b)
            left = next(
                m for m in ada.heard if m["type"] == "participant_left" and m["participant"]["id"] == b
            )
            assert left["reason"] == "left"
            row = next(row for row in await play.attendance(meeting, ada.token) if row["id"] == b)
            assert [session["reason"] for session in row["sessions"]] == ["left"]


async def comes_and_goes(
    newcomer: Newcomer,
    name: str,
    meeting: str,
    server: ServerProcess,
    goes: Callable[[Person], Awaitable[None]],
) -> str:
    """Somebody of this name does, with a connection to Ada in the making. Answers their participant's id."""
    tries = 0
    while True:
        tries += 1
        bob = await newcomer(name)
        b = await bob.come(meeting)
        await bob.says("signal")
        before = len(server.lines("page said goodbye", meeting=meeting))
        await goes(bob)
        if await goodbye(server, meeting, before) or tries == TRIES[bob.browser_name]:
            return b


@pytest.mark.one_browser(also="firefox")
async def test_a_page_that_loads_slowly_says_how_long_a_reload_takes(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    async with Proxy(server.port) as line:
        slow = await newcomer("Slow", url=f"http://{HOST}:{line.port}")
        for number in range(TRIES[slow.browser_name]):
            room = f"{meeting}-{number}"
            line.stall()
            starting = asyncio.create_task(slow.start(room))
            # What is measured is time: nothing but time can make it long.
            await asyncio.sleep(2)
            line.release()
            await starting
            s = await slow.join()
            await slow.page.close()
            said = await goodbye(server, room)
            if said:
                break
            slow = await newcomer("Slow", url=slow.url)
        assert said, "no goodbye was heard"
        # Twice as long, and never for ever.
        assert 4 <= said["back_in"] <= 15
        await server.logged("participant left", participant=s, reason="left", within=WITHIN)
