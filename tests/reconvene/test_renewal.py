"""The client for programs asks the application for newer tokens, and goes on with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from reconvene import meeting_socket
from tests.server.pages import Page
from tests.server.realtime.logins import Login, logging_in


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Login]:
    async with logging_in(tmp_path_factory.mktemp("login"), JWT_EXPIRED="leave") as app:
        yield app


async def test_a_newer_token_is_shown_before_the_first_one_expires(app: Login, room: str) -> None:
    async def newer() -> str:
        return app.token()

    token = app.about_to_end(seconds=3.0)
    async with Page(app.server.ws_url, room, "Ann", newer, token=token) as ann:
        await ann.joined()
        session = ann.client.membership.session
        await ann.hears("authenticated")
        assert ann.client.membership.session != session
        assert not ann.unsettling()


async def test_an_application_that_takes_its_time_costs_nobody_the_place(app: Login, room: str) -> None:
    slow = asyncio.Event()
    asked = 0

    async def newer() -> str:
        nonlocal asked
        asked += 1
        await slow.wait()
        return app.token()

    async with (
        Page(app.server.ws_url, room, "Bob", token=app.token("bob")) as bob,
        Page(app.server.ws_url, room, "Ann", newer, token=app.about_to_end()) as ann,
    ):
        await ann.joined()
        await bob.sees(lambda: ann.id in bob.roster)
        instance = bob.roster[ann.id]["instance"]
        await ann.hears("token_needed")
        await bob.sees(lambda: bob.roster[ann.id]["state"] == "reconnecting")
        slow.set()
        await ann.hears("resumed")
        await bob.sees(lambda: bob.roster[ann.id]["state"] == "connected")
        assert bob.roster[ann.id]["instance"] == instance
        assert not bob.unsettling()
        assert asked == 1


async def test_where_the_application_gives_none_it_is_over(app: Login, room: str) -> None:
    async def none() -> None:
        return None

    async with Page(app.server.ws_url, room, "Ann", none, token=app.token(lasts=-60)) as ann:
        await ann.hears("refused")
        assert ann.client.phase == "over"
        assert ann.heard[-1].detail["code"] == "token_expired"


async def test_an_application_that_fails_is_asked_again_and_ends_no_stay(
    app: Login, room: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(meeting_socket, "ASK_AGAIN", 0.01)
    failures = [LookupError("no such user"), OSError("no such host")]

    async def newer() -> str:
        if failures:
            raise failures.pop()
        return app.token()

    async with Page(app.server.ws_url, room, "Ann", newer, token=app.about_to_end(seconds=3.0)) as ann:
        await ann.joined()
        await ann.hears("authenticated")
        assert not ann.unsettling()
    assert [each.getMessage() for each in caplog.records] == ["get_token failed"] * 2


async def test_where_the_application_fails_and_the_token_has_expired_it_is_over(
    app: Login, room: str
) -> None:
    async def fails() -> str:
        raise LookupError("no such user")

    async with Page(app.server.ws_url, room, "Ann", fails, token=app.token(lasts=-60)) as ann:
        await ann.hears("refused")
        assert ann.heard[-1].detail["code"] == "token_expired"
