"""Connections break, messages are lost: everyone keeps the place, the role and the picture of the others."""

from __future__ import annotations

import asyncio
import json
import signal

import httpx
import pytest
from playwright.async_api import WebSocketRoute, expect

from signalling.rooms.event_log import MAX_BYTES
from tests.e2e.conftest import Newcomer
from tests.e2e.person import COMING_AND_GOING, Person, all_hear_and_watch, meet
from tests.process import ServerProcess
from tests.server.client import Client, playing
from tests.server.proxy import HOST, Proxy

CUT = 4100
"""A close code after which clients come back."""
SCREEN = '.tile[data-kind="screen"]'


async def say_much(talker: Client, to: str) -> None:
    """Again as often as the other is behind, as clients do."""
    while True:
        number = await talker.send("signal", to=to, data="x" * 60_000)
        while (answer := await talker.next()).get("id") != number:
            pass
        if answer["type"] == "ack":
            return
        assert answer["code"] == "busy", answer
        await asyncio.sleep(answer["retry_after"])


@pytest.mark.one_browser
async def test_connections_break_in_many_ways_and_the_call_goes_on(
    newcomer: Newcomer, meeting: str, mortal: ServerProcess
) -> None:
    async with Proxy(mortal.port) as way:
        ada = await newcomer("Ada", url=f"http://{HOST}:{way.port}")
        bob = await newcomer("Bob", url=mortal.url)
        b, a = await meet(meeting, bob, ada)
        call = {a: ada, b: bob}
        await all_hear_and_watch(call)
        await what_the_log_no_longer_holds_is_made_good(ada, bob, way, mortal, meeting)
        await all_hear_and_watch(call)
        # One to everybody who talked, too.
        before = await bob.peer_connections()
        await half_open_socket_is_found_from_both_sides_and_the_call_goes_on(ada, bob, way)
        await all_hear_and_watch(call)
        await what_is_done_or_offered_while_the_server_is_down_arrives_after(ada, bob, mortal)
        assert [await ada.peer_connections(), await bob.peer_connections()] == [1, before]
        for person in (ada, bob):
            person.forgive_lost_sockets()
            await person.page.close()


