"""What somebody in charge turns off a program does not send, and it comes back when it may."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reconvene.participants.bot import Bot
from reconvene.participants.own_media import OwnMedia
from reconvene.participants.progress_log import Tally
from reconvene.participants.source import Source
from reconvene.server_address import Address
from signalling.client.outbox import Message
from tests.process import ServerProcess
from tests.reconvene.participants.test_source import WITHIN, Viewer

BOTH = {"audio": True, "video": True}


async def goes_on(viewer: Viewer, kind: str, more: int = 5) -> None:
    """So many frames of this kind arrive from now on."""
    before = viewer.frames["Source", kind]
    await viewer.until(lambda: viewer.frames["Source", kind] >= before + more)


async def stops(viewer: Viewer, kind: str, other: str) -> None:
    """While the other kind goes on, nothing of this one arrives, but for what is under way at first."""
    await goes_on(viewer, other, 20)
    before = viewer.frames["Source", kind]
    await goes_on(viewer, other, 20)
    assert viewer.frames["Source", kind] == before


async def test_a_source_sends_nothing_that_was_turned_off(server: ServerProcess, room: str) -> None:
    address, viewer = Address.parse(server.url, room), Viewer()
    async with asyncio.timeout(WITHIN), contextlib.AsyncExitStack() as stack:
        ada = await stack.enter_async_context(Bot(address, "Ada", viewer, create=True))
        await ada.joined()  # she is to be the host, and the meeting to be there
        source_bot = Bot(address, "Source", Source(Tally(), "Source", media=BOTH), media=BOTH)
        bot = await stack.enter_async_context(source_bot)
        await ada.until(lambda: len(ada.others) == 1)
        source = ada.others[0]["id"]

        def media() -> dict[str, bool]:
            flags: dict[str, bool] = ada.roster[source]["media"]
            return flags

        await goes_on(viewer, "audio")
        await goes_on(viewer, "video")

        ada.socket.order("mute", participants=[source], media={"audio": False})
        await ada.until(lambda: not media()["audio"])
        await stops(viewer, "audio", "video")
        assert not media()["audio"]
        ada.socket.order("ask", participant=source, media={"audio": True})
        await ada.until(lambda: media()["audio"])
        await goes_on(viewer, "audio")

        # A right that was taken, which asking does not give back.
        ada.socket.order("allow", participants=[source], may={"video": False})
        await ada.until(lambda: not media()["video"])
        await stops(viewer, "video", "audio")
        ada.socket.order("ask", participant=source, media={"video": True})
        await stops(viewer, "video", "audio")
        ada.socket.order("allow", participants=[source], may={"video": None})
        await ada.until(lambda: media()["video"])
        await goes_on(viewer, "video")

        # Over a new connection, too.
        ada.socket.order("mute", participants=[source], media={"video": False})
        await ada.until(lambda: not media()["video"])
        pc = bot.links[ada.my_id].pc
        assert pc is not None
        await pc.close()
        await bot.until(lambda: bot.links[ada.my_id].connection == 2)
        await stops(viewer, "video", "audio")


class Program:
    """A bot, as far as `OwnMedia` looks at it. `said`: the media of its statuses."""

    my_id = "p_me"

    def __init__(self, own: OwnMedia) -> None:
        me = {"id": "p_me", "role": "participant", "media": {"audio": False, "video": False, "screen": False}}
        self.membership = SimpleNamespace(me=me, meeting={"settings": {}})
        self.client = SimpleNamespace(membership=self.membership)
        self.roster = {"p_me": me, "p_ada": {"id": "p_ada", "name": "Ada"}}
        self.said: list[dict[str, bool]] = []
        self._own = own

    def status(self, media: dict[str, bool]) -> None:
        self.said.append(media)
        self.membership.me["media"].update(media)

    def announces(self) -> list[dict[str, bool]]:
        """What it says now."""
        self.said.clear()
        self._own.announce(cast(Bot, self), BOTH)
        return self.said

    def hears(self, event: Message) -> None:
        change = event.get("participant", {})
        self.membership.me["media"].update(change.get("media", {}))
        self._own.heard(cast(Bot, self), event)


def muted(**more: Any) -> Message:
    change = {"id": "p_me", "media": {"audio": False}}
    return {"type": "participant_updated", "seq": 7, "participant": change, "by": "p_ada"} | more


@pytest.mark.parametrize("also_told", [False, True])
def test_what_was_muted_is_not_turned_on_for_a_moment(also_told: bool) -> None:
    """The event is heard before the client says that it has obeyed."""
    own = OwnMedia()
    program = Program(own)
    assert program.announces() == [BOTH]
    program.hears(muted())
    if also_told:
        own.muted(cast(Bot, program), {"media": {"audio": False}, "by": "p_ada"})
    assert program.announces() == []
    assert (own.allows("audio"), own.allows("video")) == (False, True)
    program.hears({"type": "ask", "seq": 8, "media": {"audio": True}})
    assert program.announces() == [BOTH]
    assert own.allows("audio")


@pytest.mark.parametrize("anew", [False, True])
def test_who_was_muted_while_away_does_not_come_back_with_sound(anew: bool) -> None:
    own = OwnMedia()
    program = Program(own)
    if anew:
        own.joined(cast(Bot, program), {"muted": {"audio": False}})
    else:
        own.muted(cast(Bot, program), {"media": {"audio": False}})
    assert program.announces() == [{"audio": False, "video": True}]


def test_what_is_not_allowed_to_everyone_comes_back_when_it_is() -> None:
    own = OwnMedia()
    program = Program(own)
    program.announces()
    program.membership.meeting["settings"] = {"may": {"video": False}}
    own.muted(cast(Bot, program), {"media": {"video": False}})
    program.membership.me["media"]["video"] = False
    assert program.announces() == []
    assert not own.allows("video")
    program.membership.meeting["settings"] = {}
    assert program.announces() == [BOTH]
    assert own.allows("video")
