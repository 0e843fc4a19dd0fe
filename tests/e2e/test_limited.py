"""When so many come from one network that the server lets in no more, the page says so and waits as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Route, WebSocketRoute, expect
from websockets.exceptions import ConnectionClosed

from tests.e2e import in_charge
from tests.e2e.conftest import Newcomer
from tests.process import ServerProcess
from tests.server.client import Client, playing

pytestmark = pytest.mark.one_browser

NEW_SOCKETS = 6
LIMITED = "So many come from your network"


@pytest.fixture
async def narrow(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with ServerProcess(tmp_path, RECONVENE_LIMITS=f"new_sockets={NEW_SOCKETS}") as server:
        yield server


@contextlib.asynccontextmanager
async def crowds(server: ServerProcess) -> AsyncIterator[None]:
    """Come until the server lets no more in, and go on so: whoever else comes in this time is refused."""
    full = asyncio.Event()

    async def come() -> None:
        while True:
            client = await Client.open(server.ws_url)
            with contextlib.suppress(ConnectionClosed):
                await client.send("ping")
            if (await client.next()).get("code") == "rate_limited":
                full.set()
            await client.close()

    async with asyncio.TaskGroup() as group:
        coming = group.create_task(come())
        await full.wait()
        yield
        coming.cancel()


async def test_join_that_is_limited_says_so_and_comes_in_when_the_server_said(
    newcomer: Newcomer, meeting: str, narrow: ServerProcess
) -> None:
    ada = await newcomer("Ada", url=narrow.url, calls=False)
    await ada.start(meeting)
    await ada.at("prejoin")
    async with crowds(narrow):
        await ada.knock()
        await expect(ada.page.get_by_role("status").filter(has_text=LIMITED)).to_be_visible()
        opened: list[float] = []
        ada.page.on("websocket", lambda _: opened.append(asyncio.get_running_loop().time()))
    await ada.seated()
    # As often as it was told to, and not by its own impatience.
    assert len(opened) <= 3
    await ada.page.close()


async def test_who_waits_is_told_once_however_often_an_attempt_is_limited(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    eve = await newcomer("Eve", calls=False)
    sockets: list[WebSocketRoute] = []
    closing: list[asyncio.Task[None]] = []
    attempts = 3

    def limited(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if not 1 < len(sockets) <= 1 + attempts:
            socket.connect_to_server()
            return

        def refuse(message: str | bytes) -> None:
            error = {"type": "error", "id": json.loads(message)["id"], "code": "rate_limited"}
            socket.send(json.dumps(error | {"message": "So many came.", "retry_after": 0.1}))
            closing.append(asyncio.create_task(socket.close(code=4103)))

        socket.on_message(refuse)

    await eve.page.route_web_socket("**/ws", limited)
    async with playing(server) as play:
        host = await play.joined(meeting, "Host", create=True)
        await host.order("settings", settings={"lobby": "everyone"})
        await in_charge.waits(eve, meeting)
        status = eve.page.locator("[data-part=position]")
        await expect(status).to_have_text("You are next.")
        await status.evaluate(
            """(status) => {
              window.said = [];
              const watch = new MutationObserver(() => window.said.push(status.textContent));
              watch.observe(status, { childList: true, characterData: true, subtree: true });
            }"""
        )
        await sockets[0].close(code=1012)
        await expect(status).to_contain_text(LIMITED)
        await expect(status).to_have_text("You are next.")
    said = await eve.page.evaluate("window.said")
    assert [text.split(" ")[0] for text in said] == ["Reconnecting…", "So", "You"]
    assert len(sockets) == 2 + attempts


async def test_page_that_is_limited_says_so_and_looks_again_when_the_server_said(
    newcomer: Newcomer, meeting: str
) -> None:
    ada = await newcomer("Ada", calls=False)
    await ada.start(meeting)
    await ada.at("prejoin")
    asked: list[float] = []

    async def limited(route: Route) -> None:
        asked.append(asyncio.get_running_loop().time())
        if len(asked) > 1:
            await route.continue_()
            return
        problem = {"code": "rate_limited", "detail": "So many requests.", "retry_after": 5}
        await route.fulfill(status=429, content_type="application/problem+json", body=json.dumps(problem))

    await ada.page.route(f"**/api/meetings/{meeting}", limited)
    await ada.page.reload()
    await expect(ada.page.get_by_role("heading", name=LIMITED)).to_be_visible()
    await ada.at("prejoin")
    first, second = asked
    assert second - first >= 4.9
    ada.complaints.clear()
