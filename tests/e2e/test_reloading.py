"""Pages are reloaded and tabs copied: everyone keeps the place, the role and the devices."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import COMING_AND_GOING, Person, all_hear_and_watch, meet
from tests.e2e.waiting import until
from tests.process import ServerProcess


@pytest.mark.one_browser
async def test_both_reload_at_once(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    await asyncio.gather(ada.page.reload(), bob.page.reload())
    assert [await ada.seated(), await bob.seated()] == [a, b]
    await ada.sees(a, role="host")
    await bob.sees(b, role="participant")
    await all_hear_and_watch({a: ada, b: bob})
    for person in (ada, bob):
        await expect(person.others).to_have_count(1)
        assert await person.toasts() == []
        assert "participant_left" not in person.events(*COMING_AND_GOING)
    assert [row["session_count"] for row in await ada.attendance(meeting)] == [1, 1]


@pytest.mark.one_browser
async def test_reload_that_the_page_knows_of_may_take_its_time(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada", calls=False)
    (a,) = await meet(meeting, ada)
    for past, by in enumerate(("key", "script")):
        if by == "key":
            await ada.page.keyboard.press("F5")  # without a window there is nobody to act on it
            await ada.page.reload()
        else:
            async with ada.page.expect_navigation():
                await ada.page.evaluate("location.reload()")
        # Whoever closes with 1000 has left three seconds later.
        await server.logged("connection lost, place kept", past=past, participant=a, code=1001)
        assert await ada.seated() == a


# A copy of a tab, in a browser whose locks do not tell it from the original.
COPY_OF_TAB = """
  if (location.protocol.startsWith("http")) sessionStorage.setItem("reconvene.seat", %r);
  Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
"""


@pytest.mark.one_browser
async def test_three_tabs_of_one_session_do_not_fight(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada", calls=False)
    (a,) = await meet(meeting, ada)
    async with looking_on(server, meeting) as bob:
        await one_has_the_place(newcomer, ada, a, meeting)
        await bob.sees(a, state="connected")
        told = [message["type"] for message in bob.heard if message["type"] in COMING_AND_GOING]
        # Three took over, once each.
        assert told == ["participant_rejoined"] * 3


async def one_has_the_place(newcomer: Newcomer, ada: Person, a: str, meeting: str) -> None:
    tab_session = await ada.page.evaluate("sessionStorage.getItem('reconvene.seat')")
    copies = [await newcomer("Ada", tab_of=ada, calls=False) for _ in range(2)]
    for copy in copies:
        await copy.before(COPY_OF_TAB % tab_session)
    await asyncio.gather(*(copy.open(meeting) for copy in copies))
    await asyncio.gather(*(copy.knock() for copy in copies))

    tabs = [ada, *copies]

    async def views() -> list[str | None]:
        return [await tab.page.locator("body").get_attribute("data-view") for tab in tabs]

    await until(
        views, lambda now: sorted(map(str, now)) == ["meeting", "problem", "problem"], "one tab has the place"
    )
    (winner,) = [tab for tab, view in zip(tabs, await views(), strict=True) if view == "meeting"]
    assert winner is not ada
    assert await winner.seated() == a
    await winner.sees(a, role="host")
    for loser in tabs:
        if loser is not winner:
            await expect(loser.heading).to_have_text("You joined from another tab")
    await ada.press("Use here")
    assert await ada.seated() == a
    for copy in copies:
        await copy.at("problem")
    await expect(ada.others).to_have_attribute("data-state", "connected")
    assert [tab.events("joined", "resumed") for tab in tabs] == [["joined", "joined"], ["joined"], ["joined"]]
