"""Grid and speaker view, pages, pins and the spotlight, by keyboard and for screen readers, in one meeting of many."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.in_charge import open_menu
from tests.e2e.person import Person, meet
from tests.e2e.test_axe import is_fine
from tests.e2e.waiting import until
from tests.process import ServerProcess
from tests.server.client import playing

SHOWN = '.tile[data-kind="person"]:not([hidden])'
ALONE = f"{SHOWN}[data-large]"


def is_hiding(data: dict[str, Any]) -> bool:
    return bool(data.get("show", {}).get("camera") == "none")


async def told_to_hide(person: Person) -> set[str]:
    """Whom the page has told last that it does not show their picture."""
    shows = {
        said["to"]: said["data"]
        for said in person.said
        if said["type"] == "signal" and "show" in said["data"]
    }
    return {to for to, data in shows.items() if is_hiding(data)}


@pytest.mark.one_browser
async def test_how_a_large_meeting_is_looked_at(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    # Else what fades in is looked at halfway.
    ada = await newcomer("Ada", viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    (a,) = await meet(meeting, ada)
    page = ada.page
    async with playing(server) as play:
        guests = [await play.joined(meeting, f"Guest {number}") for number in range(2, 21)]
        others = [guest.id for guest in guests]
        # A connection to each costs more than all the rest: the first and the last are enough.
        for guest in guests[1:-1]:
            await guest.send("signal", to=a, data={"media": False})
        await expect(page.locator(SHOWN)).to_have_count(16)
        pager = page.get_by_role("navigation", name="Pages of participants")
        await expect(pager).to_contain_text("Page 1 of 2")
        await is_fine(ada, "a grid of two pages")
        await page.locator("body").click(position={"x": 5, "y": 5})
        await page.keyboard.press(".")
        await expect(pager).to_contain_text("Page 2 of 2")
        await expect(page.locator(SHOWN)).to_have_count(4)
        await expect(ada.tile(others[-1])).to_be_visible()
        await page.keyboard.press(".")
        await expect(pager).to_contain_text("Page 2 of 2")
        await ada.button("Previous page").click()
        await expect(ada.tile(others[-1])).to_be_hidden()
        # Nobody on the other page has to send a picture.
        there, here = others[-1], others[0]
        await until(
            lambda: told_to_hide(ada), lambda told: there in told and here not in told, "told to hide"
        )

        await page.keyboard.press("g")
        await expect(page.locator(ALONE)).to_have_count(1)
        await is_fine(ada, "speaker view")

        # Pins go from tile to tile by arrow keys.
        await page.locator(f'{SHOWN} [data-part="pin"][tabindex="0"]').focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-pinned][data-large]")).to_have_count(1)
        await expect(page.locator(":focus")).to_have_accessible_name("Unpin Guest 3")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-pinned]")).to_have_count(0)

        # Whoever is gone leaves the focus to who has their place, and takes their menu along.
        await guests.pop(1).leave()
        await expect(ada.tile(others.pop(1))).to_have_count(0)
        await expect(page.locator(":focus")).to_have_accessible_name("Pin Guest 4")
        await page.set_viewport_size({"width": 1280, "height": 800})
        await open_menu(ada, "Guest 19")
        await guests.pop(-2).leave()
        await expect(page.get_by_role("group", name="More about Guest 19")).to_be_hidden()
        await expect(page.get_by_role("heading", name="Participants")).to_be_focused()
        others.pop(-2)
        menu = await open_menu(ada, "Guest 18")
        await menu.get_by_role("button", name="Remove…").click()
        await guests.pop(-2).leave()
        await expect(ada.tile(others.pop(-2))).to_have_count(0)
        await page.keyboard.press("Escape")
        await expect(ada.heading).to_be_focused()
        menu = await open_menu(ada, "Guest 20")
        await menu.get_by_role("button", name="Spotlight for everyone").click()
        await expect(ada.tile(others[-1])).to_have_attribute("data-large", "")
        await expect(ada.tile(others[-1]).get_by_role("img", name="In the spotlight")).to_be_visible()
        await ada.told("In the spotlight now: Guest 20")
        await page.reload()
        await ada.at("meeting")
        await expect(ada.tile(others[-1])).to_have_attribute("data-large", "")
        menu = await open_menu(ada, "Guest 20")
        await menu.get_by_role("button", name="Remove from spotlight").click()
        # The view was remembered, and whoever spoke last, or came first, is large again.
        await expect(ada.tile(others[-1]).get_by_role("img", name="In the spotlight")).to_be_hidden()
        await expect(page.locator(ALONE)).to_have_count(1)

        await page.set_viewport_size({"width": 320, "height": 568})
        await ada.button("Close list").click()
        await ada.button("View").click()
        await is_fine(ada, "the menu of views on a phone")
        await ada.button("Grid view").click()
        await expect(page.locator(ALONE)).to_have_count(0)
        assert 1 < await page.locator(SHOWN).count() <= 9
