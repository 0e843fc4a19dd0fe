"""A reader of German finds no English on the page, chooses the language, and has dates as they write them."""

from __future__ import annotations

import base64
import json
import os
import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import OVERFLOW
from tests.process import ServerProcess
from tests.server.client import playing

pytestmark = pytest.mark.one_browser

BLOCKED = """
  const refuse = { get: () => { throw new DOMException("The operation is insecure.", "SecurityError"); } };
  for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, refuse);
"""

# What somebody sees or hears of a page, where it is a text of the catalogue: nothing that people wrote.
ENGLISH = """async () => {
  const { texts } = await import(document.querySelector('link[rel="modulepreload"]').href);
  const here = new Set(Object.values(texts).flatMap((text) => (typeof text === "string" ? text : Object.values(text))));
  const plain = (text) => text.replace(/[ \\n]+/g, " ").trim();
  const shapes = Object.keys(texts)
    .filter((text) => !here.has(text))
    .map((text) => new RegExp(`^${text.replace(/[.*+?^$()|[\\]\\\\]/g, "\\\\$&").replace(/\\{\\w+\\}/g, ".+")}$`));
  const seen = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (parentElement.checkVisibility() && !parentElement.closest("script, style, noscript")) seen.push(data);
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility()) continue;
    for (const name of ["aria-label", "title", "placeholder"]) seen.push(element.getAttribute(name) ?? "");
  }
  const told = seen.map(plain).filter(Boolean);
  return { count: told.length, english: told.filter((text) => shapes.some((shape) => shape.test(text))) };
}"""


async def speaks_german(page: Page) -> None:
    """In all it shows; and nothing of it is beside the window."""
    told = await page.evaluate(ENGLISH)
    assert told["english"] == []
    assert told["count"] > 10, "the page shows hardly anything"
    assert await page.evaluate(OVERFLOW) == 0


NARROW = (280, 320)
"""Widths of windows."""


async def is_whole(menu: Locator) -> None:
    """Nothing of a menu is beside the window, or has to be scrolled to from side to side."""
    await expect(menu).to_be_visible()
    if shots := os.environ.get("SHOTS"):
        width = await menu.evaluate("innerWidth")
        await menu.page.screenshot(path=f"{shots}/{await menu.get_attribute('data-part')}-{width}.png")
    left, right, window, over = await menu.evaluate("""(menu) => {
      const { left, right } = menu.getBoundingClientRect();
      return [left, right, document.documentElement.clientWidth, menu.scrollWidth - menu.clientWidth];
    }""")
    assert left >= 0, left
    assert right <= window, (right, window)
    assert over <= 0, over


