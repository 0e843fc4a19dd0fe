"""Connections break, messages are lost: everyone keeps the place, the role and the picture of the others."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from playwright.async_api import WebSocketRoute, expect

from signalling.rooms.event_log import MAX_BYTES
from tests.e2e.conftest import Newcomer
from tests.e2e.person import COMING_AND_GOING, all_hear_and_watch, meet
from tests.process import ServerProcess
from tests.server.client import Client, playing
from tests.server.proxy import HOST, Proxy

CUT = 4100
"""A close code after which clients come back."""


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
async def test_what_the_log_no_longer_holds_is_made_good(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    async with Proxy(server.port) as way, playing(server) as play:
        ada = await newcomer("Ada", url=f"http://{HOST}:{way.port}")
        bob = await newcomer("Bob")
        b, a = await meet(meeting, bob, ada)
        await all_hear_and_watch({a: ada, b: bob})
        way.refusing = True
        way.cut()
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
        for talkers in range(MAX_BYTES // (16 * 60_000) + 1):
            talker = await play.joined(meeting, f"Talker {talkers}")
            for _ in range(16):
                await say_much(talker, b)
            await talker.leave()
        await expect(bob.others).to_have_count(1)
        way.refusing = False
        await ada.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await ada.settled()
        (joined, resumed) = [message for message in ada.heard if message["type"] in {"joined", "resumed"}]
        assert resumed["epoch"] == joined["epoch"]
        assert "snapshot" in resumed
        news = ["The chat is off now", "Only those in charge may raise a hand now", "You are a co-host now"]
        for said in news:
            await ada.told(said)
        assert not [said for said in await ada.toasts() if said not in news]
        screen = ada.page.locator('.tile[data-kind="screen"]')
        await expect(screen).to_have_attribute("aria-label", "Bob’s screen")
        await expect(screen).to_have_attribute("data-picture", "")
        await all_hear_and_watch({a: ada, b: bob})
        assert await ada.peer_connections() == 1
        await ada.page.close()


@pytest.mark.one_browser
async def test_join_whose_answer_is_lost_makes_no_second_person(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = [await newcomer(name, calls=False) for name in ("Ada", "Bob")]
    answers: list[str] = []
    cuts: list[asyncio.Task[None]] = []

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def deliver(frame: str | bytes) -> None:
            message = json.loads(frame)
            if message["type"] == "joined":
                answers.append(message["you"]["id"])
            if len(answers) == 1:
                cuts.append(asyncio.create_task(socket.close(code=CUT)))
            else:
                socket.send(frame)

        server.on_message(deliver)

    await bob.page.route_web_socket("**/ws", through)
    a, b = await meet(meeting, ada, bob)
    assert answers == [b, b]
    await ada.sees(b, state="connected")
    await bob.sees(a, state="connected")
    await expect(ada.others).to_have_count(1)
    assert [row["id"] for row in await ada.attendance(meeting)] == [a, b]


@pytest.mark.one_browser
async def test_signals_that_are_lost_hold_nobody_up(newcomer: Newcomer, meeting: str) -> None:
    """The first offer, and the first answer to the one that is made after it."""
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    to_lose = ["offer", "answer"]

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def deliver(frame: str | bytes) -> None:
            description = json.loads(frame).get("data", {}).get("description", {})
            if to_lose and description.get("type") == to_lose[0]:
                del to_lose[0]
            else:
                socket.send(frame)

        server.on_message(deliver)

    for person in (ada, bob):
        await person.page.route_web_socket("**/ws", through)
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    assert to_lose == []


@pytest.mark.one_browser
async def test_half_open_socket_is_found_from_both_sides_and_the_call_goes_on(
    newcomer: Newcomer, meeting: str, mortal: ServerProcess
) -> None:
    async with Proxy(mortal.port) as way:
        ada = await newcomer("Ada", url=f"http://{HOST}:{way.port}")
        bob = await newcomer("Bob", url=mortal.url)
        a, b = await meet(meeting, ada, bob)
        await all_hear_and_watch({a: ada, b: bob})
        bob.heard.clear()
        # Nothing arrives any more and nobody is told: to the browser the socket is open. Media takes another way.
        way.half_open()
        await ada.context.set_offline(True)
        await bob.sees(a, state="reconnecting", connection="connected", video="on")
        await expect(ada.banner("Reconnecting…")).to_be_visible()
        await ada.watches_on(b)
        await bob.watches_on(a)
        await ada.press("Raise hand")
        await ada.context.set_offline(False)
        await ada.settled()
        await bob.sees(a, state="connected", video="on")
        await expect(bob.tile(a).get_by_role("img", name="Hand raised")).to_be_visible()
        await all_hear_and_watch({a: ada, b: bob})
        assert bob.events(*COMING_AND_GOING) == []
        assert [await ada.peer_connections(), await bob.peer_connections()] == [1, 1]
        for person in (ada, bob):
            await person.page.close()
