"""The browser's own buttons in a call: nothing leaves the meeting by accident, and back asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import Onlooker, looking_on
from tests.e2e.person import Person
from tests.process import ServerProcess
from tests.server.client import bearer, playing


def question(person: Person) -> Locator:
    return person.page.get_by_role("dialog", name="Leave the meeting?")


async def leave(person: Person) -> None:
    await question(person).get_by_role("button", name="Leave").click()


async def back(person: Person) -> None:
    """As by the browser's button."""
    await person.page.evaluate("() => void history.back()")


async def stays(person: Person, me: str, other: Person | Onlooker) -> None:
    """In the same meeting, never having left it, as the other sees it."""
    await expect(question(person)).to_have_count(0)
    assert await person.seated() == me
    await other.sees(me, state="connected")


@pytest.fixture
async def onlooker(meeting: str, server: ServerProcess) -> AsyncIterator[Onlooker]:
    """The host, who was there before."""
    async with looking_on(server, meeting, create=True) as onlooker:
        yield onlooker


@pytest.mark.one_browser
async def test_fragments_leave_nothing_and_back_asks(
    newcomer: Newcomer, meeting: str, server: ServerProcess, onlooker: Onlooker
) -> None:
    bob = await newcomer("Bob")
    b = await bob.come(meeting)
    made = await bob.peer_connections()
    await back_asks_and_staying_changes_nothing(bob, b, onlooker)
    await fragment_that_changes_leaves_nothing(bob, b, onlooker)
    assert await bob.peer_connections() == made
    async with playing(server) as play:
        rows = await play.attendance(meeting, onlooker.token)
        assert [row["session_count"] for row in rows] == [1, 1]


async def fragment_that_changes_leaves_nothing(bob: Person, b: str, onlooker: Onlooker) -> None:
    for change in ("location.hash = 'x'", "location.hash = ''", "history.back()", "history.forward()"):
        moved = bob.page.evaluate(
            "new Promise((moved) => addEventListener('popstate', moved, { once: true }))"
        )
        await asyncio.gather(moved, bob.page.evaluate(f"() => void ({change})"))
        await stays(bob, b, onlooker)


async def back_asks_and_staying_changes_nothing(bob: Person, b: str, onlooker: Onlooker) -> None:
    for _ in range(2):  # and asks again the next time
        await back(bob)
        await expect(question(bob)).to_be_visible()
        await expect(bob.button("Stay")).to_be_focused()
        await bob.press("Stay")
        await stays(bob, b, onlooker)
    await back(bob)
    await expect(question(bob)).to_be_visible()
    await bob.page.keyboard.press("Escape")
    await stays(bob, b, onlooker)
    await back(bob)
    await expect(question(bob)).to_be_visible()
    await bob.page.evaluate("() => void history.forward()")
    await stays(bob, b, onlooker)


@pytest.mark.one_browser
async def test_leaving_by_back_goes_where_back_goes(
    newcomer: Newcomer, meeting: str, onlooker: Onlooker, server: ServerProcess
) -> None:
    bob = await newcomer("Bob", calls=False)
    await bob.page.goto(bob.url)
    await bob.page.get_by_label("Meeting ID").last.fill(meeting)
    await bob.press("Join")
    b = await bob.join()
    await back_pressed_twice_still_asks(bob, b, onlooker)
    await back(bob)
    await leaves_for_the_lobby(bob, b, onlooker)
    # And forward is the way in again: it asks first, as always.
    await bob.page.evaluate("() => void history.forward()")
    assert await bob.join() == b
    # It is the same after a reload.
    await bob.page.reload()
    assert await bob.seated() == b
    await onlooker.sees(b, state="connected")
    await back(bob)
    await leaves_for_the_lobby(bob, b, onlooker)
    # The meeting may also end while it asks.
    await bob.come(meeting)
    await back(bob)
    await expect(question(bob)).to_be_visible()
    async with playing(server) as play:
        ended = await play.http.post(f"/api/meetings/{meeting}/end", headers=bearer(onlooker.token))
        assert ended.status_code == 200
    await expect(bob.heading).to_have_text("This meeting has ended")
    await expect(question(bob)).to_have_count(0)


async def back_pressed_twice_still_asks(bob: Person, b: str, onlooker: Onlooker) -> None:
    await bob.page.evaluate("() => void history.go(-2)")
    await expect(question(bob)).to_be_visible()
    await bob.press("Stay")
    await stays(bob, b, onlooker)
    await expect(bob.page).to_have_url(re.compile("/m/"))


async def leaves_for_the_lobby(bob: Person, b: str, onlooker: Onlooker) -> None:
    await expect(question(bob)).to_be_visible()
    await onlooker.sees(b, state="connected")
    await leave(bob)
    await bob.at("lobby")
    await expect(bob.page).to_have_url(f"{bob.url}/")
    await onlooker.loses(b)


@pytest.mark.one_browser
async def test_back_out_of_the_site_asks_too(newcomer: Newcomer, meeting: str, onlooker: Onlooker) -> None:
    bob = await newcomer("Bob")
    await bob.page.goto(f"{bob.url}/attendance")
    # So that it is loaded anew: Playwright is told nothing of a page that Firefox kept.
    await bob.page.evaluate("addEventListener('unload', () => {})")
    b = await bob.come(meeting)
    await back(bob)
    await expect(question(bob)).to_be_visible()
    await onlooker.sees(b, state="connected")
    await leave(bob)
    await expect(bob.heading).to_have_text("Meetings on record")
    await onlooker.loses(b)


@pytest.mark.one_browser
async def test_reload_asks_nothing_and_back_over_what_is_asked_already_and_back_after_leaving(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    a = await ada.join()
    asked: list[str] = []
    ada.page.on("dialog", lambda dialog: asked.append(dialog.type))
    await ada.page.reload()
    assert await ada.seated() == a
    assert not asked

    # Each question is called by its own title.
    await ada.press("Host options")
    await ada.press("End meeting for all")
    end = ada.page.get_by_role("dialog", name="End the meeting for everyone?")
    await expect(end).to_be_visible()
    await back(ada)
    await expect(question(ada)).to_be_visible()
    await expect(question(ada)).to_have_accessible_description(re.compile("^The others go on without you"))
    await ada.press("Stay")
    await expect(question(ada)).to_have_count(0)
    await expect(end).to_be_visible()
    await expect(end.get_by_role("button", name="Cancel")).to_be_focused()
    await end.get_by_role("button", name="Cancel").click()

    # The entry that was there to ask is none to stop at.
    await ada.press("Leave")
    await ada.at("left")
    await back(ada)
    await ada.at("lobby")
    await expect(ada.page).to_have_url(f"{server.url}/")
    await expect(question(ada)).to_have_count(0)