async def test_a_visit_in_german(newcomer: Newcomer, server: ServerProcess, meeting: str) -> None:
    ada = await newcomer(
        "Ada",
        calls=False,
        locale="de-DE",
        timezone_id="Europe/Berlin",
        viewport={"width": 320, "height": 640},
    )
    page = ada.page
    await page.goto(ada.url)
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(ada.heading).to_have_text("Meetings, die Ihren\u00a0Platz freihalten")
    await speaks_german(page)
    await page.get_by_text("ID oder Titel wählen").click()
    await page.get_by_label("Ihr Name").fill("Ada")
    await page.get_by_label("Eigene ID").fill(meeting)
    await ada.button("Neues Meeting").click()
    await ada.at("prejoin")
    await speaks_german(page)
    await ada.button("Jetzt beitreten").click()
    a = await ada.seated()
    await speaks_german(page)
    async with looking_on(server, meeting) as bob:
        await ada.told("Bob ist da")
        await page.locator('[data-part="people"]').click()
        await speaks_german(page)
        for width in NARROW:
            await page.set_viewport_size({"width": width, "height": 640})
            await ada.button("Mehr zu Bob").click()
            await is_whole(page.locator(".person-menu"))
            if width == NARROW[-1]:
                await speaks_german(page)
            await page.keyboard.press("Escape")
        await page.locator('[data-part="chat-button"]').click()
        await page.get_by_label("Nachricht", exact=True).fill("…")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("log", name="Nachrichten").get_by_role("listitem")).to_have_count(1)
        await speaks_german(page)
        for opener in ("settings", "host-options"):
            await page.locator(f'[data-part="{opener}"]').click()
            if opener == "host-options":
                await ada.button("Meeting-Einstellungen").click()
            for summary in await page.locator("dialog summary").all():
                await summary.click()
            await speaks_german(page)
            if opener == "settings":
                # No call is loaded anew for it.
                await page.get_by_label("Sprache").select_option("English")
                note = page.get_by_role("dialog").get_by_role("status").get_by_text("nächsten Seite")
                await expect(note).to_be_visible()
                assert await page.evaluate("localStorage.getItem('reconvene.language')") == "en"
                await page.get_by_label("Sprache").select_option("Deutsch")
                await expect(note).to_have_count(0)
            await ada.button("Fertig").click()
        await ada.button("Hand heben").click()
        await bob.sees(a, hand="raised")
    await page.goto(f"{ada.url}/m/{meeting}/attendance")
    await expect(page.get_by_role("table")).to_be_visible()
    # With all that a report may have to offer.
    await page.locator("#csv-menu [hidden]").evaluate_all(
        "(items) => items.forEach((item) => (item.hidden = false))"
    )
    for width in NARROW:
        await page.set_viewport_size({"width": width, "height": 640})
        await ada.button("CSV").click()
        await is_whole(page.locator("#csv-menu"))
        await page.keyboard.press("Escape")
    await speaks_german(page)
    # "Montag, 30. November 2026, ab 10:55"
    when = page.locator('[data-part="when"]')
    await expect(when).to_have_text(re.compile(r"^\w+tag|^Mittwoch"))
    await expect(when).to_have_text(re.compile(r", \d{1,2}\. \S+ \d{4}, "))
    # The choice is kept, and the record reads in English.
    await page.get_by_label("Sprache").select_option("English")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_role("link", name="All meetings")).to_be_visible()
    await page.goto(ada.url)
    await expect(ada.button("New meeting")).to_be_visible()
    assert await page.locator('link[rel="modulepreload"]').count() == 0
    # Whoever chooses it late has typed nothing in vain.
    await page.get_by_text("Choose an ID or a title").click()
    title = page.locator('input[data-part="title"]')
    await title.fill("Montags")
    await page.get_by_label("Language").select_option("Deutsch")
    await expect(ada.button("Neues Meeting")).to_be_visible()
    await expect(title).to_have_value("Montags")
    await expect(title).to_be_visible()
    await page.goto(f"{ada.url}/m/{meeting}")
    await ada.at("prejoin")
    await page.get_by_label("Ihr Name").fill("Ada B.")
    await page.get_by_label("Sprache").select_option("English")
    await expect(page.get_by_label("Your name")).to_have_value("Ada B.")


async def test_the_choice_takes_along_what_the_link_said(
    newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    """Where the browser keeps nothing, and to another page, too."""
    ada = await newcomer("Ada", calls=False)
    await ada.before(BLOCKED)
    async with playing(server) as play:
        await play.joined(meeting, "Bob", create=True)
        claims = base64.urlsafe_b64encode(
            json.dumps({"sub": "u1", "iss": "a", "name": "Ada L."}).encode()
        ).decode()
        await ada.page.goto(f"{ada.url}/m/{meeting}#token=e30.{claims}.e30&invite=abc")
        await ada.at("prejoin")
        await ada.page.get_by_label("Language").select_option("Deutsch")
        name = ada.page.get_by_label("Ihr Name")
        await expect(name).to_have_value("Ada L.")
        await expect(name).to_have_js_property("readOnly", True)
        await expect(ada.page).to_have_url(f"{ada.url}/m/{meeting}?lang=de")
        await ada.page.get_by_label("Sprache").select_option("English")
        await expect(ada.page.get_by_label("Your name")).to_have_value("Ada L.")
