"""Wrong IDs, full and ended meetings, missing devices: each gets a page or a word that says what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Playwright

from tests.browser.conftest import FAKE_CONSENT, FAKE_DEVICES, Invite, launch
from tests.process import ServerProcess


@pytest.fixture(scope="module")
async def no_camera(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await launch(playwright, f"{FAKE_DEVICES}=device-count=0", FAKE_CONSENT)
    yield browser
    await browser.close()


@pytest.fixture(scope="module")
async def no_consent(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await launch(playwright, FAKE_DEVICES)
    yield browser
    await browser.close()


async def test_an_unknown_meeting_says_so_and_can_be_started(invite: Invite, meeting: str) -> None:
    ann = await invite()
    await ann.page.goto(f"{ann.url}/m/{meeting}")
    await ann.sees("problem")
    await ann.reads("There is no such meeting")
    await ann.press("Start it now")
    await ann.sees("prejoin")


async def test_a_wrong_id_in_the_lobby_is_named(invite: Invite) -> None:
    ann = await invite()
    await ann.page.goto(ann.url)
    await ann.page.get_by_label("Meeting ID").last.fill("NO-SUCH-ONE")
    await ann.press("Join")
    await ann.reads("There is no meeting NO-SUCH-ONE")
    await ann.page.get_by_label("Meeting ID").last.fill("a b")
    await ann.press("Join")
    await ann.reads("at least three letters")


async def test_a_generated_id_is_found_without_its_dashes(invite: Invite) -> None:
    ann, bob = await invite(), await invite()
    await ann.page.goto(ann.url)
    await ann.page.get_by_label("Your name").fill("Ann")
    await ann.press("New meeting")
    await ann.sees("prejoin")
    meeting = ann.page.url.rpartition("/")[2]
    await bob.page.goto(bob.url)
    await bob.page.get_by_label("Meeting ID").last.fill(meeting.replace("-", "").lower())
    await bob.press("Join")
    await bob.sees("prejoin")
    assert bob.page.url.endswith(meeting)


async def test_ending_for_all_ends_it_for_all_and_for_good(invite: Invite, meeting: str) -> None:
    ann, bob = await invite(), await invite()
    await ann.create(meeting, "Ann")
    await ann.join()
    await bob.enter(meeting, "Bob")
    await ann.sees_others(1)
    await ann.press("Host options")
    await ann.press("End meeting for all")
    await ann.press("End for all")
    await bob.sees("problem")
    await bob.reads("This meeting has ended")
    await ann.reads("You ended the meeting")
    await bob.page.goto(f"{bob.url}/m/{meeting}")
    await bob.reads("This meeting has ended")


async def test_a_full_meeting_says_so_and_lets_in_when_someone_left(
    invite: Invite, meeting: str, tmp_path: Path
) -> None:
    async with ServerProcess(tmp_path, RECONVENE_MAX_PARTICIPANTS="1") as server:
        ann, bob = await invite(server.url), await invite(server.url)
        await ann.create(meeting, "Ann")
        await ann.join()
        await bob.follow(meeting, "Bob")
        await bob.press("Join now")
        await bob.sees("problem")
        await bob.reads("This meeting is full")
        await ann.press("Leave")
        await ann.sees("left")
        await bob.press("Try again")
        await bob.join()


async def test_without_a_camera_one_can_still_join_and_talk(
    invite: Invite, meeting: str, no_camera: Browser
) -> None:
    ann, bob = await invite(), await invite(using=no_camera)
    await ann.create(meeting, "Ann")
    await ann.join()
    await bob.follow(meeting, "Bob")
    await bob.reads("No camera was found")
    await bob.join()
    await ann.sees_tile("Bob", audio="on", video="off", connection="connected")
    await ann.receives(1, video=False)
    await bob.receives(1)


async def test_with_permission_refused_one_can_still_join(
    invite: Invite, meeting: str, no_consent: Browser
) -> None:
    ann = await invite()
    bob = await invite(using=no_consent, permissions=[])
    await ann.create(meeting, "Ann")
    await ann.join()
    await bob.follow(meeting, "Bob")
    await bob.reads("Your browser may not use your microphone and camera")
    await bob.join()
    await ann.sees_tile("Bob", audio="off", video="off", connection="connected")
    await bob.receives(1)
