"""Those who have to be let in, and those who let them in."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e import in_charge
from tests.e2e.browsers import BrowserName
from tests.e2e.conftest import Newcomer
from tests.e2e.person import meet
from tests.e2e.test_axe import is_fine
from tests.e2e.waiting import until

pytestmark = pytest.mark.one_browser

LISTEN = """() => {
  globalThis.tones = [];
  globalThis.OscillatorNode = class extends OscillatorNode {
    start(...when) {
      tones.push(this.frequency.value);
      super.start(...when);
    }
  };
}"""
KNOCK = [660, 520]


async def test_the_lobby_from_both_sides(newcomer: Newcomer, meeting: str, browser_name: BrowserName) -> None:
    ada, eve, dan = [await newcomer(name, calls=False) for name in ("Ada", "Eve", "Dan")]
    await meet(meeting, ada)
    panel = await in_charge.open_settings(ada)
    await panel.get_by_label("Who has to be let in").select_option("everyone")
    await panel.get_by_label("What those who wait are told").fill("Soon")
    await in_charge.close_settings(ada)
    await ada.hears("meeting_updated")
    await ada.page.evaluate(LISTEN)

    await in_charge.waits(eve, meeting)
    await in_charge.notice(eve, "Waiting to be let in")
    await expect(eve.page.get_by_text("You are next.")).to_be_visible()
    await expect(eve.page.get_by_text("Soon")).to_be_visible()
    await ada.told("Eve asks to be let in")
    door = ada.page.get_by_role("region", name="At the door")
    await expect(door).to_contain_text("At the door: Eve")
    # Without a sound card Firefox starts no AudioContext.
    sounds = KNOCK if browser_name == "chromium" else []
    await until(lambda: ada.page.evaluate("tones"), lambda heard: heard == sounds, "Ada hears the knock")
    await in_charge.waits(dan, meeting)
    await expect(dan.page.get_by_text("One person waits before you.")).to_be_visible()
    await expect(door).to_contain_text("At the door: 2 people")
    await is_fine(eve, "waiting room")
    await is_fine(ada, "at the door")

    await door.get_by_role("button", name="Show").click()
    await expect(door).to_be_hidden()
    await is_fine(ada, "list of those who wait")
    await ada.press("Admit Eve")
    await eve.seated()
    await expect(dan.page.get_by_text("You are next.")).to_be_visible()
    # The one who was let in is gone from the list, and the next one has the focus.
    await expect(ada.button("Admit Dan")).to_be_focused()
    await expect(ada.button("Admit Eve")).to_be_hidden()
    await ada.press("Deny Dan")
    await dan.at("problem")
    await in_charge.notice(dan, "You were not let in")
    await ada.told("You turned Dan away")
    await is_fine(dan, "not let in")

    # The second time is the last one. Whoever denies is told so, and so is whoever tries again.
    await dan.press("Try again")
    await dan.knock()
    await dan.at("waiting")
    await ada.press("Deny Dan")
    question = ada.page.get_by_role("dialog", name="Turn Dan away for good?")
    await question.get_by_role("button", name="Cancel").click()
    await ada.press("Deny Dan")
    await is_fine(ada, "deny for good")
    await question.get_by_role("button", name="Deny for good").click()
    await expect(dan.page.get_by_text("You were turned away twice")).to_be_visible()
    await expect(dan.button("Try again")).to_be_hidden()
    await dan.page.reload()
    await dan.at("prejoin")
    await dan.knock()
    await expect(dan.page.get_by_text("You were turned away twice")).to_be_visible()

    # Whoever was in is in for as long as the meeting goes on.
    await eve.press("Leave")
    await eve.press("Rejoin")
    await eve.seated()


@pytest.mark.one_browser(also="firefox")
async def test_who_knocks_while_the_host_reloads_and_all_who_are_let_in_at_once(
    newcomer: Newcomer, meeting: str
) -> None:
    ada, eve, dan, fay = [await newcomer(name, calls=False) for name in ("Ada", "Eve", "Dan", "Fay")]
    await meet(meeting, ada)
    await in_charge.everyone_knocks(ada)
    await in_charge.waits(eve, meeting)
    await ada.told("Eve asks to be let in")
    await expect(eve.page.get_by_text("Whoever is in charge has been told")).to_be_visible()
    await asyncio.gather(ada.page.reload(), in_charge.waits(dan, meeting))
    await ada.seated()
    door = ada.page.get_by_role("region", name="At the door")
    await expect(door).to_contain_text("At the door: 2 people")
    await eve.at("waiting")

    # Whoever reloads the page while waiting goes on waiting, in the same position.
    await eve.page.reload()
    await eve.at("waiting")
    await expect(eve.page.get_by_text("You are next.")).to_be_visible()
    await expect(dan.page.get_by_text("One person waits before you.")).to_be_visible()

    # One of those who wait goes.
    await in_charge.waits(fay, meeting)
    await eve.press("Leave")
    await in_charge.notice(eve, "You no longer wait")
    await ada.told("Eve no longer waits")
    await ada.press("Admit all")
    await dan.seated()
    await fay.seated()
    await expect(door).to_be_hidden()
    await in_charge.waits(eve, meeting)
    await door.get_by_role("button", name="Admit").click()
    await eve.seated()
