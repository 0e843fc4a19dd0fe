"""`reconvene source`: participants that send a test picture and a tone, or a file in a loop."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiortc import MediaStreamTrack

from reconvene.http_api import ApiFailure
from reconvene.media.shared_file import BadClip, Clip
from reconvene.media.tracks import Gate, Picture, Tone
from reconvene.participants.bot import Bot
from reconvene.participants.credentials import NO_CREDENTIALS, Credentials
from reconvene.participants.lifetime import stay
from reconvene.participants.own_media import OwnMedia
from reconvene.participants.progress_log import ProgressLog, Tally, address_of, reached, told, unless_ended
from reconvene.participants.stay_end import Over
from reconvene.webrtc.link import Link, Outgoing
from signalling.client.outbox import Message
from signalling.client.roster import Participant
from signalling.protocol.identifiers import page_of
from signalling.protocol.reach import Reach


class Source(ProgressLog):
    """`pages`: of all sources in this process. They send each other nothing, as nobody would see it. `apart`: its name
    in the log, if there are several."""

    def __init__(
        self,
        tally: Tally,
        name: str,
        number: int = 1,
        *,
        apart: str = "",
        pages: Collection[str] = (),
        clip: Clip | None = None,
        media: Mapping[str, bool],
    ) -> None:
        super().__init__(tally, number, apart=apart)
        self._name = name
        self._pages = pages
        self._clip = clip
        self._media = media
        self._own = OwnMedia(apart)
        self._gates: dict[Link, list[Gate]] = {}

    def joined(self, bot: Bot, joined: Message) -> None:
        super().joined(bot, joined)
        self._own.joined(bot, joined)
        self._obey(bot)

    def resumed(self, bot: Bot, detail: Message) -> None:
        super().resumed(bot, detail)
        self._obey(bot)

    def event(self, bot: Bot, event: Message) -> None:
        super().event(bot, event)
        self._own.heard(bot, event)
        self._obey(bot)

    def muted(self, bot: Bot, detail: Message) -> None:
        self._own.muted(bot, detail)
        self._obey(bot)

    def parted(self, link: Link) -> None:
        super().parted(link)
        self._gates.pop(link, None)

    def tells_of(self, participant: Participant) -> bool:
        return page_of(participant["instance"]) not in self._pages

    def sends(self, link: Link) -> Outgoing:
        if not self.tells_of(link.participant):
            return Outgoing()
        clip = self._clip
        sound = picture = None
        if self._media["audio"]:
            sound = self._gate(clip.sound() if clip else Tone(self._number))
        if self._media["video"]:
            picture = self._gate(clip.picture() if clip else Picture(self._name, self._number))
        self._gates[link] = [gate for gate in (sound, picture) if gate is not None]
        return Outgoing(sound, picture)

    def _gate(self, track: MediaStreamTrack | None) -> Gate | None:
        return None if track is None else Gate(track, is_open=self._own.allows(track.kind))

    def _obey(self, bot: Bot) -> None:
        """Send what the meeting allows now, and say so."""
        self._own.announce(bot, self._media)
        for gates in self._gates.values():
            for gate in gates:
                gate.set(is_open=self._own.allows(gate.kind))


async def run(
    meeting: str,
    server: str | None,
    *,
    file: Path | None,
    count: int,
    name: str,
    audio: bool,
    video: bool,
    create: bool,
    seconds: float | None,
    reach: Reach = Reach.ANY,
    credentials: Credentials = NO_CREDENTIALS,
) -> int:
    """Returns the exit code."""
    address = address_of(server, meeting)
    began, tally = time.monotonic(), Tally()
    names = [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]
    pages = [secrets.token_hex(8) for _ in names]
    try:
        async with AsyncExitStack() as stack:
            clip = await stack.enter_async_context(Clip(file)) if file is not None else None
            media = {
                "audio": audio and (clip is None or clip.has_sound),
                "video": video and (clip is None or clip.has_pictures),
            }
            await reached(address)
            bots = []
            for number, (each, page) in enumerate(zip(names, pages, strict=True), 1):
                apart = each if count > 1 else ""
                behaviour = Source(tally, each, number, apart=apart, pages=pages, clip=clip, media=media)
                place: dict[str, Any] = {"page": page, "create": create, "media": media, "reach": reach}
                bot = Bot(address, each, behaviour, **place, **credentials.of(number))
                bots.append(await stack.enter_async_context(bot))
            await stay(*bots, seconds=seconds, until=clip.broken() if clip else None)
    except (ApiFailure, BadClip, Over) as error:
        unless_ended(error, tally)
    told(tally, address, began)
    return 0
