"""A media file played in a loop for any number of tracks: decoded once, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Self

from av import AudioFrame, VideoFrame

from reconvene.media.file_loop import BadClip, FileLoop
from reconvene.media.frames import copied, sound
from reconvene.media.tracks import Media, Newest

__all__ = ["BadClip", "Clip"]

AHEAD = 10
"""Frames of a batch (some 100 ms with sound); while one batch is sent, the next is decoded."""
LATE = 1.0
"""Seconds. Beyond this delay (after sleep or overload) the clip continues from there instead of catching up."""


class Clip:
    """`async with Clip(path) as clip`; raises `BadClip`, one line, if it cannot be played. It plays while any of its
    tracks is live, and pauses otherwise."""

    def __init__(self, path: Path) -> None:
        self._file_loop = FileLoop(path)
        self._tracks: list[Newest] = []
        self._wanted = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "clip")
        self._playing: asyncio.Task[None] | None = None

    @property
    def has_sound(self) -> bool:
        return self._file_loop.has_sound

    @property
    def has_pictures(self) -> bool:
        return self._file_loop.has_pictures

    async def __aenter__(self) -> Self:
        self._playing = asyncio.create_task(self._play())
        return self

    async def __aexit__(self, *_: object) -> None:
        for track in self._tracks:
            track.stop()
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)

    def sound(self) -> Newest | None:
        """A track of its own for each connection; None if the file has none."""
        return self._track(Newest("audio")) if self.has_sound else None

    def picture(self) -> Newest | None:
        return self._track(Newest("video")) if self.has_pictures else None

    async def broken(self) -> None:
        """Waits until the file can no longer be played, then raises `BadClip`."""
        if self._playing is not None:
            await asyncio.shield(self._playing)

    def _track(self, track: Newest) -> Newest:
        self._tracks.append(track)
        self._wanted.set()
        return track

    async def _play(self) -> None:
        frames = self._file_loop.frames()
        try:
            await self._pass_on(frames)
        finally:
            # In the decoder's thread, which may still be decoding.
            closing = self._thread.submit(frames.close)
            self._thread.shutdown(wait=False)
            await asyncio.shield(asyncio.wrap_future(closing))

    async def _pass_on(self, frames: Generator[Media]) -> None:
        loop = asyncio.get_running_loop()
        start = 0.0
        following = self._thread.submit(_some, frames)
        while True:
            batch = await asyncio.wrap_future(following)
            following = self._thread.submit(_some, frames)
            for frame in batch:
                await self._wanted.wait()
                wait = start + (frame.time or 0.0) - loop.time()
                if wait < -LATE:
                    start -= wait
                await asyncio.sleep(max(0.0, wait))
                self._give(frame)

    def _give(self, frame: Media) -> None:
        self._tracks = [track for track in self._tracks if track.readyState == "live"]
        if not self._tracks:
            self._wanted.clear()
        kind = "audio" if isinstance(frame, AudioFrame) else "video"
        for number, track in enumerate(track for track in self._tracks if track.kind == kind):
            track.put(_another(frame) if number else frame)


def _some(frames: Generator[Media]) -> list[Media]:
    return list(islice(frames, AHEAD))


def _another(frame: Media) -> Media:
    """A copy, as encoders change their frames."""
    if isinstance(frame, VideoFrame):
        return copied(frame)
    return sound(bytes(frame.planes[0]), frame.pts or 0, "stereo")
