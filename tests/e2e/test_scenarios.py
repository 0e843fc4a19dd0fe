"""The four scenarios the project is for, in real browsers. No test sees a 409: `people` checks that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.e2e.browsers import BrowserName
from tests.e2e.conftest import Newcomer
from tests.e2e.person import COMING_AND_GOING, Person, all_hear_and_watch, meet
from tests.process import ServerProcess


@pytest.mark.elsewhere(browser="firefox")
async def test_a_call_from_its_beginning_to_its_end(
    newcomer: Newcomer, meeting: str, mortal: ServerProcess, browser_name: BrowserName
) -> None:
    """What holds in every browser. The function that fails says which part of it does not."""
    # What is drawn costs.
    window = {"width": 800, "height": 600}
    ada, bob = [await newcomer(name, url=mortal.url, viewport=window) for name in ("Ada", "Bob")]
    await host_creates_a_meeting_and_is_its_host(ada, meeting)
    await second_user_joins_by_link_and_both_are_told_see_and_hear(ada, bob, meeting)
    await host_who_reloads_has_the_same_place_and_devices(ada, bob)
    # Killed in one browser and stopped in the other.
    stop = mortal.kill if browser_name == "firefox" else mortal.stop
    await server_restarts_and_nobody_notices(mortal, stop, ada, bob)
    assert await sessions(ada, meeting) == {"Ada": 1, "Bob": 1}
    await host_who_leaves_and_rejoins_has_the_same_place(ada, bob)
    assert await sessions(ada, meeting) == {"Ada": 2, "Bob": 1}
    for person in (ada, bob):
        await person.page.close()


async def sessions(person: Person, meeting: str) -> dict[str, int]:
    """How many the record has of everybody."""
    rows = await person.attendance(meeting)
    assert len(rows) == len({row["id"] for row in rows})
    return {row["name"]: row["session_count"] for row in rows}


async def host_creates_a_meeting_and_is_its_host(host: Person, meeting: str) -> None:
    await host.start(meeting)
    await expect(host.page).to_have_url(f"{host.url}/m/{meeting}")
    me = await host.join()
    await host.sees(me, self="true", role="host", connection="self", audio="on", video="on")
    answer = await host.context.request.get(f"{host.url}/api/meetings/{meeting}")
    assert answer.status == 200
    assert (await answer.json())["id"] == meeting


async def second_user_joins_by_link_and_both_are_told_see_and_hear(
    ada: Person, bob: Person, meeting: str
) -> None:
    a, b = await ada.seated(), await bob.come(meeting)
    assert a != b
    await expect(ada.others).to_have_count(1)
    await expect(bob.others).to_have_count(1)
    await expect(ada.tile(b)).to_have_attribute("aria-label", "Bob")
    await expect(bob.tile(a)).to_have_attribute("aria-label", "Ada")
    await bob.sees(a, role="host")
    await ada.sees(b, role="participant")
    await ada.told("Bob")
    await all_hear_and_watch({a: ada, b: bob})


async def host_who_reloads_has_the_same_place_and_devices(ada: Person, bob: Person) -> None:
    a, b = await ada.seated(), await bob.seated()
    await ada.press("Turn off microphone")
    await bob.sees(a, audio="off")
    bob.heard.clear()
    await ada.page.reload()
    assert await ada.seated() == a
    await ada.sees(a, role="host", audio="off", video="on")
    await ada.hears_and_watches(b)
    await bob.sees(a, connection="connected", state="connected", audio="off", video="on")
    await expect(bob.others).to_have_count(1)
    await ada.press("Turn on microphone")
    await all_hear_and_watch({a: ada, b: bob})
    # Another page, so another connection to it, but nobody has come or gone.
    assert bob.events(*COMING_AND_GOING) == ["participant_rejoined"]
    assert await bob.peer_connections() == 2
    assert await bob.toasts() == []


async def server_restarts_and_nobody_notices(
    mortal: ServerProcess, stop: Callable[[], Awaitable[object]], ada: Person, bob: Person
) -> None:
    a, b = await ada.seated(), await bob.seated()
    call = [(ada, b), (bob, a)]
    before = [(await person.peer_connections(), await person.toasts()) for person, _ in call]
    for person, other in call:
        await person.watch_tile(other)
        person.heard.clear()

    await stop()
    for person, other in call:
        await expect(person.banner("Reconnecting…")).to_be_visible()
        await person.watches_on(other)
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    # Watched for at once: each comes back in a moment of their own, and the word soon goes again.
    await asyncio.gather(*(person.settled() for person, _ in call))

    for person, other in call:
        await person.sees(other, state="connected", connection="connected", video="on")
        await person.watches_on(other)
        assert await person.flickers() == []
        assert person.events("joined", "resumed", *COMING_AND_GOING) == ["resumed"]
        await expect(person.others).to_have_count(1)
    assert [await ada.seated(), await bob.seated()] == [a, b]
    await bob.sees(a, role="host")
    # And it is still one room: what one does now shows at the other.
    await ada.press("Turn off camera")
    await bob.sees(a, video="off")
    assert [(await person.peer_connections(), await person.toasts()) for person, _ in call] == before
    await ada.press("Turn on camera")
    await bob.sees(a, video="on", picture="")


async def host_who_leaves_and_rejoins_has_the_same_place(ada: Person, bob: Person) -> None:
    a, b = await ada.seated(), await bob.seated()
    await ada.leave()
    await ada.at("left")
    await expect(bob.others).to_have_count(0)
    await ada.press("Rejoin")
    assert await ada.seated() == a
    await ada.sees(a, role="host")
    await expect(bob.others).to_have_count(1)
    await all_hear_and_watch({a: ada, b: bob})


@pytest.mark.one_browser
async def test_host_creating_the_same_meeting_again_is_still_its_host(
    newcomer: Newcomer, meeting: str
) -> None:
    host = await newcomer("Test User")
    (first,) = await meet(meeting, host)
    await host.start(meeting)  # no reload, so it asks first
    assert await host.join() == first
    await host.sees(first, self="true", role="host")
    await host.press("Leave")
    await host.start(meeting)
    assert await host.join() == first
    await host.sees(first, self="true", role="host")
    created = [status for asked, status in host.statuses if asked == f"POST {host.url}/api/meetings"]
    assert created == [201, 200, 200]


@pytest.mark.one_browser(also="firefox")
async def test_somebody_else_creating_it_gets_the_meeting_that_is_there(
    newcomer: Newcomer, meeting: str
) -> None:
    ada, bob = [await newcomer(name, calls=False) for name in ("Ada", "Bob")]
    (a,) = await meet(meeting, ada)
    await bob.start(meeting)
    b = await bob.join()
    await ada.sees(a, role="host")
    await bob.sees(b, self="true", role="participant")
    await ada.sees(b, state="connected")
    await bob.sees(a, state="connected")
