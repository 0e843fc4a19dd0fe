"""Where sockets do not get through and plain requests do, the page says so, goes on trying, and tells operators why."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.waiting import until
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.nginx import NO_ROUTE, NO_UPGRADE, OTHER_HOST, PASSING, Nginx
from tests.server.proxy import HOST, Proxy

pytestmark = pytest.mark.one_browser

BLOCKED = "the connection that a meeting needs does not get through"
AWAY = "The server cannot be reached"

OBSTACLES = {
    "no upgrade": (NO_UPGRADE, "proxy_set_header Upgrade"),
    "another host": (OTHER_HOST, "RECONVENE_ALLOWED_ORIGINS"),
    "no route": (NO_ROUTE, "answered with 404"),
}


@pytest.fixture
async def nginx(server: ServerProcess) -> AsyncIterator[Nginx]:
    async with Nginx(server.port, PASSING) as nginx:
        yield nginx


def told(person: Person) -> list[str]:
    """What operators find in the console."""
    texts: list[str] = []
    person.page.on("console", lambda message: texts.append(message.text))
    return texts


async def hinted(texts: list[str], word: str) -> None:
    async def so_far() -> list[str]:
        return [text for text in texts if text.startswith("Reconvene: ")]

    await until(so_far, lambda hints: any(word in hint for hint in hints), f"the console says {word!r}")


async def test_join_that_is_blocked_says_so_and_succeeds_when_it_can(
    newcomer: Newcomer, meeting: str, nginx: Nginx
) -> None:
    ada = await newcomer("Ada", url=nginx.url, calls=False)
    texts = told(ada)
    for obstacle, (lines, word) in OBSTACLES.items():
        await nginx.become(lines)
        await ada.start(f"{meeting}-{obstacle.replace(' ', '-')}")
        await ada.knock()
        await expect(ada.page.get_by_role("status").filter(has_text=BLOCKED)).to_be_visible()
        await hinted(texts, word)
        await ada.button("Try again").click()
        await expect(ada.button("Joining…")).to_be_disabled()
        await expect(ada.button("Try again")).to_be_enabled()
        await nginx.become(PASSING)
        await ada.seated()
    ada.complaints.clear()
    await ada.page.close()


async def test_call_that_is_blocked_says_so_and_goes_on_when_it_can(
    newcomer: Newcomer, meeting: str, nginx: Nginx
) -> None:
    ada = await newcomer("Ada", url=nginx.url, calls=False)
    await meet(meeting, ada)
    await nginx.become(NO_UPGRADE)
    await expect(ada.banner(BLOCKED)).to_be_visible()
    # Reloaded, it has no call to go on with, and waits for one.
    await ada.page.reload()
    await ada.at("meeting")
    await expect(ada.banner(BLOCKED)).to_be_visible()
    # Pressed while it is blocked still: the button goes as soon as the page comes through by itself.
    await ada.button("Try again").click()
    await nginx.become(PASSING)
    await ada.seated()
    await expect(ada.banner(BLOCKED)).to_have_count(0)
    await expect(ada.button("Try again")).to_have_count(0)
    ada.complaints.clear()
    await ada.page.close()


async def test_who_waits_to_be_let_in_is_told_so_too(
    newcomer: Newcomer, meeting: str, nginx: Nginx, server: ServerProcess
) -> None:
    async with playing(server) as play:
        host = await play.joined(meeting, "Host", create=True)
        await host.order("settings", settings={"lobby": "everyone"})
        eve = await newcomer("Eve", url=nginx.url, calls=False)
        await in_charge.waits(eve, meeting)
        await expect(eve.button("Try again")).to_be_hidden()
        await nginx.become(NO_UPGRADE)
        await expect(eve.banner(BLOCKED)).to_be_visible()
        await eve.button("Try again").click()
        await nginx.become(PASSING)
        await expect(eve.banner("You are next.")).to_be_visible()
        await expect(eve.button("Try again")).to_be_hidden()
        eve.complaints.clear()
        await eve.page.close()


async def test_server_that_is_away_is_told_apart(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    async with Proxy(server.port) as way:
        ada = await newcomer("Ada", url=f"http://{HOST}:{way.port}", calls=False)
        await ada.start(meeting)
        await ada.at("prejoin")
        way.refusing = True
        way.cut()
        await ada.knock()
        await expect(ada.page.get_by_role("status").filter(has_text=AWAY)).to_be_visible()
        way.refusing = False
        await ada.seated()
        ada.complaints.clear()
        await ada.page.close()
