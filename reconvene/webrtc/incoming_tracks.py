"""The tracks that a connection brings, each with what reads it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import structlog
from aiortc import MediaStreamTrack, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError

log = structlog.get_logger()

Reading = Callable[[MediaStreamTrack, bool], Coroutine[Any, Any, None]]
"""Reads a track to its end. The second argument: it is a shared screen, or its sound."""


async def drain(track: MediaStreamTrack) -> None:
    """Read and forget: aiortc keeps everything that nobody reads."""
    with contextlib.suppress(MediaStreamError):
        while True:
            await track.recv()


class IncomingTracks:
    """Those of one connection. What `reading` leaves unread is drained."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._readers: dict[MediaStreamTrack, asyncio.Task[None]] = {}
        self._screens: dict[str, MediaStreamTrack] = {}
        """By section."""

    def described(
        self, pc: RTCPeerConnection, arrived: Collection[MediaStreamTrack], screens: Collection[str]
    ) -> bool:
        """After each description. `arrived`: the tracks it brought; `screens`: the sections of a shared screen.

        Answers whether all that is shared can be received; where not, it takes another connection.
        """
        whole = True
        for mid in self._screens.keys() - set(screens):
            # Whoever says that it has ended may send on.
            ended = self._screens.pop(mid)
            self._give(ended, drain(ended))
        for transceiver in pc.getTransceivers():
            track = transceiver.receiver.track
            mid = transceiver.mid or ""
            if mid in screens and track.readyState == "ended":
                # Firefox says goodbye (RFC 3550 section 6.6) of a screen before it shares the next one in its section;
                # to aiortc that is for good.
                whole = False
            elif track in arrived or (track in self._readers and mid in screens and mid not in self._screens):
                if mid in screens:
                    self._screens[mid] = track
                self._give(track, self._read(track, mid in screens))
        return whole

    def close(self) -> None:
        for reader in self._readers.values():
            reader.cancel()
        self._readers.clear()
        self._screens.clear()

    def _give(self, track: MediaStreamTrack, reading: Coroutine[Any, Any, None]) -> None:
        """In place of what has read it until now."""
        before = self._readers.get(track)
        if before is not None:
            before.cancel()
        self._readers[track] = asyncio.create_task(reading)

    async def _read(self, track: MediaStreamTrack, screen: bool) -> None:
        try:
            await self._reading(track, screen)
        except MediaStreamError:
            pass
        except Exception:
            log.exception("what reads a track failed")
        await drain(track)
