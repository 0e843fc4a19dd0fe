"""The incoming tracks of a connection, each with its reader."""

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
"""Reads a track to its end. The second argument: whether it is a shared screen or its sound."""


async def drain(track: MediaStreamTrack) -> None:
    """Read and discard: aiortc keeps every unread frame."""
    with contextlib.suppress(MediaStreamError):
        while True:
            await track.recv()


class IncomingTracks:
    """The incoming tracks of one connection. Frames that `reading` leaves unread are drained."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._readers: dict[MediaStreamTrack, asyncio.Task[None]] = {}
        self._screens: dict[str, MediaStreamTrack] = {}
        """By the section's `mid`."""

    def described(
        self, pc: RTCPeerConnection, arrived: Collection[MediaStreamTrack], screens: Collection[str]
    ) -> bool:
        """Call after each remote description. `arrived`: its new tracks; `screens`: the sections of a shared screen.

        Returns whether every shared track can be received; if not, a new connection is needed.
        """
        whole = True
        for mid in self._screens.keys() - set(screens):
            # The sender may go on sending after it has announced the end.
            ended = self._screens.pop(mid)
            self._give(ended, drain(ended))
        for transceiver in pc.getTransceivers():
            track = transceiver.receiver.track
            mid = transceiver.mid or ""
            if mid in screens and track.readyState == "ended":
                # Firefox sends RTCP BYE (RFC 3550 section 6.6) for a screen before it shares the next in its section;
                # aiortc then ends the track for good.
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
        """Replace the track's reader."""
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
