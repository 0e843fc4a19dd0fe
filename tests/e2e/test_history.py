"""The browser's own buttons in a call: nothing leaves the meeting by accident, and back asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.onlooker import Onlooker, looking_on
from tests.e2e.person import Person, meet
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


async def visits_of(host: Person, meeting: str) -> list[int]:
    return [row["session_count"] for row in await host.attendance(meeting)]


@pytest.fixture
async def onlooker(meeting: str, server: ServerProcess) -> AsyncIterator[Onlooker]:
    """The host, who was there before."""
    async with looking_on(server, meeting, create=True) as onlooker:
        yield onlooker


@pytest.mark.one_browser
async def test_fragment_that_changes_leaves_nothing(
    newcomer: Newcomer, meeting: str, server: ServerProcess, onlooker: Onlooker
) -> None:
    bob = await newcomer("Bob")
    b = await bob.come(meeting)
    made = await bob.peer_connections()
    for change in ("location.hash = 'x'", "location.hash = ''", "history.back()", "history.forward()"):
        moved = bob.page.evaluate(
            "new Promise((moved) => addEventListener('popstate', moved, { once: true }))"
        )
        await asyncio.gather(moved, bob.page.evaluate(f"() => void ({change})"))
        await stays(bob, b, onlooker)
    assert await bob.peer_connections() == made
    async with playing(server) as play:
        rows = await play.attendance(meeting, onlooker.token)
    assert [row["session_count"] for row in rows] == [1, 1]


@pytest.mark.one_browser
async def test_back_asks_and_staying_changes_nothing(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    _, b = await meet(meeting, ada, bob)
    made = await bob.peer_connections()
    for _ in range(2):  # and asks again the next time
        await back(bob)
        await expect(question(bob)).to_be_visible()
        await expect(bob.button("Stay")).to_be_focused()
        await bob.press("Stay")
        await stays(bob, b, ada)
    await back(bob)
    await expect(question(bob)).to_be_visible()
    await bob.page.keyboard.press("Escape")
    await stays(bob, b, ada)
    await back(bob)
    await expect(question(bob)).to_be_visible()
    await bob.page.evaluate("() => void history.forward()")
    await stays(bob, b, ada)
    assert await bob.peer_connections() == made
    assert await visits_of(ada, meeting) == [1, 1]


@pytest.mark.one_browser
@pytest.mark.parametrize("reloaded", [False, True])
async def test_leaving_by_back_goes_where_back_goes(
    newcomer: Newcomer, meeting: str, onlooker: Onlooker, reloaded: bool
) -> None:
    ada = await newcomer("Ada")
    await ada.page.goto(ada.url)
    await ada.page.get_by_label("Meeting ID").last.fill(meeting)
    await ada.press("Join")
    me = await ada.join()
    if reloaded:
        await ada.page.reload()
        assert await ada.seated() == me
    await back(ada)
    await expect(question(ada)).to_be_visible()
    await onlooker.sees(me, state="connected")
    await leave(ada)
    await ada.at("lobby")
    await expect(ada.page).to_have_url(f"{ada.url}/")
    await onlooker.loses(me)
    # And forward is the way in again: it asks first, as always.
    await ada.page.evaluate("() => void history.forward()")
    assert await ada.join() == me


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
async def test_back_pressed_twice_still_asks(newcomer: Newcomer, meeting: str, onlooker: Onlooker) -> None:
    bob = await newcomer("Bob")
    await bob.page.goto(bob.url)
    await bob.page.get_by_label("Meeting ID").last.fill(meeting)
    await bob.press("Join")
    b = await bob.join()
    await bob.page.evaluate("() => void history.go(-2)")
    await expect(question(bob)).to_be_visible()
    await bob.press("Stay")
    await expect(question(bob)).to_have_count(0)
    assert await bob.seated() == b
    await onlooker.sees(b, state="connected")
    await expect(bob.page).to_have_url(f"{bob.url}/m/{meeting}")
    await back(bob)
    await expect(question(bob)).to_be_visible()
    await leave(bob)
    await bob.at("lobby")
    await onlooker.loses(b)


@pytest.mark.one_browser
async def test_meeting_that_ends_while_it_asks(
    newcomer: Newcomer, meeting: str, onlooker: Onlooker, server: ServerProcess
) -> None:
    bob = await newcomer("Bob")
    await bob.come(meeting)
    await back(bob)
    await expect(question(bob)).to_be_visible()
    async with playing(server) as play:
        ended = await play.http.post(f"/api/meetings/{meeting}/end", headers=bearer(onlooker.token))
        assert ended.status_code == 200
    await expect(bob.heading).to_have_text("This meeting has ended")
    await expect(question(bob)).to_have_count(0)


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
