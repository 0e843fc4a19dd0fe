"""The server or its store is away while somebody joins."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.proxy import HOST, Proxy
from tests.server.realtime.test_drain import locked


@pytest.mark.one_browser
async def test_join_waits_by_itself_while_the_server_cannot_record_it(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    async with ServerProcess(tmp_path) as server, Proxy(server.port) as way:
        bob = await newcomer("Bob", url=f"http://{HOST}:{way.port}", calls=False)
        async with playing(server) as play:
            ada = await play.joined(meeting, "Ada", create=True)
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
            await bob.sees(ada.id, state="connected")
            # Asked for several times, it is one person all the same.
            await expect(bob.others).to_have_count(1)
            assert len(await play.attendance(meeting, ada.token)) == 2
            bob.complaints.clear()
            await bob.page.close()
