"""A bot and a real browser: what connects them, and the next connection when that one cannot go on."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from reconvene.participants.behaviour import Behaviour
from reconvene.participants.bot import Bot
from reconvene.server_address import Address
from reconvene.webrtc.link import Link, Outgoing
from tests.e2e.browsers import BrowserName
from tests.e2e.conftest import Newcomer
from tests.e2e.waiting import WITHIN, until
from tests.process import ServerProcess

pytestmark = pytest.mark.one_browser


class Onlooker(Behaviour):
    """Sends a plain picture and silence, and counts what it gets."""

    def __init__(self) -> None:
        self.frames: Counter[str] = Counter()
        self.reading: Counter[str] = Counter()
        self.arrived = asyncio.Condition()

    def outgoing(self, link: Link) -> Outgoing:
        return Outgoing(AudioStreamTrack(), VideoStreamTrack())

    def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> Coroutine[Any, Any, None]:
        return self._count(track, "screen" if screen else track.kind)

    async def _count(self, track: MediaStreamTrack, what: str) -> None:
        self.reading[what] += 1
        try:
            while True:
                await track.recv()
                self.frames[what] += 1
                async with self.arrived:
                    self.arrived.notify_all()
        finally:
            self.reading[what] -= 1

    async def gets(self, *kinds: str) -> None:
        """More of all of these, from here on."""
        before = Counter(self.frames)
        async with asyncio.timeout(WITHIN), self.arrived:
            await self.arrived.wait_for(lambda: all(self.frames[kind] > before[kind] + 5 for kind in kinds))


async def test_a_bot_goes_over_to_a_new_connection_where_a_browser_would_restart_ice(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    ada_id = await ada.join()
    onlooker = Onlooker()
    async with Bot(
        Address.parse(server.url, meeting), "Bot", onlooker, media={"audio": True, "video": True}
    ) as bot:
        await bot.joined()
        await onlooker.gets("audio", "video")
        await ada.sees(bot.my_id, connection="connected", picture="")
        await ada.watch_tile(bot.my_id)

        await ada.page.evaluate("peerConnections.at(-1).restartIce()")
        await bot.until(lambda: bot.links[ada_id].connection == 2 and bot.links[ada_id].state == "connected")
        await onlooker.gets("audio", "video")
        await ada.watches_on(bot.my_id)
        assert "gone" not in await ada.flickers()
        assert onlooker.reading == {"audio": 1, "video": 1}

        # The connection dies without a word; the page's side would take half a minute to notice.
        link = bot.links[ada_id]
        assert link.pc is not None
        await link.pc.close()
        await bot.until(lambda: link.connection == 3 and link.state == "connected")
        await onlooker.gets("audio", "video")
        await ada.watches_on(bot.my_id)
        assert bot.links[ada_id] is link


async def test_a_bot_tells_a_screen_from_a_camera_and_meets_a_reloaded_page_anew(
    newcomer: Newcomer, meeting: str, server: ServerProcess, browser_name: BrowserName
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    ada_id = await ada.join()
    onlooker = Onlooker()
    async with Bot(Address.parse(server.url, meeting), "Bot", onlooker) as bot:
        await bot.joined()
        await onlooker.gets("audio", "video")

        for _ in range(2):
            await ada.press("Share screen")
            await onlooker.gets("screen", "video", "audio")
            await ada.press("Stop sharing")
            await until(_reading(onlooker), lambda reading: reading["screen"] == 0, "the screen is over")
        # The second screen of a Firefox takes another one.
        assert bot.links[ada_id].connection == (1 if browser_name == "chromium" else 2)

        first = bot.links[ada_id]
        await ada.page.reload()
        await ada.seated()
        await bot.until(lambda: ada_id in bot.links and bot.links[ada_id] is not first)
        await onlooker.gets("audio", "video")
        assert onlooker.reading == {"audio": 1, "video": 1, "screen": 0}
        assert first.stopped


async def test_a_bot_that_takes_its_time_is_waited_for(
    newcomer: Newcomer, meeting: str, server: ServerProcess
) -> None:
    ada = await newcomer("Ada")
    await ada.start(meeting)
    ada_id = await ada.join()
    await ada.press("Share screen")
    onlooker = Onlooker()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        # Five seconds are waited for its answer; a page that offered meanwhile would have no sections that fit.
        silent = [{"urls": f"stun:127.0.0.1:{mute.getsockname()[1]}"}]
        media = {"audio": True, "video": True}
        async with Bot(
            Address.parse(server.url, meeting), "Bot", onlooker, media=media, servers=silent
        ) as bot:
            await bot.joined()
            await onlooker.gets("audio", "video", "screen")
            await ada.sees(bot.my_id, connection="connected", picture="")
            await ada.watches_on(bot.my_id)
            assert bot.links[ada_id].connection == 1


def _reading(onlooker: Onlooker) -> Any:
    async def reading() -> Counter[str]:
        return onlooker.reading

    return reading
