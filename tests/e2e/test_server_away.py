"""The server or its store is away for a while: calls go on, and what was done meanwhile arrives after."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import all_hear_and_watch, meet
from tests.process import ServerProcess
from tests.server.proxy import HOST, Proxy
from tests.server.realtime.test_drain import locked


@pytest.mark.one_browser
async def test_what_is_done_or_offered_while_the_server_is_down_arrives_after(
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
    await asyncio.gather(ada.settled(), bob.settled())
    await bob.sees(a, video="off", audio="on")
    screen = bob.page.locator('.tile[data-kind="screen"]')
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
    assert [await ada.peer_connections(), await bob.peer_connections()] == [1, 1]
    for person in (ada, bob):
        person.forgive_lost_sockets()
        await person.page.close()


@pytest.mark.one_browser
async def test_join_waits_by_itself_while_the_server_cannot_record_it(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    async with ServerProcess(tmp_path) as server, Proxy(server.port) as way:
        ada = await newcomer("Ada", url=server.url, calls=False)
        bob = await newcomer("Bob", url=f"http://{HOST}:{way.port}", calls=False)
        (a,) = await meet(meeting, ada)
        b = await bob.come(meeting)
        await bob.press("Leave")
        await bob.at("left")
        with locked(server.database):
            await bob.press("Rejoin")
            await bob.hears("error", code="unavailable")
            await expect(bob.banner("The server takes its time")).to_be_visible()
        assert await bob.seated() == b
        # And in the view before the meeting, with the server itself away first: that is not said for ever.
        await bob.press("Leave")
        await bob.page.reload()
        await bob.at("prejoin")
        bob.heard.clear()
        way.refusing = True
        way.cut()
        with locked(server.database):
            await bob.knock()
            await expect(bob.banner("The server cannot be reached")).to_be_visible()
            way.refusing = False
            await bob.hears("error", code="unavailable")
            await expect(bob.banner("The server takes its time")).to_be_visible()
        assert await bob.seated() == b
        await ada.sees(b, state="connected")
        await bob.sees(a, state="connected")
        # Asked for several times, it is one person all the same.
        await expect(ada.others).to_have_count(1)
        assert len(await ada.attendance(meeting)) == 2
        bob.complaints.clear()
        for person in (ada, bob):
            await person.page.close()
