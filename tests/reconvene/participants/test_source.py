"""`reconvene source`: what others see and hear of it, through a restart of the server too."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiortc import MediaStreamTrack
from av import AudioFrame
from playwright.async_api import expect
from typer import Exit

from reconvene.participants import source
from reconvene.participants.behaviour import Behaviour
from reconvene.participants.bot import Bot
from reconvene.server_address import Address
from reconvene.webrtc.link import Link
from tests.e2e.conftest import Newcomer
from tests.process import ServerProcess
from tests.reconvene.command import Command
from tests.reconvene.media.test_shared_file import film

WITHIN = 30.0


class Viewer(Behaviour):
    """Counts what it is sent, by who sent it."""

    def __init__(self) -> None:
        self.frames: Counter[tuple[str, str]] = Counter()
        self.more = asyncio.Event()

    async def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> None:
        while True:
            kind = "audio" if isinstance(await track.recv(), AudioFrame) else "video"
            self.frames[link.participant["name"], kind] += 1
            self.more.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self.more.clear()
            await self.more.wait()


@pytest.fixture
async def mortal(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that may be killed. To be asked for before people, so that it outlives their pages."""
    async with ServerProcess(tmp_path, RECONVENE_GRACE="20") as server:
        yield server


@pytest.mark.one_browser
async def test_two_are_seen_and_heard_also_after_the_server_was_killed(
    mortal: ServerProcess, newcomer: Newcomer, room: str
) -> None:
    """Media flows on without the server; when it is back all are there as before, and newcomers are connected."""
    names = ("Source 1", "Source 2")
    async with Command("source", room, "--server", mortal.url, "--create", "--count", "2") as command:
        for name in names:
            await command.tells("in the meeting", bot=name)
        ada = await newcomer("Ada", url=mortal.url)
        await ada.come(room)
        await expect(ada.others).to_have_count(2)
        sources = [await ada.others.nth(n).get_attribute("data-participant-id") or "" for n in (0, 1)]
        for each in sources:
            await ada.sees(each, audio="on", video="on")
            await ada.hears_and_watches(each)

        await mortal.kill()
        await command.tells("the server is away; media goes on meanwhile")
        for each in sources:
            await ada.watches_on(each)
        await mortal.start(RECONVENE_PORT=str(mortal.port))
        for name in names:
            await command.tells("the server is back", bot=name)
        await ada.hears("resumed")
        for each in sources:
            await ada.sees(each, state="connected", connection="connected")
            await ada.watches_on(each)
        assert await ada.peer_connections() == 2, "none was made anew"

        viewer = Viewer()
        async with asyncio.timeout(WITHIN), Bot(Address.parse(mortal.url, room), "Viewer", viewer):
            await viewer.until(
                lambda: all(viewer.frames[name, kind] > 5 for name in names for kind in ("audio", "video"))
            )

        assert await command.stop() == 0
        await expect(ada.others).to_have_count(0)
        assert command.log[-1].items() >= {"event": "over", "connections_lost": 0}.items()
        assert {line["level"] for line in command.log} == {"info"}, command.lines
    ada.forgive_lost_sockets()


def run(meeting: str, server: str, **options: Any) -> Coroutine[Any, Any, int]:
    usual: dict[str, Any] = {"file": None, "count": 1, "name": "Source", "audio": True, "video": True}
    return source.run(meeting, server, **{"create": False, "seconds": WITHIN, **usual, **options})


@pytest.mark.parametrize(
    ("options", "media"),
    [
        ({"name": "Film"}, {"audio": True, "video": True}),
        ({"name": "Song", "video": False}, {"audio": True, "video": False}),
        ({"name": "Mime", "audio": False}, {"audio": False, "video": True}),
    ],
)
async def test_a_file_is_sent_in_a_loop(
    server: ServerProcess, room: str, tmp_path: Path, options: dict[str, Any], media: dict[str, bool]
) -> None:
    """One of half a second; more than that arrives, and nothing that was not asked for."""
    before = asyncio.all_tasks()
    path, name, viewer = film(tmp_path / "a.webm", pictures=0.5, sound=0.5), options["name"], Viewer()
    async with asyncio.timeout(WITHIN):
        async with Bot(Address.parse(server.url, room), "Viewer", viewer, create=True) as bot:
            await bot.joined()
            playing = asyncio.create_task(run(room, server.url, file=path, **options))
            await viewer.until(
                lambda: all(viewer.frames[name, kind] > 30 for kind in ("audio", "video") if media[kind])
            )
            sent = {kind: viewer.frames[name, kind] > 0 for kind in ("audio", "video")}
            assert sent == media
            [participant] = bot.others
            assert participant["media"] == {**media, "screen": False}
            assert (participant["name"], participant["kind"]) == (name, "bot")
            path.unlink()
            with pytest.raises(Exit) as end:
                await playing
            assert end.value.exit_code == 1
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


async def test_refusals_are_one_line_and_come_before_anyone_joins(
    server: ServerProcess, room: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    for options, says in (
        ({"count": 3}, f"there is no meeting {room}"),
        ({"create": True, "file": tmp_path / "text.mp4"}, "cannot be played: Invalid data"),
        ({"create": True, "file": tmp_path / "missing.mp4"}, "No such file"),
    ):
        with pytest.raises(Exit) as end:
            async with asyncio.timeout(WITHIN):
                await run(room, server.url, **options)
        assert end.value.exit_code == 1
        told = capfd.readouterr().err.splitlines()
        assert len(told) == 1
        assert told[0].startswith("reconvene: ")
        assert says in told[0]
