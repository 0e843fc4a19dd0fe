"""What people do in a meeting, and what the others see of it."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.conftest import Invite

NAMELESS = """() => [...document.querySelectorAll('button, input, select, .tile, [role=meter], dialog')]
  .filter((element) => element.checkVisibility() && element.closest('[aria-hidden=true]') === null)
  .filter((element) => !(element.ariaLabel || element.labels?.length || element.textContent.trim()
                         || element.getAttribute('aria-labelledby') || element.title))
  .map((element) => element.outerHTML)"""


async def test_microphone_camera_and_hand_follow_at_once(invite: Invite, meeting: str) -> None:
    ann, bob = await invite(), await invite()
    await ann.create(meeting, "Ann")
    await ann.join()
    await bob.enter(meeting, "Bob")
    await bob.receives(1)

    await ann.press("Turn off microphone")
    await bob.sees_tile("Ann", audio="off")
    await ann.press("Turn off camera")
    await bob.sees_tile("Ann", video="off")
    await ann.press("Raise hand")
    await expect(bob.tile_of("Ann").get_by_label("Hand raised")).to_be_visible()

    await ann.press("Turn on microphone")
    await ann.press("Turn on camera")
    await ann.press("Lower hand")
    await bob.sees_tile("Ann", audio="on", video="on")
    await expect(bob.tile_of("Ann").get_by_label("Hand raised")).to_be_hidden()
    await bob.receives(1)


async def test_a_shared_screen_is_a_tile_of_its_own(invite: Invite, meeting: str) -> None:
    ann, bob = await invite(), await invite()
    await ann.create(meeting, "Ann")
    await ann.join()
    await bob.enter(meeting, "Bob")
    await ann.press("Share screen")
    screen = bob.page.locator(".tile[data-kind=screen]")
    await expect(screen).to_have_attribute("data-picture", "")
    await bob.sees_others(1)
    await ann.press("Stop sharing")
    await expect(screen).to_have_count(0)


async def test_three_see_and_hear_each_other_and_another_room_stays_apart(
    invite: Invite, meeting: str
) -> None:
    small = {"viewport": {"width": 480, "height": 360}}
    ann, bob, cat, dan = [await invite(**small) for _ in range(4)]
    await ann.create(meeting, "Ann")
    await ann.join()
    await bob.enter(meeting, "Bob")
    await dan.create(f"{meeting}-OTHER", "Dan")
    await dan.join()
    await cat.enter(meeting, "Cat")
    for person in (ann, bob, cat):
        await person.sees_others(2)
        await person.receives(2)
    await dan.sees_others(0)
    await ann.press("Raise hand")
    await expect(bob.tile_of("Ann").get_by_label("Hand raised")).to_be_visible()
    assert await dan.page.locator(".tile").count() == 1
    await expect(dan.page.get_by_text(re.compile("Ann|Bob|Cat"))).to_have_count(0)


async def test_a_second_tab_may_take_the_place_over(invite: Invite, meeting: str) -> None:
    ann, bob = await invite(), await invite()
    await ann.create(meeting, "Ann")
    await ann.join()
    await bob.enter(meeting, "Bob")
    place = await ann.participant_id()

    second = await ann.another_tab()
    await second.follow(meeting, "Ann")
    await second.press("Join now")
    await second.press("Switch here")
    await second.sees("meeting")
    assert await second.participant_id() == place
    await ann.reads("You joined from another tab")
    await bob.sees_others(1)
    await bob.receives(1)
    await second.receives(1)

    await ann.press("Use here")
    await ann.sees("meeting")
    await second.reads("You joined from another tab")
    assert await ann.participant_id() == place
    assert second.complaints == []


async def test_a_second_tab_may_be_another_person(invite: Invite, meeting: str) -> None:
    ann = await invite()
    await ann.create(meeting, "Ann")
    await ann.join()
    second = await ann.another_tab()
    await second.follow(meeting, "Ben")
    await second.press("Join now")
    await second.press("Join as another person")
    await second.sees("meeting")
    assert await second.participant_id() != await ann.participant_id()
    await ann.sees_tile("Ben", role="participant", connection="connected")
    await second.sees_tile("Ann", role="host")
    await second.receives(1, video=False)
    assert second.complaints == []


async def test_all_can_be_done_by_keyboard(invite: Invite, meeting: str) -> None:
    ann = await invite()
    await ann.page.goto(ann.url)
    await ann.page.get_by_label("Your name").focus()
    await ann.page.keyboard.type("Ann")
    await ann.page.keyboard.press("Tab")
    await expect(ann.page.get_by_role("button", name="New meeting")).to_be_focused()
    await ann.page.keyboard.press("Enter")
    await ann.sees("prejoin")
    await ann.page.get_by_label("Your name").focus()
    await ann.page.keyboard.press("Enter")
    await ann.sees("meeting")
    await ann.page.keyboard.press("m")
    await expect(ann.own_tile).to_have_attribute("data-audio", "off")
    await ann.page.keyboard.press("?")
    sheet = ann.page.get_by_role("dialog")
    await expect(sheet).to_contain_text("Raise or lower your hand")
    await ann.page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await ann.page.keyboard.press("h")
    await expect(ann.page.get_by_role("button", name="Lower hand")).to_be_visible()
    await ann.page.keyboard.press("Shift+L")
    await ann.sees("left")


async def test_everything_has_a_name_for_screen_readers(invite: Invite, meeting: str) -> None:
    ann, bob = await invite(), await invite()
    await ann.page.goto(ann.url)
    assert await ann.page.evaluate(NAMELESS) == []
    await ann.create(meeting, "Ann")
    assert await ann.page.evaluate(NAMELESS) == []
    await ann.join()
    await bob.enter(meeting, "Bob")
    await ann.sees_tile("Bob", connection="connected")
    await ann.press("Participants")
    assert await ann.page.evaluate(NAMELESS) == []


async def test_no_view_is_wider_than_a_phone(invite: Invite, meeting: str) -> None:
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    ann = await invite(viewport={"width": 360, "height": 640}, color_scheme="dark")
    await ann.page.goto(ann.url)
    assert await ann.page.evaluate(overflow) == 0
    await ann.create(meeting, "Ann")
    assert await ann.page.evaluate(overflow) == 0
    await ann.join()
    assert await ann.page.evaluate(overflow) == 0
