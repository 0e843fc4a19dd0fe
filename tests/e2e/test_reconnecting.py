"""Whatever breaks, everyone keeps the place, the role and the picture of the others."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import WebSocketRoute, expect

from signalling.rooms.event_log import MAX_BYTES
from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, all_hear_and_watch, meet, until
from tests.process import ServerProcess
from tests.server.client import Client, playing
from tests.server.proxy import HOST, Proxy
from tests.server.realtime.test_drain import locked

CUT = 4100
"""A close code after which clients come back."""

COMING_AND_GOING = ("participant_joined", "participant_rejoined", "participant_left")


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that may be killed, and one that looks for dead sockets often."""
    async with ServerProcess(tmp_path, RECONVENE_HEARTBEAT="1") as mortal:
        yield mortal


async def settled(person: Person) -> None:
    """Back, and said so."""
    await expect(person.banner("You’re back")).to_be_visible()
    person.forgive_lost_sockets()


async def test_host_who_reloads_has_the_same_place_and_devices(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
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
    rows = await ada.attendance(meeting)
    assert sorted(row["id"] for row in rows) == sorted([a, b])
    assert [row["session_count"] for row in rows] == [1, 1]


@pytest.mark.one_browser
async def test_both_reload_at_once(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    await asyncio.gather(ada.page.reload(), bob.page.reload())
    assert [await ada.seated(), await bob.seated()] == [a, b]
    await ada.sees(a, role="host")
    await bob.sees(b, role="participant")
    await all_hear_and_watch({a: ada, b: bob})
    for person in (ada, bob):
        await expect(person.others).to_have_count(1)
        assert await person.toasts() == []
        assert "participant_left" not in person.events(*COMING_AND_GOING)
    assert [row["session_count"] for row in await ada.attendance(meeting)] == [1, 1]


@pytest.mark.one_browser
@pytest.mark.parametrize("by", ["key", "script"])
async def test_reload_that_the_page_knows_of_may_take_its_time(
    newcomer: Newcomer, meeting: str, server: ServerProcess, by: str
) -> None:
    ada = await newcomer("Ada")
    (a,) = await meet(meeting, ada)
    if by == "key":
        await ada.page.keyboard.press("F5")  # without a window there is nobody to act on it
        await ada.page.reload()
    else:
        async with ada.page.expect_navigation():
            await ada.page.evaluate("location.reload()")
    # Whoever closes with 1000 has left three seconds later.
    await server.logged("connection lost, place kept", participant=a, code=1001)
    assert await ada.seated() == a


@pytest.mark.parametrize("stop", ["kill", "stop"])
async def test_server_restarts_during_a_call_and_nobody_notices(
    newcomer: Newcomer, meeting: str, mortal: ServerProcess, stop: str
) -> None:
    ada, bob = [await newcomer(name, url=mortal.url) for name in ("Ada", "Bob")]
    a, b = await meet(meeting, ada, bob)
    call = [(ada, b), (bob, a)]
    await all_hear_and_watch({a: ada, b: bob})
    for person, other in call:
        await person.watch_tile(other)
        person.heard.clear()

    await (mortal.kill() if stop == "kill" else mortal.stop())
    for person, other in call:
        await expect(person.banner("Reconnecting…")).to_be_visible()
        await person.watches_on(other)
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    # Watched for at once: each comes back in a moment of their own, and the word soon goes again.
    await asyncio.gather(*(settled(person) for person, _ in call))

    for person, other in call:
        await person.sees(other, state="connected", connection="connected", video="on")
        await person.watches_on(other)
        assert await person.flickers() == []
        assert await person.peer_connections() == 1
        assert person.events("joined", "resumed", *COMING_AND_GOING) == ["resumed"]
        await expect(person.others).to_have_count(1)
    assert [await ada.seated(), await bob.seated()] == [a, b]
    await bob.sees(a, role="host")
    # And it is still one room: what one does now shows at the other.
    await ada.press("Turn off camera")
    await bob.sees(a, video="off")
    assert await ada.toasts() == ["Bob joined"]
    assert await bob.toasts() == []
    rows = await ada.attendance(meeting)
    assert sorted(row["id"] for row in rows) == sorted([a, b])
    assert [row["session_count"] for row in rows] == [1, 1]
    for person, _ in call:
        await person.page.close()


@pytest.mark.one_browser
async def test_what_is_done_while_the_server_is_down_arrives_after(
    newcomer: Newcomer, meeting: str, mortal: ServerProcess
) -> None:
    ada, bob = [await newcomer(name, url=mortal.url) for name in ("Ada", "Bob")]
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    await mortal.kill()
    for person in (ada, bob):
        await expect(person.banner("Reconnecting…")).to_be_visible()
    await ada.press("Turn off camera")
    await ada.press("Share screen")
    await ada.sees(a, video="off")
    await bob.press("Raise hand")
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    await asyncio.gather(settled(ada), settled(bob))
    await bob.sees(a, video="off", audio="on")
    screen = bob.page.locator('.tile[data-kind="screen"]')
    await expect(screen).to_have_attribute("aria-label", "Ada’s screen")
    await expect(screen).to_have_attribute("data-picture", "")
    await expect(ada.tile(b).get_by_role("img", name="Hand raised")).to_be_visible()
    await ada.press("Turn on camera")
    await all_hear_and_watch({a: ada, b: bob})
    assert [await ada.peer_connections(), await bob.peer_connections()] == [1, 1]
    for person in (ada, bob):
        await person.page.close()


@pytest.mark.one_browser
async def test_offer_that_was_lost_with_the_server_is_made_again(
    newcomer: Newcomer, meeting: str, mortal: ServerProcess
) -> None:
    ada, bob = [await newcomer(name, url=mortal.url) for name in ("Ada", "Bob")]
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    mortal.signal(signal.SIGSTOP)
    await ada.press("Share screen")
    await ada.says("signal", to=b)
    await mortal.kill()
    await mortal.start(RECONVENE_PORT=str(mortal.port))
    screen = bob.page.locator('.tile[data-kind="screen"]')
    await expect(screen).to_have_attribute("aria-label", "Ada’s screen")
    await expect(screen).to_have_attribute("data-picture", "")
    assert [await ada.peer_connections(), await bob.peer_connections()] == [1, 1]
    for person in (ada, bob):
        person.forgive_lost_sockets()
        await person.page.close()


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
        a, b = await meet(meeting, ada, bob)
        await all_hear_and_watch({a: ada, b: bob})
        way.refusing = True
        way.cut()
        await expect(ada.banner("Reconnecting…")).to_be_visible()
        await bob.press("Share screen")
        await bob.says("signal", to=a)
        sharing = {"id": b, "media": {"audio": True, "video": True, "screen": True}}
        await bob.hears("participant_updated", participant=sharing)
        await bob.sees(a, state="reconnecting")
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
        await settled(ada)
        (joined, resumed) = [message for message in ada.heard if message["type"] in {"joined", "resumed"}]
        assert resumed["epoch"] == joined["epoch"]
        assert "snapshot" in resumed
        screen = ada.page.locator('.tile[data-kind="screen"]')
        await expect(screen).to_have_attribute("aria-label", "Bob’s screen")
        await expect(screen).to_have_attribute("data-picture", "")
        await all_hear_and_watch({a: ada, b: bob})
        assert await ada.peer_connections() == 1
        await ada.page.close()


@pytest.mark.one_browser
async def test_join_whose_answer_is_lost_makes_no_second_person(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
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
    await all_hear_and_watch({a: ada, b: bob})
    await expect(ada.others).to_have_count(1)
    assert [row["id"] for row in await ada.attendance(meeting)] == [a, b]


@pytest.mark.one_browser
@pytest.mark.parametrize("lost", ["offer", "answer"])
async def test_signal_that_is_lost_holds_nobody_up(newcomer: Newcomer, meeting: str, lost: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    dropped: list[str] = []

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def deliver(frame: str | bytes) -> None:
            description = json.loads(frame).get("data", {}).get("description", {})
            if description.get("type") == lost and not dropped:
                dropped.append(lost)
            else:
                socket.send(frame)

        server.on_message(deliver)

    for person in (ada, bob):
        await person.page.route_web_socket("**/ws", through)
    a, b = await meet(meeting, ada, bob)
    await all_hear_and_watch({a: ada, b: bob})
    assert dropped == [lost]


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
        await settled(ada)
        await bob.sees(a, state="connected", video="on")
        await expect(bob.tile(a).get_by_role("img", name="Hand raised")).to_be_visible()
        await all_hear_and_watch({a: ada, b: bob})
        assert bob.events(*COMING_AND_GOING) == []
        assert [await ada.peer_connections(), await bob.peer_connections()] == [1, 1]
        for person in (ada, bob):
            await person.page.close()


# A copy of a tab, in a browser whose locks do not tell it from the original.
COPY_OF_TAB = """
  if (location.protocol.startsWith("http")) sessionStorage.setItem("reconvene.seat", %r);
  Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
"""


@pytest.mark.one_browser
async def test_three_tabs_of_one_session_do_not_fight(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = await newcomer("Ada"), await newcomer("Bob")
    a, b = await meet(meeting, ada, bob)
    bob.heard.clear()
    seat = await ada.page.evaluate("sessionStorage.getItem('reconvene.seat')")
    copies = [await newcomer("Ada", tab_of=ada) for _ in range(2)]
    for copy in copies:
        await copy.before(COPY_OF_TAB % seat)
    await asyncio.gather(*(copy.open(meeting) for copy in copies))
    await asyncio.gather(*(copy.knock() for copy in copies))

    tabs = [ada, *copies]

    async def views() -> list[str | None]:
        return [await tab.page.locator("body").get_attribute("data-view") for tab in tabs]

    await until(
        views, lambda now: sorted(map(str, now)) == ["meeting", "problem", "problem"], "one tab has the place"
    )
    (winner,) = [tab for tab, view in zip(tabs, await views(), strict=True) if view == "meeting"]
    assert winner is not ada
    assert await winner.seated() == a
    await winner.sees(a, role="host")
    for loser in tabs:
        if loser is not winner:
            await expect(loser.heading).to_have_text("You joined from another tab")
    await ada.press("Use here")
    assert await ada.seated() == a
    for copy in copies:
        await copy.at("problem")
    await all_hear_and_watch({a: ada, b: bob})
    await expect(bob.others).to_have_count(1)
    # Three took over, once each.
    assert bob.events(*COMING_AND_GOING) == ["participant_rejoined"] * 3
    assert [tab.events("joined", "resumed") for tab in tabs] == [["joined", "joined"], ["joined"], ["joined"]]


@pytest.mark.one_browser
async def test_join_waits_by_itself_while_the_server_cannot_record_it(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    async with ServerProcess(tmp_path) as server:
        ada, bob = [await newcomer(name, url=server.url) for name in ("Ada", "Bob")]
        (a,) = await meet(meeting, ada)
        await bob.open(meeting)
        await bob.at("prejoin")
        with locked(server.database):
            await bob.knock()
            await bob.hears("error", code="unavailable")
            waiting = bob.page.get_by_role("status").filter(has_text="keeps trying by itself")
            await expect(waiting).to_be_visible()
        b = await bob.seated()
        await all_hear_and_watch({a: ada, b: bob})
        # Asked for several times, it is one person all the same.
        await expect(ada.others).to_have_count(1)
        assert len(await ada.attendance(meeting)) == 2
        for person in (ada, bob):
            await person.page.close()
