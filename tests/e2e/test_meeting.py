"""What people in a meeting see of each other, and who does not get in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import all_hear_and_watch, meet
from tests.process import ServerProcess
from tests.server.client import playing


@pytest.mark.one_browser(also="firefox")
async def test_what_one_does_shows_at_the_other(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await bob.sees(a, audio="on", video="on")

    await ada.press("Turn off microphone")
    await bob.sees(a, audio="off", video="on")
    await ada.press("Turn on microphone")
    await bob.sees(a, audio="on")

    await ada.press("Turn off camera")
    await bob.sees(a, video="off", audio="on")
    await ada.press("Turn on camera")
    await bob.sees(a, video="on", picture="")

    hand = bob.tile(a).get_by_role("img", name="Hand raised")
    await ada.press("Raise hand")
    await expect(hand).to_be_visible()
    await bob.told("Ada")
    await ada.press("Lower hand")
    await expect(hand).to_be_hidden()

    screen = bob.page.locator('.tile[data-kind="screen"]')
    await ada.press("Share screen")
    await expect(screen).to_have_attribute("aria-label", "Ada’s screen")
    await expect(screen).to_have_attribute("data-picture", "")
    await ada.press("Stop sharing")
    await expect(screen).to_have_count(0)
    await all_hear_and_watch({a: ada, b: bob})


@pytest.mark.one_browser
async def test_two_meetings_at_the_same_time_stay_apart(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada", calls=False)
    async with playing(server) as play:
        cleo = await play.joined(f"{meeting}-RIGHT", "Cleo", create=True)
        await meet(f"{meeting}-LEFT", ada)
        bob = await play.joined(f"{meeting}-LEFT", "Bob")
        dan = await play.joined(f"{meeting}-RIGHT", "Dan")
        # The first thing that Cleo is told of is Dan.
        assert (await cleo.expect("participant_joined"))["participant"]["id"] == dan.id
        assert {person["id"] for person in dan.joined["participants"]} <= {cleo.id, dan.id}
        await dan.status(hand=True)
        await cleo.expect("participant_updated")
        await cleo.nothing()
        # Whatever would come of it has come before this.
        await bob.send("status", hand=True)
        await expect(ada.tile(bob.id).get_by_role("img", name="Hand raised")).to_be_visible()
        await expect(ada.others).to_have_count(1)
        assert not [text for text in await ada.toasts() if "Cleo" in text or "Dan" in text]
        heard = json.dumps(ada.heard)
        assert bob.id in heard
        assert not [stranger.id for stranger in (cleo, dan) if stranger.id in heard]


@pytest.mark.one_browser
async def test_second_tab_asks(newcomer: Newcomer, meeting: str) -> None:
    """Switching moves the meeting there; one can also join as another person."""
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    second = await newcomer("Ada", tab_of=ada)
    await second.open(meeting)
    await second.knock()
    await second.press("Switch here")
    assert await second.seated() == a
    await ada.at("problem")
    await expect(ada.heading).to_have_text("You joined from another tab")
    await all_hear_and_watch({a: second, b: bob})
    await expect(bob.others).to_have_count(1)
    await second.sees(a, role="host")
    await ada.press("Use here")
    assert await ada.seated() == a
    await second.at("problem")
    await bob.page.close()
    await second.open(meeting)
    await second.knock()
    await second.press("Join as another person")
    other = await second.seated()
    assert other != a
    await all_hear_and_watch({a: ada, other: second})
    await second.sees(other, role="participant")


@pytest.mark.one_browser
async def test_ids_that_are_typed(newcomer: Newcomer, meeting: str) -> None:
    """A wrong one is said beside the field, and can be started; a generated one is found without its dashes."""
    ada = await newcomer("Ada", calls=False)
    await ada.page.goto(ada.url)
    await ada.page.get_by_label("Meeting ID").fill(meeting)
    await ada.press("Join")
    await expect(ada.page.get_by_role("alert").filter(has_text="There is no meeting")).to_be_visible()
    await ada.at("lobby")
    await ada.page.get_by_label("Your name").fill("Ada")
    await ada.press("New meeting")
    await ada.at("prejoin")
    generated = ada.page.url.rpartition("/")[2]

    await ada.open(meeting)
    await ada.at("problem")
    await expect(ada.heading).to_have_text("There is no such meeting")
    await ada.press("Start it now")
    me = await ada.join()
    await ada.sees(me, role="host")

    await ada.page.goto(ada.url)
    await ada.page.get_by_label("Meeting ID").last.fill(generated.replace("-", "").lower())
    await ada.press("Join")
    await ada.at("prejoin")
    await expect(ada.page).to_have_url(f"{ada.url}/m/{generated}")
    await ada.page.goto(f"{ada.url}/m/{generated.replace('-', '').lower()}/attendance")
    await ada.at("attendance")
    await expect(ada.page.get_by_text(generated).first).to_be_visible()


@pytest.mark.one_browser
async def test_host_ends_the_meeting_for_all(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = [await newcomer(name, calls=False) for name in ("Ada", "Bob")]
    await meet(meeting, ada, bob)
    await expect(bob.button("Host options")).to_be_hidden()
    await ada.press("Host options")
    await ada.press("End meeting for all")
    await ada.press("End for all")
    await ada.at("problem")
    await expect(ada.heading).to_have_text("You ended the meeting")
    await bob.at("problem")
    await expect(bob.heading).to_have_text("This meeting has ended")
    await bob.open(meeting)
    await bob.at("problem")
    await expect(bob.heading).to_have_text("This meeting has ended")


@pytest.mark.one_browser
async def test_full_meeting_is_said_and_lets_in_when_somebody_left(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    async with ServerProcess(tmp_path, RECONVENE_MAX_PARTICIPANTS="2") as small, playing(small) as play:
        ada, bob = await play.joined(meeting, "Ada", create=True), await play.joined(meeting, "Bob")
        cleo = await newcomer("Cleo", url=small.url, calls=False)
        await cleo.open(meeting)
        await cleo.knock()
        await cleo.at("problem")
        await expect(cleo.heading).to_have_text("This meeting is full")
        await bob.leave()
        await cleo.press("Try again")
        await cleo.join()
        await cleo.sees(ada.id, state="connected")
        await cleo.leave()
        await cleo.at("left")
        # Who is not the host.
        await expect(cleo.button("See attendance")).to_have_count(0)
        await cleo.page.close()
    assert small.exit_code == 0


@pytest.mark.one_browser
async def test_page_that_cannot_reach_the_server_keeps_trying(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    async with ServerProcess(tmp_path) as mortal:
        ada = await newcomer("Ada", url=mortal.url)
        await meet(meeting, ada)
        await ada.press("Leave")
        await ada.press("Home")
        await mortal.kill()
        await ada.page.get_by_role("link", name=re.compile(f"^{meeting}")).click()
        await ada.at("problem")
        await expect(ada.heading).to_have_text("The server cannot be reached")
        await expect(ada.heading).to_be_focused()
        await ada.page.keyboard.press("Tab")
        await expect(ada.button("Try again")).to_be_focused()
        await mortal.start(RECONVENE_PORT=str(mortal.port))
        await ada.at("prejoin")
        ada.forgive_lost_sockets()
        await ada.page.close()
