"""`reconvene echo` and a browser: a test with one person."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from aiortc import MediaStreamTrack
from av import VideoFrame
from typer import Exit

from reconvene.media.tracks import Picture, Tone
from reconvene.participants import echo
from reconvene.participants.behaviour import Behaviour
from reconvene.participants.bot import Bot
from reconvene.participants.echo import Echo
from reconvene.participants.progress_log import Tally
from reconvene.server_address import Address
from reconvene.webrtc.link import Link, Outgoing
from signalling.protocol.reach import Reach
from tests.e2e.conftest import Newcomer
from tests.process import ServerProcess
from tests.reconvene.command import Command

WITHIN = 30.0


@pytest.mark.one_browser
async def test_a_person_sees_and_hears_themselves(
    server: ServerProcess, newcomer: Newcomer, room: str
) -> None:
    """Sound and picture come back, again after a reload; what is off is shown as off; it goes when they have gone."""
    async with Command("echo", room, "--server", server.url, "--create", "--until-left") as command:
        await command.tells("in the meeting", others=[])
        ada = await newcomer("Ada")
        mine = await ada.come(room)
        theirs = await ada.others.get_attribute("data-participant-id") or ""
        await ada.hears_and_watches(theirs)
        connected = await command.tells("connected", participant=mine, name="Ada")
        assert connected["how"].startswith("directly (")

        await ada.press("Turn off camera")
        await ada.sees(theirs, video="off", audio="on")
        await ada.press("Share screen")
        await ada.sees(theirs, video="on")
        await ada.watches_on(theirs)
        await ada.press("Stop sharing")
        await ada.press("Turn on camera")
        await ada.watches_on(theirs)

        await ada.page.reload()
        await ada.seated()
        await ada.hears_and_watches(theirs)
        await command.tells("came again", participant=mine)

        await ada.press("Leave")
        assert await command.end() == 0
        assert command.log[-1].items() >= {"event": "over", "participants_met": 1, "connections": 2}.items()
        assert {line["level"] for line in command.log} == {"info"}, command.lines


class Sender(Behaviour):
    """Sends the pattern of a number, and looks what comes back from whoever is called Echo."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.colours: list[int] = []
        self.heard = asyncio.Event()
        self.seen = asyncio.Event()

    def outgoing(self, link: Link) -> Outgoing:
        return Outgoing(Tone(self.number), Picture("A", self.number, width=160, height=90))

    async def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> None:
        while True:
            frame = await track.recv()
            if link.participant["name"] != "Echo":
                continue
            if isinstance(frame, VideoFrame):
                self.colours.append(bytes(frame.planes[1])[2])
                self.seen.set()
            else:
                self.heard.set()


async def test_everyone_gets_back_what_is_theirs_also_over_a_next_connection(
    server: ServerProcess, room: str
) -> None:
    address = Address.parse(server.url, room)
    before = asyncio.all_tasks()
    senders, tally = [Sender(0), Sender(4)], Tally()
    media = {"audio": True, "video": True}
    async with (
        asyncio.timeout(WITHIN),
        Bot(address, "Echo", Echo(tally, until_left=True), create=True) as echoing,
    ):
        await echoing.joined()
        async with Bot(address, "A", senders[0], media=media), Bot(address, "B", senders[1], media=media):
            await echoing.until(lambda: len(echoing.others) == 2)
            assert echoing.roster[echoing.my_id]["kind"] == "bot"
            for sender in senders:
                await asyncio.gather(sender.heard.wait(), sender.seen.wait())
            await echoing.until(lambda: echoing.roster[echoing.my_id]["media"]["video"])

            [link] = [link for link in echoing.links.values() if link.participant["name"] == "A"]
            assert link.pc is not None
            await link.pc.close()
            await echoing.until(lambda: link.connection == 2 and link.state == "connected")
            senders[0].heard.clear()
            senders[0].seen.clear()
            await asyncio.gather(senders[0].heard.wait(), senders[0].seen.wait())
        await echoing.over()
    assert (tally.met, tally.connections, tally.lost) == (2, 3, 1)
    # The first bar of the one is grey, of the other purple.
    assert {abs(colour - 128) < 20 for colour in senders[0].colours} == {True}
    assert {colour > 150 for colour in senders[1].colours} == {True}
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


def run(
    meeting: str,
    server: str,
    *,
    create: bool = False,
    seconds: float | None = 5.0,
    until_left: bool = False,
) -> Coroutine[Any, Any, int]:
    return echo.run(
        meeting,
        server,
        name="Echo",
        create=create,
        seconds=seconds,
        until_left=until_left,
        reach=Reach.ANY,
    )


async def test_it_stays_for_as_long_as_it_was_told(server: ServerProcess, room: str) -> None:
    async with asyncio.timeout(WITHIN):
        assert await run(room, server.url, create=True, seconds=0.5, until_left=True) == 0


async def test_refusals_are_one_line(
    server: ServerProcess, room: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for meeting, url, code, says in (
        (room, server.url, 1, f"there is no meeting {room}"),
        (room, "http://127.0.0.1:1", 1, "nothing listens on TCP port 1"),
        (room, "ftp://127.0.0.1", 2, "is no address of a server"),
        ("?", server.url, 2, "is no meeting's id"),
    ):
        with pytest.raises(Exit) as end:
            async with asyncio.timeout(WITHIN):
                await run(meeting, url)
        assert end.value.exit_code == code
        told = capfd.readouterr().err.splitlines()
        assert len(told) == 1
        assert told[0].startswith("reconvene: ")
        assert says in told[0]
