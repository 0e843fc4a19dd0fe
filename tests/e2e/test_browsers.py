"""The browsers that tests run in are as people have them, and one browser calls another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.browsers import BROWSERS, Browsers
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, all_hear_and_watch, meet
from tests.e2e.waiting import GONE_WITHIN
from tests.process import ServerProcess

SCROLLBAR = """() => {
  const box = document.createElement("div");
  box.style.cssText = "width: 100px; height: 100px; overflow-y: scroll";
  document.body.append(box);
  return box.offsetWidth - box.clientWidth;
}"""


async def test_scrollbars_take_room(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    assert await ada.page.evaluate(SCROLLBAR) > 0


ON_LEAVING = """
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "reconvene.v1");
  addEventListener("beforeunload", () => socket.send('{"type": "ping", "t": 1}'));
  await new Promise((resolve) => socket.addEventListener("open", resolve));
"""


async def test_what_a_page_says_last_is_heard(newcomer: Newcomer, meeting: str) -> None:
    """Tests see every message of a socket, also the last one before a page goes."""
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    await ada.page.evaluate(f"async () => {{ {ON_LEAVING} }}")
    await ada.page.reload()
    await ada.seated()
    said = [message["type"] for message in ada.said]
    assert [said.count("join"), said.count("ping")] == [2, 1]
    assert said.index("ping") < len(said) - 1 - said[::-1].index("join")
    assert ada.events("joined") == ["joined"] * 2


@pytest.fixture
async def brief(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server for which whoever's goodbye Firefox lost is gone soon: a page in a call waits for that."""
    async with ServerProcess(tmp_path, RECONVENE_GRACE="5") as brief:
        yield brief


@pytest.fixture
async def pair(brief: ServerProcess, browsers: Browsers, people: list[Person]) -> list[Person]:
    """Two people with different browsers."""
    for name in BROWSERS:
        context = await (await browsers.open(name)).new_context()
        people.append(await Person.arrive(context, name.capitalize(), brief.url))
    return people


async def test_one_browser_calls_another(pair: list[Person], meeting: str) -> None:
    """Either hosts, and either shares a screen, reloads and goes."""
    one, other = pair
    await calls(one, other, f"{meeting}-1")
    await calls(other, one, f"{meeting}-2")


async def calls(host: Person, guest: Person, meeting: str) -> None:
    h, g = await meet(meeting, host, guest)
    await all_hear_and_watch({h: host, g: guest})
    screen = guest.page.locator('.tile[data-kind="screen"]')
    await host.press("Share screen")
    await expect(screen).to_have_attribute("aria-label", f"{host.name}’s screen")
    await expect(screen).to_have_attribute("data-picture", "")
    await host.press("Stop sharing")
    await expect(screen).to_have_count(0)
    await guest.page.reload()
    assert await guest.seated() == g
    await all_hear_and_watch({h: host, g: guest})
    await guest.page.goto(f"{guest.url}/attendance")
    await expect(host.others).to_have_count(0, timeout=GONE_WITHIN * 1000)
