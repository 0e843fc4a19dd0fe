"""A machine whose clock is set, or that sleeps, loses nothing by it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.test_invite_links import made, open_invites
from tests.process import ServerProcess
from tests.server.proxy import HOST, Proxy

pytestmark = pytest.mark.one_browser

HOUR = 3_600_000

# As the page sees it when somebody sets the clock: nothing else goes by it.
CLOCK = """
  const real = Date.now.bind(Date);
  globalThis.setAhead = 0;
  Date.now = () => real() + setAhead;
"""


LASTING = """async () => {
  const { lasting } = await import("/static/js/meeting/clock.js");
  return [-1, 59.9, 60, 3599, 3600, 90069].map(lasting);
}"""


async def set_clock(person: Person, milliseconds: int) -> None:
    await person.page.evaluate("(milliseconds) => { setAhead = milliseconds; }", milliseconds)


@pytest.fixture
async def attentive(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server whose pages ask soon whether it is still there."""
    async with ServerProcess(tmp_path, RECONVENE_HEARTBEAT="1") as attentive:
        yield attentive


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server whose pages do not ask for as long as a test lasts."""
    async with ServerProcess(tmp_path, RECONVENE_HEARTBEAT="300", RECONVENE_GRACE="600") as patient:
        yield patient


async def arrive(newcomer: Newcomer, way: Proxy, meeting: str, *, calls: bool = False) -> Person:
    ada = await newcomer("Ada", url=f"http://{HOST}:{way.port}", calls=calls)
    await ada.page.add_init_script(CLOCK)
    await meet(meeting, ada)
    ada.heard.clear()
    return ada


async def test_clock_that_is_set_while_it_reconnects_holds_nobody_up(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    async with Proxy(server.port) as way:
        ada = await arrive(newcomer, way, meeting)
        for ahead in (-HOUR, HOUR):
            ada.heard.clear()
            way.refusing = True
            way.cut()
            await expect(ada.banner("Reconnecting…")).to_be_visible()
            await set_clock(ada, ahead)
            way.refusing = False
            await ada.hears("resumed")
            await ada.settled()
            # Neither does anybody see that the meeting has been going for an hour.
            await expect(ada.page.get_by_role("timer")).to_have_text(re.compile(r"^\d\d:\d\d$"))
        assert await ada.page.evaluate(LASTING) == ["00:00", "00:59", "01:00", "59:59", "1:00:00", "25:01:09"]
        await ada.page.close()


async def test_half_open_socket_is_found_though_the_clock_was_set_back(
    newcomer: Newcomer, meeting: str, attentive: ServerProcess
) -> None:
    async with Proxy(attentive.port) as way:
        ada = await arrive(newcomer, way, meeting)
        await set_clock(ada, -HOUR)
        way.half_open()
        await ada.hears("resumed")
        ada.forgive_lost_sockets()
        await ada.page.close()


async def test_clock_that_is_set_back_is_not_noticed_and_sleep_is(
    newcomer: Newcomer, meeting: str, patient: ServerProcess
) -> None:
    async with Proxy(patient.port) as way:
        ada = await arrive(newcomer, way, meeting, calls=True)
        ada.said.clear()
        await set_clock(ada, -HOUR)
        # Whatever is said next gives the page a look at its clocks; then it would ask whether it is connected.
        await ada.press("Turn off camera")
        await ada.hears("ack")
        await ada.press("Turn on camera")
        await asyncio.gather(ada.hears("ack"), ada.says("status", media={"video": True}))
        assert [message["type"] for message in ada.said if message["type"] != "status"] == []
        await who_wakes_up_looks_at_once_whether_it_is_connected(ada, way)
        await ada.page.close()


async def who_wakes_up_looks_at_once_whether_it_is_connected(ada: Person, way: Proxy) -> None:
    way.half_open()
    # Its other clock stood still meanwhile, as in sleep.
    await set_clock(ada, HOUR)
    await ada.hears("resumed")
    ada.forgive_lost_sockets()


async def test_clock_that_is_wrong_shortens_nothing(newcomer: Newcomer, meeting: str) -> None:
    """An invite link lasts for as long as was chosen, and what was just written can be edited."""
    ada = await newcomer("Ada", calls=False)
    await ada.page.add_init_script(CLOCK.replace("setAhead = 0", f"setAhead = {2 * HOUR}"))
    await meet(meeting, ada)
    await ada.page.get_by_role("button", name="Chat", exact=True).click()
    chat = ada.page.get_by_role("complementary", name="Chat")
    await chat.get_by_role("textbox", name="Message").fill("Hello")
    await chat.get_by_role("textbox", name="Message").press("Enter")
    await expect(chat.get_by_role("button", name="Edit your message")).to_be_visible()
    panel = await open_invites(ada)
    async with ada.page.expect_request(lambda request: request.method == "POST") as asked:
        await made(panel, Good_for="An hour")
    request = await asked.value
    expires_at = datetime.fromisoformat((request.post_data_json or {})["expires_at"])
    # However long the page takes, there is an hour between this clock and that one.
    assert timedelta(minutes=30) < expires_at - datetime.now(UTC) < timedelta(minutes=90)
    listed = panel.get_by_role("list", name="Links there are").get_by_role("listitem")
    await expect(listed).to_contain_text("until")
