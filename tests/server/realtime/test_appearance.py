"""Guests are marked where an application says who people are, and pictures come from where they may."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.process import ServerProcess
from tests.server.client import playing
from tests.server.realtime.logins import Login, logging_in

ALLOWED = "https://app.example.org"
PICTURE = f"{ALLOWED}/ann.png"


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Login]:
    async with logging_in(tmp_path_factory.mktemp("looks"), PICTURE_ORIGINS=ALLOWED) as app:
        yield app


async def test_who_is_a_guest_and_whose_picture_is_shown(app: Login, room: str) -> None:
    """Over a reload, and over a restart of the server."""
    ann = await app.joined(room, "ann", token=app.token("ann", name="Ann", picture=PICTURE))
    ben = await app.play.joined(room, "Ben")
    bot = await app.play.joined(room, "Echo", kind="bot")
    cat = await app.joined(
        room, "cat", token=app.token("cat", name="Cat", picture=f"{ALLOWED}.evil.org/c.png")
    )

    def looks(joined: dict[str, object]) -> dict[str, tuple[object, object]]:
        people = joined["participants"]
        assert isinstance(people, list)
        return {each["name"]: (each.get("guest"), each.get("picture")) for each in people}

    expected = {"Ann": (None, PICTURE), "Ben": (True, None), "Echo": (None, None), "Cat": (None, None)}
    assert looks(cat.joined) == expected
    again = await app.play.client()
    await again.join(room, "Ann", session=ann.joined["session"])
    assert looks(again.joined) == expected
    await app.server.kill()
    await app.server.start()
    async with playing(app.server) as play:
        ben_again = await play.client()
        await ben_again.join(room, "Ben", token=ben.token)
        assert looks(ben_again.joined) == expected | {"Ann": (None, None)}
    assert bot.joined["you"]["kind"] == "bot"


async def test_without_a_login_nobody_is_a_guest(server: ServerProcess, room: str) -> None:
    async with playing(server) as play:
        ann = await play.joined(room, "Ann", create=True)
        assert "guest" not in ann.joined["you"]
