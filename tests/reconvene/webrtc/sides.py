"""The two sides of a link, which tell each other directly, by way of somebody who may lose what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from reconvene.webrtc import ice
from reconvene.webrtc.incoming_tracks import drain
from reconvene.webrtc.link import Link, Outgoing
from signalling.protocol.reach import Reach

WITHIN = 20.0

Told = dict[str, Any]


class Side:
    """A link's owner, and the way from it to the other side. What `loses` is true of is lost."""

    def __init__(self, name: str) -> None:
        self.instance = f"i_{name}"
        self.told: list[Told] = []
        self.loses: Callable[[Told], bool] = lambda data: False
        self.changed = asyncio.Event()
        self.connections = 0
        self.reading = 0
        self.link: Link
        self.other: Side

    reach = Reach.ANY

    def configuration(self) -> RTCConfiguration:
        return ice.configuration([])

    def tell(self, link: Link, data: Told) -> None:
        self.told.append(data)
        self.changed.set()
        if not self.loses(data):
            self.other.link.receive(data)

    def outgoing(self, link: Link) -> Outgoing:
        self.connections += 1
        return Outgoing(AudioStreamTrack(), VideoStreamTrack())

    def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> Coroutine[Any, Any, None]:
        assert not screen
        return self._read(track)

    def link_changed(self, link: Link) -> None:
        self.changed.set()

    async def _read(self, track: MediaStreamTrack) -> None:
        self.reading += 1
        try:
            await drain(track)
        finally:
            self.reading -= 1

    async def connected(self, *connections: int) -> None:
        async with asyncio.timeout(WITHIN):
            while self.link.state != "connected" or self.link.connection not in connections:
                self.changed.clear()
                await self.changed.wait()

    async def answered(self) -> None:
        """Wait until it has told an answer."""
        async with asyncio.timeout(WITHIN):
            while not any(is_of(data, "answer") for data in self.told):
                self.changed.clear()
                await self.changed.wait()

    def offers(self) -> list[int]:
        """The connections that were offered, in order."""
        return [data.get("connection", 1) for data in self.told if is_of(data, "offer")]


def is_of(data: Told, type_: str) -> bool:
    return bool(data.get("description", {}).get("type") == type_)


def start(*sides: Side) -> None:
    for side in sides:
        side.link.start()
