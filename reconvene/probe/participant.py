"""One of the two participants of a probe: it sends a test picture and a tone, and watches what arrives."""

from __future__ import annotations

import asyncio
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconvene.media.tracks import Picture, Tone
from reconvene.participants.behaviour import Behaviour
from reconvene.participants.bot import Bot
from reconvene.server_address import Address
from reconvene.webrtc.incoming_tracks import drain
from reconvene.webrtc.link import Link, Outgoing
from signalling.client.outbox import Message
from signalling.protocol.identifiers import page_of

WIDTH, HEIGHT, RATE = 320, 180, 15

PICTURES, SOUNDS = 6, 25
"""How many frames must be decoded; of sound, half a second."""

QUIET = 200
"""Of 32767: up to here it is silence with the noise that a codec adds."""


@dataclass(slots=True)
class Stream:
    """The decoded frames of one kind. `began`: when the first frame was decoded, by the loop's clock."""

    frames: int = 0
    began: float = 0.0
    size: str = ""
    pictures: set[int] = field(default_factory=set)
    loudest: int = 0

    def take(self, frame: Any, now: float) -> None:
        """Count a frame of PyAV."""
        self.frames += 1
        self.began = self.began or now
        if hasattr(frame, "width"):
            self.size = f"{frame.width}x{frame.height}"
            if len(self.pictures) < PICTURES:
                self.pictures.add(zlib.crc32(bytes(frame.planes[0])))
        elif self.loudest <= QUIET:
            samples = array("h", bytes(frame.planes[0])[: 2 * frame.samples])
            self.loudest = max(map(abs, samples), default=0)

    @property
    def moves(self) -> bool:
        return self.frames >= PICTURES and len(self.pictures) > 1

    @property
    def sounds(self) -> bool:
        return self.frames >= SOUNDS and self.loudest > QUIET


class Participant(Behaviour):
    """`twin` is the page of the other participant; everyone else in the meeting is sent nothing. `admits`: it is the
    host of a meeting of the probe's own, and lets the other one in."""

    def __init__(
        self,
        address: Address,
        name: str,
        twin: str,
        *,
        number: int,
        credentials: Mapping[str, Any],
        admits: bool = False,
        turn_only: bool = False,
        servers: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        self.name = name
        self.key = "ab"[number - 1]
        """Its name in reports for machines."""
        self.picture, self.sound = Stream(), Stream()
        self.events: list[Message] = []
        self.joins = 0
        self.resumes: list[Message] = []
        self.losses = 0
        self.servers: list[dict[str, Any]] = []
        """ICE servers that it got in `joined`."""
        self.candidates: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        """By type: its own and the other side's, as far as known."""
        self._twin = twin
        self._number = number
        self._admits = admits
        self.bot = Bot(
            address,
            name,
            self,
            **credentials,
            media={"audio": True, "video": True},
            relay_only=turn_only,
            servers=servers,
        )

    @property
    def id(self) -> str:
        return self.bot.my_id

    @property
    def link(self) -> Link | None:
        """The link to the twin."""
        links = self.bot.links.values()
        return next((link for link in links if self._is_twin(link)), None)

    async def until(self, condition: Callable[[], bool]) -> None:
        await self.bot.until(condition)

    def heard(self, kind: str, participant_id: str) -> list[Message]:
        """The events of this type about a participant, or signals from it."""
        return [
            event
            for event in self.events
            if event["type"] == kind
            and participant_id in (event.get("from"), event.get("participant", {}).get("id"))
        ]

    # Behaviour

    def joined(self, bot: Bot, joined: Message) -> None:
        self.joins += 1
        self.name = bot.roster[bot.my_id]["name"]
        self.servers = joined["ice_servers"]

    def event(self, bot: Bot, event: Message) -> None:
        self.events.append(event)
        if event["type"] == "knock" and self._admits:
            bot.socket.order("admit", knocks=[event["knock"]["id"]])

    def resumed(self, bot: Bot, detail: Message) -> None:
        self.resumes.append(detail)

    def away(self, bot: Bot) -> None:
        self.losses += 1

    def outgoing(self, link: Link) -> Outgoing:
        if not self._is_twin(link):
            return Outgoing()
        picture = Picture(self.name, self._number, width=WIDTH, height=HEIGHT, rate=RATE)
        return Outgoing(Tone(self._number), picture)

    def incoming(self, link: Link, track: Any, screen: bool) -> Coroutine[Any, Any, None]:
        if not self._is_twin(link) or screen:
            return drain(track)
        return self._read(track)

    def _is_twin(self, link: Link) -> bool:
        return page_of(link.instance) == self._twin

    async def _read(self, track: Any) -> None:
        stream = self.picture if track.kind == "video" else self.sound
        clock = asyncio.get_running_loop().time
        while True:
            frame = await track.recv()
            stream.take(frame, clock())
            self.bot.socket.wake()
