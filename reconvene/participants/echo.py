"""`reconvene echo`: sends everyone's sound and picture back to them, and to nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

from reconvene.http_api import ApiFailure
from reconvene.media.tracks import Newest
from reconvene.participants.bot import Bot
from reconvene.participants.credentials import NO_CREDENTIALS, Credentials
from reconvene.participants.lifetime import stay
from reconvene.participants.own_media import OwnMedia
from reconvene.participants.progress_log import ProgressLog, Tally, address_of, reached, told, unless_ended
from reconvene.participants.stay_end import Over
from reconvene.webrtc.link import Link, Outgoing
from signalling.client.outbox import Message
from signalling.client.rights import NOTHING, Plays
from signalling.protocol.reach import Reach


@dataclass(frozen=True, slots=True)
class Back:
    """The tracks sent back over one connection."""

    sound: Newest = field(default_factory=lambda: Newest("audio"))
    picture: Newest = field(default_factory=lambda: Newest("video"))


class Echo(ProgressLog):
    """`until_left`: leaves after the last participant; recorders do not count, as they stay to the end."""

    def __init__(self, tally: Tally, *, until_left: bool = False) -> None:
        super().__init__(tally)
        self._until_left = until_left
        self._came = False
        self._back: dict[Link, Back] = {}
        self._plays: Callable[[str], Plays] = lambda _: NOTHING
        self._own = OwnMedia()

    def joined(self, bot: Bot, joined: Message) -> None:
        super().joined(bot, joined)
        self._plays = bot.plays
        self._own.joined(bot, joined)
        self._look_around(bot)

    def resumed(self, bot: Bot, detail: Message) -> None:
        super().resumed(bot, detail)
        self._look_around(bot)

    def event(self, bot: Bot, event: Message) -> None:
        super().event(bot, event)
        self._own.heard(bot, event)
        if event["type"] == "participant_updated" and "media" in event["participant"]:
            # Camera or screen changed: do not repeat the old picture.
            for link, back in self._back.items():
                if link.participant_id == event["participant"]["id"]:
                    back.picture.clear()
        self._look_around(bot)

    def muted(self, bot: Bot, detail: Message) -> None:
        self._own.muted(bot, detail)
        for back in self._back.values():
            back.picture.clear()
        self._look_around(bot)

    def sends(self, link: Link) -> Outgoing:
        self._back[link] = back = Back()
        return Outgoing(back.sound, back.picture)

    def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> Coroutine[Any, Any, None]:
        return self._reflect(link, track, screen)

    def parted(self, link: Link) -> None:
        super().parted(link)
        self._back.pop(link, None)

    async def _reflect(self, link: Link, track: MediaStreamTrack, screen: bool) -> None:
        """Reads all the time: aiortc keeps every unread frame."""
        while True:
            frame = await track.recv()
            # The first tracks arrive before `sends` is called.
            back = self._back.get(link)
            if back is None or not self._reflects(link, track.kind, screen):
                continue
            if isinstance(frame, AudioFrame):
                back.sound.put(frame)
            elif isinstance(frame, VideoFrame):
                back.picture.put(frame)

    def _reflects(self, link: Link, kind: str, screen: bool) -> bool:
        """Of a screen only the picture, and only when the camera is off."""
        plays = self._plays(link.participant_id)
        return (
            self._own.allows(kind)
            and plays.of(kind, screen=screen)
            and not (screen and (kind == "audio" or plays.video))
        )

    def _look_around(self, bot: Bot) -> None:
        """Announces the media it echoes; with `until_left`, leaves after the last participant."""
        others = [other for other in bot.others if not other.get("recording")]
        played = [bot.plays(other["id"]) for other in others]
        has = {
            "audio": any(each.audio for each in played),
            "video": any(each.video or each.screen for each in played),
        }
        self._own.announce(bot, has)
        if others:
            self._came = True
        elif self._came and self._until_left:
            bot.leave()


async def run(
    meeting: str,
    server: str | None,
    *,
    name: str,
    create: bool,
    seconds: float | None,
    until_left: bool,
    reach: Reach,
    credentials: Credentials = NO_CREDENTIALS,
) -> int:
    """Returns the exit code."""
    address = address_of(server, meeting)
    began, tally = time.monotonic(), Tally()
    try:
        await reached(address)
        behaviour = Echo(tally, until_left=until_left)
        async with Bot(address, name, behaviour, create=create, reach=reach, **credentials.of(1)) as bot:
            await stay(bot, seconds=seconds)
    except (ApiFailure, Over) as error:
        unless_ended(error, tally)
    told(tally, address, began)
    return 0
