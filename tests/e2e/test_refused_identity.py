"""Whatever the server refuses, nobody loses who they are: it is said, and what the browser has is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import jwt
import pytest
from playwright.async_api import Locator, Route, expect

from tests.e2e.conftest import Newcomer
from tests.e2e.person import Person, meet
from tests.e2e.waiting import until
from tests.process import ServerProcess

pytestmark = pytest.mark.one_browser

RIGHT = {"RECONVENE_SECRET": "a secret of sixteen characters or more"}
OTHER = {"RECONVENE_SECRET": "another one, as after a restored backup"}


@pytest.fixture
async def forgetful(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that is started again with another secret."""
    async with ServerProcess(tmp_path, **RIGHT) as server:
        yield server


async def again(server: ServerProcess, **secret: str) -> None:
    await server.kill()
    await server.start(RECONVENE_PORT=str(server.port), **secret)


def question(person: Person) -> Locator:
    return person.page.get_by_role("dialog", name="This server does not know you any more")


def forgive(person: Person) -> None:
    """The browser writes a line for each refusal, and for each socket that was lost."""
    person.forgive_lost_sockets()
    person.complaints = [text for text in person.complaints if "status of 401" not in text]


async def test_call_outlives_a_server_that_forgot_its_secret_for_a_while(
    newcomer: Newcomer, meeting: str, forgetful: ServerProcess
) -> None:
    ada = await newcomer("Ada", url=forgetful.url, calls=False)
    (a,) = await meet(meeting, ada)
    token = await ada.token()
    await again(forgetful, **OTHER)
    await expect(question(ada)).to_be_visible()
    # The same one does not know her the next time either.
    await question(ada).get_by_role("button", name="Try again").click()
    await expect(question(ada)).to_be_visible()
    await again(forgetful, **RIGHT)
    await question(ada).get_by_role("button", name="Try again").click()
    assert await ada.seated() == a
    await ada.sees(a, role="host")
    assert await ada.token() == token
    assert [row["id"] for row in await ada.attendance(meeting)] == [a]
    forgive(ada)
    await ada.page.close()


async def test_servers_that_take_turns_at_one_address(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    """As on a developer's machine. Asked once, and never again."""
    async with ServerProcess(tmp_path / "one", **RIGHT) as one:
        ada = await newcomer("Ada", url=one.url, calls=False)
        (a,) = await meet(meeting, ada)
        await ada.press("Leave")
        await ada.at("left")
        await one.stop()
        port = str(one.port)
        async with ServerProcess(tmp_path / "two", RECONVENE_PORT=port, **OTHER) as two:
            await ada.start(f"{meeting}-TWO")
            await question(ada).get_by_role("button", name="Be somebody new").click()
            b = await ada.join()
            await ada.sees(b, role="host")
            await ada.press("Leave")
            await ada.at("left")
            await two.stop()
            for server, room, me in ((one, meeting, a), (two, f"{meeting}-TWO", b)):
                await server.start(RECONVENE_PORT=port)
                assert await ada.come(room) == me
                await ada.sees(me, role="host")
                await expect(question(ada)).to_have_count(0)
                await ada.press("Leave")
                await ada.at("left")
                # The lists of the lobby and the record come back by themselves, too.
                await ada.page.goto(f"{ada.url}/m/{room}/attendance")
                await ada.at("attendance")
                await server.stop()
    forgive(ada)
    await ada.page.close()


async def test_who_was_revoked_is_told_and_may_come_back_as_somebody_new(
    newcomer: Newcomer, meeting: str, tmp_path: Path
) -> None:
    key = "an admin key of some length"
    async with ServerProcess(tmp_path, RECONVENE_ADMIN_KEY=key) as server:
        ada = await newcomer("Ada", url=server.url, calls=False)
        (a,) = await meet(meeting, ada)
        token = await ada.token()
        user = jwt.decode(token, options={"verify_signature": False})["sub"]
        async with httpx.AsyncClient(trust_env=False) as http:
            url = f"{server.url}/api/identities/{user}/revoke"
            answer = await http.post(url, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 204
        await expect(ada.heading).to_have_text("You are no longer let in as who you were")
        await ada.press("Rejoin")
        await question(ada).get_by_role("button", name="Be somebody new").click()
        assert await ada.seated() != a
        # Nothing is thrown away.
        assert token in await ada.page.evaluate("localStorage.getItem('reconvene.tokens-aside')")
        forgive(ada)
        await ada.page.close()


async def test_who_has_left_meanwhile_is_not_brought_back(
    newcomer: Newcomer, meeting: str, forgetful: ServerProcess
) -> None:
    """The page looks whether the server knows one of the tokens put aside, which may take a while."""
    ada = await newcomer("Ada", url=forgetful.url, calls=False)
    await meet(meeting, ada)
    await ada.page.evaluate("localStorage.setItem('reconvene.tokens-aside', '[\"of then\"]')")
    left = asyncio.Event()

    async def know(route: Route) -> None:
        await left.wait()
        await route.fulfill(json={"meetings": []})

    await ada.page.route("**/api/meetings", know)
    async with ada.page.expect_request("**/api/meetings"):
        await again(forgetful, **OTHER)
    await ada.press("Leave")
    await ada.at("left")
    left.set()
    await until(ada.token, lambda token: token == "of then", "the token is taken up again")
    await ada.at("left")
    await expect(ada.heading).to_have_text("You left")
    assert await ada.page.evaluate("reconvene.meeting === null")
    forgive(ada)
    await ada.page.close()


async def test_session_that_is_refused_is_not_the_identity(newcomer: Newcomer, meeting: str) -> None:
    ada, bob = [await newcomer(name, calls=False) for name in ("Ada", "Bob")]
    a, _ = await meet(meeting, ada, bob)
    await ada.page.add_init_script(
        """
        const kept = location.protocol.startsWith("http") && JSON.parse(sessionStorage.getItem("reconvene.seat"));
        if (kept) kept.seat.session = "of another server";
        if (kept) sessionStorage.setItem("reconvene.seat", JSON.stringify(kept));
        """
    )
    await ada.page.reload()
    assert await ada.seated() == a
    await ada.sees(a, role="host")
    await bob.sees(a, state="connected")
    await expect(question(ada)).to_have_count(0)


async def test_refused_identity_is_said_on_every_page_and_kept(newcomer: Newcomer, meeting: str) -> None:
    ada = await newcomer("Ada", calls=False)
    await meet(meeting, ada)
    await ada.press("Leave")
    await ada.at("left")
    known = await ada.token()
    await ada.page.evaluate("localStorage.setItem('reconvene.token', 'of another server')")

    await ada.page.goto(f"{ada.url}/m/{meeting}/attendance")
    await expect(ada.heading).to_have_text("This server does not know you")
    await ada.page.goto(f"{ada.url}/attendance")
    await expect(ada.page.get_by_text("does not know who this browser is")).to_be_visible()
    await ada.start(meeting)
    await expect(question(ada)).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("alert").filter(has_text="does not know you")).to_be_visible()
    # Whoever works by keyboard goes on from where they were.
    await expect(ada.button("New meeting")).to_be_focused()
    await ada.open(meeting)
    await ada.knock()
    await expect(question(ada)).to_be_visible()
    await ada.page.keyboard.press("Escape")
    await expect(ada.button("Join now")).to_be_enabled()
    await expect(ada.button("Join now")).to_be_focused()
    assert await ada.token() == "of another server"

    await ada.page.evaluate("token => localStorage.setItem('reconvene.token', token)", known)
    await ada.page.goto(f"{ada.url}/m/{meeting}/attendance")
    await ada.at("attendance")
    forgive(ada)
