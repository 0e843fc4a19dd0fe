"""Where the browser keeps nothing for the page, everything works for as long as the page lives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Playwright, expect

from tests.e2e.browsers import Browsers, chromium_options
from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import Person, all_hear_and_watch, meet
from tests.process import ServerProcess

REFUSE = """
  const refuse = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
"""
# As browsers do it, each in its own way.
BLOCKED = {
    "access throws": """
      for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: refuse });
      Object.defineProperty(Navigator.prototype, "locks", { get: refuse });
    """,
    "there is none": """
      for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: null });
      LockManager.prototype.request = async () => refuse();
    """,
}

# Until not one more character fits.
FILL = """() => {
  for (const storage of [localStorage, sessionStorage])
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      try {
        for (;;) storage.setItem(`x${Math.random()}`, "x".repeat(size));
      } catch {
        // smaller ones may fit
      }
    }
}"""


async def visits(ada: Person, meeting: str, server: ServerProcess) -> None:
    """A whole visit of Ada's, which Bob looks at."""
    (a,) = await meet(meeting, ada)
    await ada.sees(a, role="host")
    async with looking_on(server, meeting) as bob:
        await ada.press("Turn off microphone")
        await bob.sees(a, audio="off")
    await ada.page.keyboard.press("?")
    await ada.page.get_by_label("Use single-key shortcuts").uncheck()
    await ada.press("Close")
    await ada.page.keyboard.press("h")
    await expect(ada.button("Raise hand")).to_be_visible()
    # The same person, and the host, for the length of the visit.
    await ada.leave()
    await ada.press("Rejoin")
    assert await ada.seated() == a
    await ada.sees(a, role="host")
    await ada.leave()
    await ada.press("Home")
    await ada.at("lobby")
    await expect(ada.page.get_by_label("Your name")).to_have_value("Ada")
    await ada.page.get_by_role("link", name=meeting).first.click()
    assert await ada.join() == a


async def looks_at_records(ada: Person, meeting: str) -> None:
    """The other two pages say what is so: a page that was loaded anew knows nobody."""
    await ada.page.goto(f"{ada.url}/m/{meeting}/attendance")
    await expect(ada.heading).to_have_text("Only the host sees who came")
    await ada.page.goto(f"{ada.url}/attendance")
    await expect(ada.page.get_by_text("This browser has started no meeting here.")).to_be_visible()


@pytest.mark.one_browser
async def test_whole_visit_without_storage(newcomer: Newcomer, meeting: str, server: ServerProcess) -> None:
    """Where there is none; where access throws is below, in browsers that do."""
    ada = await newcomer("Ada")
    # A blank page is no secure context, and has nothing to take away.
    await ada.page.add_init_script(f"if (isSecureContext) {{ {REFUSE} {BLOCKED['there is none']} }}")
    await visits(ada, meeting, server)
    await ada.page.reload()
    await ada.at("prejoin")
    await looks_at_records(ada, meeting)


@pytest.mark.one_browser
async def test_whole_visit_with_storage_that_is_full(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    """And no locks, which are refused at once."""
    ada = await newcomer("Ada")
    await ada.page.add_init_script(
        f"if (isSecureContext) {{ {REFUSE} LockManager.prototype.request = refuse; }}"
    )
    await ada.page.goto(ada.url)
    await ada.at("lobby")
    await ada.page.evaluate(FILL)
    await visits(ada, meeting, server)
    await looks_at_records(ada, meeting)


async def ada_of(context: BrowserContext, people: list[Person], server: ServerProcess) -> Person:
    ada = await Person.arrive(context, "Ada", server.url)
    people.append(ada)
    await ada.page.goto(ada.url)
    assert await ada.page.evaluate("() => { try { return !localStorage; } catch { return true; } }")
    return ada


@pytest.mark.only(browser="shell", reason="Chromium, whose own setting it is, is started beside it")
async def test_whole_visit_with_site_data_blocked_by_chromium(
    playwright: Playwright,
    people: list[Person],
    newcomer: Newcomer,
    server: ServerProcess,
    meeting: str,
    tmp_path: Path,
) -> None:
    profile = tmp_path / "profile" / "Default"
    profile.mkdir(parents=True)
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Preferences").write_text(json.dumps(blocked))
    context = await playwright.chromium.launch_persistent_context(profile.parent, **chromium_options())
    ada, bob = await ada_of(context, people, server), await newcomer("Bob")
    await visits(ada, meeting, server)
    await all_hear_and_watch({await ada.seated(): ada, await bob.come(meeting): bob})
    await ada.page.reload()
    await ada.at("prejoin")
    await looks_at_records(ada, meeting)


@pytest.mark.elsewhere
@pytest.mark.only(browser="firefox", reason="it has the setting")
async def test_whole_visit_with_site_data_blocked_by_firefox(
    browsers: Browsers, people: list[Person], newcomer: Newcomer, server: ServerProcess, meeting: str
) -> None:
    blocking = await browsers.launch("firefox", preferences={"network.cookie.cookieBehavior": 2})
    ada, bob = await ada_of(await blocking.new_context(), people, server), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    # And the host is still the host who comes again.
    await ada.leave()
    await ada.press("Rejoin")
    assert await ada.seated() == a
    await ada.sees(a, role="host")
    await looks_at_records(ada, meeting)
