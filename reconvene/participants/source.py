"""`reconvene source`: participants that send a test picture and a tone, or a file in a loop."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from pathlib import Path

from reconvene.http_api import ApiFailure
from reconvene.media.shared_file import BadClip, Clip
from reconvene.media.tracks import Picture, Tone
from reconvene.participants.bot import Bot
from reconvene.participants.lifetime import stay
from reconvene.participants.progress_log import ProgressLog, Tally, address_of, reached, told, unless_ended
from reconvene.participants.stay_end import Over
from reconvene.webrtc.link import Link, Outgoing
from signalling.client.roster import Participant
from signalling.protocol.reach import Reach


class Source(ProgressLog):
    """`names`: of all sources in this process. They send each other nothing, as nobody would see it."""

    def __init__(
        self,
        tally: Tally,
        name: str,
        number: int = 1,
        *,
        names: frozenset[str] = frozenset(),
        clip: Clip | None = None,
        audio: bool = True,
        video: bool = True,
    ) -> None:
        super().__init__(tally, number, apart=name if len(names) > 1 else "")
        self._name = name
        self._all = names
        self._clip = clip
        self._audio = audio
        self._video = video

    def tells_of(self, participant: Participant) -> bool:
        return participant.get("kind") != "bot" or participant["name"] not in self._all

    def sends(self, link: Link) -> Outgoing:
        if not self.tells_of(link.participant):
            return Outgoing()
        clip = self._clip
        return Outgoing(
            (clip.sound() if clip else Tone(self._number)) if self._audio else None,
            (clip.picture() if clip else Picture(self._name, self._number)) if self._video else None,
        )


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
) -> int:
    """Returns the exit code."""
    address = address_of(server, meeting)
    began, tally = time.monotonic(), Tally()
    names = [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]
    try:
        async with AsyncExitStack() as stack:
            clip = await stack.enter_async_context(Clip(file)) if file is not None else None
            media = {
                "audio": audio and (clip is None or clip.has_sound),
                "video": video and (clip is None or clip.has_pictures),
            }
            await reached(address)
            bots = [
                await stack.enter_async_context(
                    Bot(
                        address,
                        each,
                        Source(
                            tally,
                            each,
                            number,
                            names=frozenset(names),
                            clip=clip,
                            audio=audio,
                            video=video,
                        ),
                        create=create,
                        media=media,
                        reach=reach,
                    )
                )
                for number, each in enumerate(names, 1)
            ]
            await stay(*bots, seconds=seconds, until=clip.broken() if clip else None)
    except (ApiFailure, BadClip, Over) as error:
        unless_ended(error, tally)
    told(tally, address, began)
    return 0
