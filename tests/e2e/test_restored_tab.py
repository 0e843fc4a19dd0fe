"""Only a reload of a call that was going on a moment ago goes straight back into it. Everyone else is asked before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import looking_on
from tests.e2e.person import Person, meet
from tests.process import ServerProcess

# What the browser brings back with a tab; a blank page has no storage.
RESTORE = """
  if (location.protocol.startsWith("http") && !sessionStorage.getItem("restored"))
    for (const [key, value] of Object.entries({ ...%s, restored: "yes" })) sessionStorage.setItem(key, value);
"""
# Before the page is read: so much time has passed since it lived last.
LATER = """
  if (location.protocol.startsWith("http")) {
    const kept = JSON.parse(sessionStorage.getItem("reconvene.seat") ?? "null");
    if (kept?.at) sessionStorage.setItem("reconvene.seat", JSON.stringify({ ...kept, at: kept.at - %d }));
  }
"""

KEPT = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })) && null"

GRACE = 30_000
HOUR = 3_600_000


async def restored(
    newcomer: Newcomer, ada: Person, meeting: str, kept: dict[str, str] | None = None
) -> Person:
    """Ada's tab is closed, and comes back with what it kept."""
    kept = kept or json.loads(await ada.page.evaluate("JSON.stringify(sessionStorage)"))
    await ada.page.close()
    again = await newcomer("Ada", tab_of=ada)
    await again.page.add_init_script(RESTORE % json.dumps(kept))
    await again.open(meeting)
    return again


async def calls(person: Person) -> bool:
    return bool(await person.page.evaluate("reconvene.meeting !== null"))


@pytest.mark.one_browser
async def test_restored_tab_asks_first_and_comes_back_to_the_same_place(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    async with looking_on(server, meeting) as bob:
        await ada.press("Turn off microphone")
        await bob.sees(a, audio="off")
        again = await restored(newcomer, ada, meeting)
        await again.at("prejoin")
        assert not await calls(again)
        assert await again.join() == a
        await again.sees(a, role="host", audio="off", video="on")
        await bob.sees(a, state="connected", audio="off", video="on")
    # The session is this tab's again.
    await again.page.reload()
    assert await again.seated() == a


@pytest.mark.one_browser
async def test_restored_tab_whose_join_was_refused_asks_again(newcomer: Newcomer, meeting: str) -> None:
    """Nor is what is tried before the meeting a sign that the call goes on."""
    ada = await newcomer("Ada")
    await meet(meeting, ada)
    kept = json.loads(await ada.page.evaluate("JSON.stringify(sessionStorage)"))
    tab_session = json.loads(kept["reconvene.seat"])
    tab_session["seat"]["session"] = "of another server"
    again = await restored(newcomer, ada, meeting, {**kept, "reconvene.seat": json.dumps(tab_session)})
    await again.at("prejoin")
    await again.page.evaluate("localStorage.setItem('reconvene.token', 'of another server')")
    await again.knock()
    await again.page.get_by_role("dialog", name="This server does not know you").wait_for()
    await again.page.keyboard.press("Escape")
    await again.press("Turn off camera")
    await expect(again.button("Turn on camera")).to_be_visible()
    await again.page.reload()
    await again.at("prejoin")
    assert not await calls(again)


@pytest.mark.one_browser(also="firefox")
async def test_page_that_the_browser_kept_asks_first(newcomer: Newcomer, meeting: str) -> None:
    """One cannot make a browser keep a page with a call, so it is only told that it was."""
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    await ada.page.evaluate(KEPT)
    await ada.at("prejoin")
    assert not await calls(ada)
    assert await ada.join() == a


@pytest.mark.one_browser
async def test_page_that_was_kept_while_it_joined_asks_anew(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    # No socket gets an answer.
    await ada.page.route_web_socket("**/ws", lambda _: None)
    await ada.start(meeting)
    await ada.knock()
    await expect(ada.button("Joining…")).to_be_disabled()
    await ada.page.evaluate(KEPT)
    await expect(ada.button("Join now")).to_be_enabled()
    assert not await calls(ada)


OLDER = """
  const kept = location.protocol.startsWith("http") && JSON.parse(sessionStorage.getItem("reconvene.seat"));
  if (kept) {
    delete kept.at;
    delete kept.seat.grace;
    sessionStorage.setItem("reconvene.seat", JSON.stringify(kept));
  }
"""


@pytest.mark.one_browser
async def test_reload_long_after_the_call_asks_first(newcomer: Newcomer, meeting: str) -> None:
    """As does one after which the clock says that the call was in the future, and one whose call an older release
    kept, which says neither when it lived nor for how long."""
    ada = await newcomer("Ada", calls=False)
    (a,) = await meet(meeting, ada)
    # Each beside those before, which make no difference of an hour.
    for before in (LATER % (2 * GRACE), LATER % -HOUR, OLDER):
        await ada.page.add_init_script(f"{{ {before} }}")
        for _ in range(2):  # a reload of the question is no reload of the call
            await ada.page.reload()
            await ada.at("prejoin")
            assert not await calls(ada), before
        assert await ada.join() == a
        await ada.sees(a, role="host")


STRAIGHT: dict[str, tuple[bool, float, dict[str, Any]]] = {
    "reload": (True, 2_000, {"type": "reload", "discarded": False}),
    "reload at the end of the grace time": (True, GRACE, {"type": "reload", "discarded": False}),
    "reload after it": (False, GRACE + 1, {"type": "reload", "discarded": False}),
    "reload the next morning": (False, 12 * HOUR, {"type": "reload", "discarded": False}),
    "reload after the clock was set back": (False, -1, {"type": "reload", "discarded": False}),
    "tab that was put away to save memory": (False, 2_000, {"type": "reload", "discarded": True}),
    "restored or duplicated tab": (False, 2_000, {"type": "back_forward", "discarded": False}),
    "link": (False, 2_000, {"type": "navigate", "discarded": False}),
}


@pytest.mark.one_browser
async def test_what_goes_straight_back(newcomer: Newcomer) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    found = await ada.page.evaluate(
        """async (rows) => {
          const { goesStraightBack } = await import("/static/js/here/tab-session.js");
          return rows.map(([age, loading]) => goesStraightBack({ grace: 30, at: 1e12 }, 1e12 + age, loading));
        }""",
        [row[1:] for row in STRAIGHT.values()],
    )
    assert dict(zip(STRAIGHT, found, strict=True)) == {name: row[0] for name, row in STRAIGHT.items()}


# What a busy machine does: the lock is free only long after the reloaded page has asked for it.
HOLD_ON = """(name) => void navigator.locks.request(name, async () => {
  const asked = async () => (await navigator.locks.query()).pending.some((lock) => lock.name === name);
  while (!(await asked())) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 800));
})"""


@pytest.mark.one_browser
async def test_reload_waits_for_an_old_page_that_lets_go_late(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    holder = await newcomer("Ada", tab_of=ada)
    await holder.page.goto(holder.url)
    tab = await ada.page.evaluate("JSON.parse(sessionStorage.getItem('reconvene.seat')).tab")
    await holder.page.evaluate(HOLD_ON, f"reconvene.tab.{tab}")
    await ada.page.reload()
    assert await ada.seated() == a
