"""An address that leads nowhere says so, and leads home; one that is nearly right leads to the meeting."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet
from tests.process import ServerProcess
from tests.server.client import playing

pytestmark = pytest.mark.one_browser


async def test_nothing_here_leads_home_and_back(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(f"{ada.url}/nowhere/at-all")
    await ada.at("problem")
    await expect(ada.heading).to_have_text("There is nothing here")
    await expect(ada.heading).to_be_focused()
    await ada.button("Home").click()
    await ada.at("lobby")
    await ada.page.go_back()
    await ada.at("problem")
    await expect(ada.heading).to_have_text("There is nothing here")


async def test_link_that_is_nearly_right_leads_to_the_meeting(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    bob = await newcomer("Bob", calls=False)
    async with playing(server) as play:
        ada = await play.joined(meeting, "Ada", create=True)
        for path in ("/m/{}/", "/M/{}", "/M/{}/"):
            await bob.page.goto(bob.url + path.format(meeting))
            await bob.at("prejoin")
            await expect(bob.page).to_have_url(f"{bob.url}/m/{meeting}")
        await bob.join()
        await expect(bob.tile(ada.id)).to_be_visible()


async def test_record_is_found_with_a_slash_too(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    await ada.page.goto(f"{ada.url}/m/{meeting}/attendance/")
    await ada.at("attendance")
    await ada.page.goto(f"{ada.url}/attendance/")
    await expect(ada.page.get_by_role("link", name=meeting).first).to_be_visible()
