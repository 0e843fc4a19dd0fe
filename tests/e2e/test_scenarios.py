"""The four scenarios the project is for, in real browsers. No test sees a 409: `people` checks that."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.browsers import BrowserName
from tests.e2e.conftest import Newcomer
from tests.e2e.person import all_hear_and_watch, meet


async def test_host_creates_a_meeting_and_is_its_host(newcomer: Newcomer, browser_name: BrowserName) -> None:
    host = await newcomer("Test User")
    meeting = f"ABC123-{browser_name.upper()}"
    await host.start(meeting)
    await expect(host.page).to_have_url(f"{host.url}/m/{meeting}")
    me = await host.join()
    await host.sees(me, self="true", role="host", connection="self", audio="on", video="on")
    answer = await host.context.request.get(f"{host.url}/api/meetings/{meeting}")
    assert answer.status == 200
    assert (await answer.json())["id"] == meeting


async def test_second_user_joins_by_link_and_both_are_told_see_and_hear(
    newcomer: Newcomer, meeting: str
) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    assert a != b
    await expect(ada.others).to_have_count(1)
    await expect(bob.others).to_have_count(1)
    await expect(ada.tile(b)).to_have_attribute("aria-label", "Bob")
    await expect(bob.tile(a)).to_have_attribute("aria-label", "Ada")
    await bob.sees(a, role="host")
    await ada.sees(b, role="participant")
    await ada.told("Bob")
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


async def test_host_who_leaves_and_rejoins_has_the_same_place(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await ada.leave()
    await ada.at("left")
    await expect(bob.others).to_have_count(0)
    await ada.press("Rejoin")
    assert await ada.seated() == a
    await ada.sees(a, role="host")
    await expect(bob.others).to_have_count(1)
    await all_hear_and_watch({a: ada, b: bob})
    (row,) = [row for row in await ada.attendance(meeting) if row["name"] == "Ada"]
    assert row["id"] == a
    assert row["session_count"] == 2
