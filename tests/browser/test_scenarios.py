"""The four scenarios Reconvene grew out of, between real browsers."""

from __future__ import annotations

import re

import httpx
from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.person import Person
from tests.process import ServerProcess

PLAYING = """() => [...document.querySelectorAll('.tile[data-self=false] video')].map((video) => video.currentTime)"""


async def token_of(person: Person) -> str:
    token: str = await person.page.evaluate("localStorage.getItem('reconvene.token')")
    return token


async def attendance(server: ServerProcess, meeting: str, host: Person) -> list[dict[str, object]]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.get(
            f"/api/meetings/{meeting}/attendance", headers={"Authorization": f"Bearer {await token_of(host)}"}
        )
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, object]] = answer.json()["participants"]
    return rows


async def test_a_host_creates_a_meeting_and_is_host(invite: Invite, server: ServerProcess) -> None:
    host = await invite()
    await host.create("ABC123", "Test User")
    await host.join()
    await expect(host.own_tile).to_have_attribute("data-role", "host")
    assert host.page.url == f"{server.url}/m/ABC123"
    async with httpx.AsyncClient(base_url=server.url) as http:
        found = (await http.get("/api/meetings/abc123")).json()
    assert (found["id"], found["ended"], found["participants"]) == ("ABC123", False, 1)


async def test_a_second_user_joins_and_both_see_and_hear_each_other(invite: Invite, meeting: str) -> None:
    host, guest = await invite(), await invite()
    await host.create(meeting, "Test User")
    await host.join()
    await guest.follow(meeting, "Guest")
    await guest.join()
    await host.reads("Guest joined")
    await host.sees_tile("Guest", role="participant", state="connected", connection="connected")
    await guest.sees_tile("Test User", role="host", connection="connected")
    await host.receives(1)
    await guest.receives(1)
    for person in (host, guest):
        (before,) = await person.page.evaluate(PLAYING)
        await person.receives(1)
        (after,) = await person.page.evaluate(PLAYING)
        assert after > before, "the picture plays"


async def test_creating_again_gives_the_same_meeting_and_the_same_host(
    invite: Invite, meeting: str, server: ServerProcess
) -> None:
    host, guest = await invite(), await invite()
    await host.create(meeting, "Test User")
    await host.join()
    place = await host.participant_id()
    # The tab still has its place there, and so needs no second look at its camera.
    await host.create(meeting, "Test User", leads_to="meeting")
    assert await host.participant_id() == place
    await expect(host.own_tile).to_have_attribute("data-role", "host")

    await guest.create(meeting.lower(), "Guest")
    await guest.join()
    await expect(guest.own_tile).to_have_attribute("data-role", "participant")
    await guest.sees_tile("Test User", role="host")
    assert len(await attendance(server, meeting, host)) == 2


async def test_who_leaves_and_comes_back_is_the_same_participant(
    invite: Invite, meeting: str, server: ServerProcess
) -> None:
    host, guest = await invite(), await invite()
    await host.create(meeting, "Test User")
    await host.join()
    await guest.enter(meeting, "Guest")
    await host.sees_others(1)
    place = await guest.participant_id()

    await guest.press("Leave")
    await guest.sees("left")
    await host.reads("Guest left")
    await host.sees_others(0)
    await guest.press("Rejoin")
    await guest.sees("meeting")
    assert await guest.participant_id() == place
    await host.sees_others(1)
    await host.receives(1)
    await guest.receives(1)
    rows = await attendance(server, meeting, host)
    assert sorted((row["name"], row["session_count"]) for row in rows) == [("Guest", 2), ("Test User", 1)]


async def test_a_reload_keeps_place_role_and_devices_and_adds_no_tile(
    invite: Invite, meeting: str, server: ServerProcess
) -> None:
    host, guest = await invite(), await invite()
    await host.create(meeting, "Test User")
    await host.join()
    await guest.enter(meeting, "Guest")
    await guest.receives(1)
    place = await host.participant_id()
    await host.press("Turn off microphone")
    await guest.sees_tile("Test User", audio="off")

    await host.page.reload()
    await host.sees("meeting")
    assert await host.participant_id() == place
    await expect(host.own_tile).to_have_attribute("data-role", "host")
    await expect(host.own_tile).to_have_attribute("data-audio", "off")
    await expect(host.own_tile).to_have_attribute("data-video", "on")
    await guest.sees_others(1)
    await guest.sees_tile("Test User", role="host", audio="off", video="on", connection="connected")
    await guest.receives(1, audio=False)
    await host.receives(1)
    await expect(guest.page.get_by_text(re.compile("Test User left"))).to_have_count(0)
    rows = await attendance(server, meeting, host)
    assert sorted((row["name"], row["session_count"]) for row in rows) == [("Guest", 1), ("Test User", 1)]


async def test_a_killed_server_is_come_back_to_without_duplicates(
    invite: Invite, meeting: str, server: ServerProcess
) -> None:
    own = ServerProcess(server.directory.parent / "killed")
    own.directory.mkdir()
    async with own:
        ann, bob = await invite(own.url), await invite(own.url)
        await ann.create(meeting, "Ann")
        await ann.join()
        await bob.enter(meeting, "Bob")
        await ann.receives(1)
        places = [await ann.participant_id(), await bob.participant_id()]
        port = str(own.port)
        await own.kill()
        await own.start(RECONVENE_PORT=port)
        for person in (ann, bob):
            await own.logged("participant joined", within=30, participant=await person.participant_id())
        for person in (ann, bob):
            await person.sees_others(1)
            await person.receives(1)
        assert [await ann.participant_id(), await bob.participant_id()] == places
