"""Whatever fails when a page starts, or in a join, ends in words: never in a blank page or an endless wait."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.process import ROOT, ServerProcess
from tests.server.client import playing

pytestmark = pytest.mark.one_browser

PAGES = {
    "lobby": ("/", "main.js"),
    "meeting": ("/m/NOBODY-1", "main.js"),
    "attendance": ("/m/NOBODY-1/attendance", "attendance/main.js"),
    "records": ("/attendance", "records/main.js"),
}

MISSING = "A part of this page did not load"
WRONG = "Something went wrong"
OLD = "This browser is too old"


@pytest.fixture
async def visitor(newcomer: Newcomer) -> AsyncIterator[Person]:
    """Somebody whose browser complains of what is broken on purpose."""
    visitor = await newcomer("Ada")
    yield visitor
    visitor.complaints.clear()


async def says(page: Page, title: str) -> None:
    """In place of the page, with the focus, and with a way on."""
    heading = page.get_by_role("heading", name=title)
    await expect(heading).to_be_visible()
    await expect(heading).to_be_focused()
    await expect(page.get_by_role("alert")).not_to_be_empty()
    await expect(page.get_by_role("button", name="Reload")).to_be_visible()
    await expect(page.get_by_role("button", name="Home")).to_be_visible()
    await expect(page.locator("#view")).to_be_hidden()


async def spoil(page: Page, module: str, source: str | None) -> None:
    """Serve this in place of the module; None: nothing."""

    async def answer(route: Route) -> None:
        if source is None:
            await route.abort()
        else:
            await route.fulfill(body=source, content_type="text/javascript")

    await page.route(re.compile(rf"/static/(\w+/)?js/{re.escape(module)}$"), answer)


async def test_module_that_does_not_load_or_throws(visitor: Person) -> None:
    for path, main in PAGES.values():
        await spoil(visitor.page, main, None)
        await visitor.page.goto(visitor.url + path)
        await says(visitor.page, MISSING)
        await expect(visitor.page.get_by_text(f"/static/js/{main}")).to_be_visible()
        await visitor.page.unroute_all()
        await spoil(visitor.page, main, "null.planted;")
        await visitor.button("Reload").click()
        await says(visitor.page, WRONG)
        await expect(visitor.page.get_by_text("TypeError")).to_be_visible()
        await visitor.page.unroute_all()
        await visitor.button("Reload").click()
        await expect(visitor.page.locator("#failure")).to_have_count(0)
        await expect(visitor.heading).to_be_visible()
    # As what some browsers themselves refuse: it does not say where it is from.
    without = (
        'Object.defineProperty(new DOMException("planted", "AbortError"), "stack", { value: undefined })'
    )
    await spoil(visitor.page, "main.js", f"void Promise.reject({without});")
    await visitor.page.goto(visitor.url)
    await says(visitor.page, WRONG)
    await expect(visitor.page.get_by_text("AbortError")).to_be_visible()
    await visitor.page.unroute_all()
    await visitor.button("Home").click()
    await visitor.at("lobby")


LAST = {
    "popovers": "delete HTMLElement.prototype.popover",
    "timeouts": "delete AbortSignal.timeout",
    "copies": "delete Array.prototype.toSorted",
}
"""What browsers were given last of what the page is made with."""


async def test_browser_without_what_is_needed(visitor: Person) -> None:
    await spoil(visitor.page, "main.js", "export const part = a syntax of the future;")
    await visitor.page.goto(visitor.url)
    await says(visitor.page, OLD)
    # What it asks for is what the documentation says.
    docs = (ROOT / "docs" / "browsers.md").read_text(encoding="utf-8")
    (needed,) = re.findall(r"^Every page needs (.*?);", docs, re.MULTILINE)
    await visitor.page.unroute_all()
    await visitor.before(
        f"({{ {', '.join(f'{name}() {{ {script} }}' for name, script in LAST.items())} }})[window.name]?.();"
    )
    for what in LAST:
        await visitor.page.evaluate("what => { window.name = what; }", what)
        await visitor.page.reload()
        await says(visitor.page, OLD)
        await expect(visitor.page.get_by_role("alert")).to_contain_text(f"Reconvene needs {needed}.")


async def test_view_that_cannot_be_shown(visitor: Person) -> None:
    await visitor.page.goto(visitor.url)
    await visitor.at("lobby")
    # What comes next has no template.
    await visitor.page.evaluate("document.getElementById('notice').remove()")
    await visitor.page.evaluate(
        "history.pushState(null, '', '/m/-'), dispatchEvent(new PopStateEvent('popstate'))"
    )
    await says(visitor.page, WRONG)


async def test_join_that_fails_here_ends_in_words_and_leaves(
    visitor: Person, meeting: str, server: ServerProcess
) -> None:
    async with playing(server) as play:
        bob = await play.joined(meeting, "Bob", create=True)
        await visitor.open(meeting)
        await visitor.at("prejoin")
        await visitor.page.evaluate("document.getElementById('meeting').remove()")
        await visitor.knock()
        await says(visitor.page, WRONG)
        await bob.until("participant_left")


@pytest.mark.parametrize("fails", ["at once", "by silence"])
async def test_join_without_an_identity_goes_on_when_the_server_is_back(
    visitor: Person, meeting: str, server: ServerProcess, fails: str
) -> None:
    """What was off stays off."""
    # Patience that would last longer than the test.
    await visitor.before(
        "const { timeout } = AbortSignal; AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 10);"
    )
    released = asyncio.Event()

    async def answer(route: Route) -> None:
        if fails == "by silence":
            await released.wait()
        await route.abort()

    await visitor.page.route("**/api/identity", answer, times=1)
    async with playing(server) as play:
        await play.joined(meeting, "Bob", create=True)
        await visitor.open(meeting)
        await visitor.press("Turn off camera")
        await expect(visitor.button("Turn on camera")).to_be_visible()
        await visitor.knock()
        await expect(visitor.heading).to_have_text("The server cannot be reached")
        await visitor.at("prejoin")
        await expect(visitor.button("Turn on camera")).to_be_visible()
        await expect(visitor.button("Turn off microphone")).to_be_visible()
        released.set()
        me = await visitor.join()
        await visitor.sees(me, audio="on", video="off")


async def test_page_that_takes_long_says_so_and_goes_on(visitor: Person) -> None:
    await visitor.page.clock.install()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await visitor.page.route(re.compile(r"/api/meetings/SLOW-1$"), hold)
    await visitor.page.goto(f"{visitor.url}/m/SLOW-1")
    await visitor.page.clock.fast_forward(11_000)
    await says(visitor.page, "Still loading")
    await held[0].continue_()
    await visitor.at("problem")
    await expect(visitor.page.locator("#failure")).to_have_count(0)
    await expect(visitor.heading).to_be_focused()


async def test_call_goes_on_whatever_fails_in_it(visitor: Person, meeting: str) -> None:
    (a,) = await meet(meeting, visitor)
    await visitor.sees(a, audio="on")
    await visitor.page.evaluate("reconvene.meeting.subscribe(() => { throw new Error('planted'); })")
    await visitor.press("Turn off microphone")
    await visitor.sees(a, audio="off")
    await expect(visitor.page.locator("#failure")).to_have_count(0)


async def test_strangers_errors_are_not_the_pages(visitor: Person) -> None:
    """As extensions throw them, before the page is there."""
    await visitor.page.add_init_script("""
      setTimeout(() => { throw new Error("an extension's"); });
      void Promise.reject(new Error("an extension's"));
      void Promise.reject("words");
    """)
    await visitor.page.goto(visitor.url)
    await visitor.at("lobby")
    await expect(visitor.page.locator("#failure")).to_have_count(0)