async def what_the_log_no_longer_holds_is_made_good(
    ada: Person, bob: Person, way: Proxy, server: ServerProcess, meeting: str
) -> None:
    a, b = await ada.seated(), await bob.seated()
    (joined,) = [message for message in ada.heard if message["type"] == "joined"]
    way.refusing = True
    way.cut()
    ada.heard.clear()
    await expect(ada.banner("Reconnecting…")).to_be_visible()
    await bob.press("Share screen")
    await bob.says("signal", to=a)
    sharing = {"id": b, "media": {"audio": True, "video": True, "screen": True}}
    await bob.hears("participant_updated", participant=sharing)
    await bob.sees(a, state="reconnecting")
    async with httpx.AsyncClient(base_url=server.url) as http:
        http.headers["Authorization"] = f"Bearer {await bob.token()}"
        there = f"/api/meetings/{meeting}"
        changes = {"chat": "off", "may": {"hand": False}}
        (await http.patch(there, json=changes)).raise_for_status()
        role = await http.post(f"{there}/participants/{a}/role", json={"role": "cohost"})
        role.raise_for_status()
    # So much that the room's log lets go of what came before.
    # No single one may send as much at once.
    async with playing(server) as play:
        for talkers in range(MAX_BYTES // (16 * 60_000) + 1):
            talker = await play.joined(meeting, f"Talker {talkers}")
            for _ in range(16):
                await say_much(talker, b)
            await talker.leave()
    await expect(bob.others).to_have_count(1)
    way.refusing = False
    await ada.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await ada.settled()
    resumed = next(message for message in ada.heard if message["type"] in {"joined", "resumed"})
    assert resumed["epoch"] == joined["epoch"]
    assert "snapshot" in resumed
    news = ["The chat is off now", "Only those in charge may raise a hand now", "You are a co-host now"]
    for said in news:
        await ada.told(said)
    assert not [said for said in await ada.toasts() if said not in news]
    screen = ada.page.locator(SCREEN)
    await expect(screen).to_have_attribute("aria-label", "Bob’s screen")
    await expect(screen).to_have_attribute("data-picture", "")
    await bob.press("Stop sharing")
    await expect(screen).to_have_count(0)


async def half_open_socket_is_found_from_both_sides_and_the_call_goes_on(
    ada: Person, bob: Person, way: Proxy
) -> None:
    a, b = await ada.seated(), await bob.seated()
    bob.heard.clear()
    # Nothing arrives any more and nobody is told: to the browser the socket is open. Media takes another way.
    way.half_open()
    way.refusing = True
    await bob.sees(a, state="reconnecting", connection="connected", video="on")
    await expect(ada.banner("Reconnecting…")).to_be_visible()
    await ada.watches_on(b)
    await bob.watches_on(a)
    await ada.press("Raise hand")
    way.refusing = False
    await ada.page.evaluate("dispatchEvent(new Event('online'))")
    await ada.settled()
    await bob.sees(a, state="connected", video="on")
    await expect(bob.tile(a).get_by_role("img", name="Hand raised")).to_be_visible()
    assert bob.events(*COMING_AND_GOING) == []
    await ada.press("Lower hand")


async def what_is_done_or_offered_while_the_server_is_down_arrives_after(
    ada: Person, bob: Person, mortal: ServerProcess
) -> None:
    a, b = await ada.seated(), await bob.seated()
    await mortal.kill()
    for person in (ada, bob):
        await expect(person.banner("Reconnecting…")).to_be_visible()
    await ada.press("Turn off camera")
    await ada.press("Share screen")
    await ada.sees(a, video="off")
    await bob.press("Raise hand")
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    await asyncio.gather(ada.settled(), bob.settled())
    await bob.sees(a, video="off", audio="on")
    screen = bob.page.locator(SCREEN)
    await expect(screen).to_have_attribute("aria-label", "Ada’s screen")
    await expect(screen).to_have_attribute("data-picture", "")
    await expect(ada.tile(b).get_by_role("img", name="Hand raised")).to_be_visible()
    await ada.press("Turn on camera")
    await all_hear_and_watch({a: ada, b: bob})

    # And an offer that is lost with the server is made again.
    await ada.press("Stop sharing")
    await expect(screen).to_have_count(0)
    ada.said.clear()
    mortal.signal(signal.SIGSTOP)
    await ada.press("Share screen")
    await ada.says("signal", to=b)
    await mortal.kill()
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    await expect(screen).to_have_attribute("aria-label", "Ada’s screen")
    await expect(screen).to_have_attribute("data-picture", "")


@pytest.mark.one_browser
async def test_what_is_lost_on_the_way_holds_nobody_up_and_makes_no_second_person(
    newcomer: Newcomer, meeting: str
) -> None:
    """The answer to a join; the first offer, and the first answer to the one that is made after it."""
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    answers: list[str] = []
    cuts: list[asyncio.Task[None]] = []
    to_lose = ["offer", "answer"]

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        cut = False

        def deliver(frame: str | bytes) -> None:
            nonlocal cut
            message = json.loads(frame)
            description = message.get("data", {}).get("description", {})
            if message["type"] == "joined" and message["you"]["name"] == "Bob":
                answers.append(message["you"]["id"])
                cut = len(answers) == 1
            if cut:
                cuts.append(asyncio.create_task(socket.close(code=CUT)))
            elif to_lose and description.get("type") == to_lose[0]:
                del to_lose[0]
            else:
                socket.send(frame)

        server.on_message(deliver)

    for person in (ada, bob):
        await person.page.route_web_socket("**/ws", through)
    a, b = await meet(meeting, ada, bob)
    assert answers == [b, b]
    await all_hear_and_watch({a: ada, b: bob})
    assert to_lose == []
    await expect(ada.others).to_have_count(1)
    assert [row["id"] for row in await ada.attendance(meeting)] == [a, b]
