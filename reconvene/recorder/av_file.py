"""The content of one file: one participant's sound and pictures in sync, from the first moment to the last.

Calls come in the order of events; all times are seconds of the file. Time advances by `tick` only, so the same calls
make the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from av import AudioFrame, VideoFrame

from reconvene.recorder.audio_timeline import AudioTimeline
from reconvene.recorder.clock_mapping import ClockMapping
from reconvene.recorder.video_fit import DEFAULT, Size, VideoFit, black, file_size

PATIENCE = 5.0
"""Seconds to wait for a first picture, which sets the size of the file; connecting may take some of them."""

AT_LEAST_EVERY = 1.0
"""Most seconds between two pictures: players wait for the next one, and without a late one the file ends too early."""

LATER = 1.0
"""Seconds by which pictures may arrive late, as after a stall of the network or of this program. The clock of a sender
that pauses goes on meanwhile."""

FROZEN = 5.0
"""Seconds for which the last picture replaces missing ones; then black does."""


class File(Protocol):
    """See `MediaFile`."""

    def picture(self, frame: VideoFrame, at: int) -> None: ...
    def sound(self, samples: bytes) -> None: ...
    def close(self) -> None: ...


class AvFile:
    """`open_file` is called when the pictures' size is known. `camera`: whether it is on at the start. `screen`: a
    shared screen, whose picture may stay the same for an hour. Raises what the file raises."""

    def __init__(
        self, open_file: Callable[[Size], File], *, camera: bool = False, screen: bool = False
    ) -> None:
        self._open_file = open_file
        self._camera = camera or screen
        self._frozen_after = float("inf") if screen else FROZEN
        self._file: File | None = None
        self._early = bytearray()
        """Sound from before the file was opened."""
        self._sound = AudioTimeline(self._early.extend)
        self._fitting = VideoFit(DEFAULT)
        self._black = black(DEFAULT)
        self._source = -1
        self._mapping = ClockMapping(earlier=0.0, later=LATER)
        self._last: VideoFrame | None = None
        """The last received picture, while it is shown."""
        self._came_at = 0.0
        self._shown_at = -1
        """The time of the file's last picture, in milliseconds."""

    def picture(self, source: int, frame: VideoFrame, arrival: float) -> None:
        """Of several sources the latest counts."""
        if source < self._source:
            return
        if source > self._source:
            self._source = source
            self._mapping = ClockMapping(earlier=0.0, later=LATER)
        at = self._mapping.place(arrival if frame.pts is None else frame.time, arrival)
        if self._file is None:
            self._open(file_size(frame), first=round(at * 1000))
        self._last = self._fitting.fitted(frame)
        self._came_at = arrival
        self._show(self._last, at)

    def sound(self, source: int, frame: AudioFrame, arrival: float) -> None:
        self._sound.add(source, frame, arrival)

    def camera(self, on: bool, now: float) -> None:
        """A status event turned the camera on or off."""
        self._camera = on
        if not on and self._last is not None:
            self._last = None
            self._show(self._black, now)

    def tick(self, now: float) -> None:
        """To be called several times a second."""
        if self._file is None and (now >= PATIENCE or not self._camera):
            self._open(DEFAULT)
        self._sound.tick(now)
        if self._file is None or now * 1000 - self._shown_at < AT_LEAST_EVERY * 1000:
            return
        if not self._camera or now - self._came_at > self._frozen_after:
            self._last = None
        self._show(self._last or self._black, now)

    def finish(self, now: float) -> None:
        if self._file is None:
            self._open(DEFAULT)
        self._sound.finish(now)
        self.close()

    def close(self) -> None:
        """Close the file at once, as it is."""
        if self._file is not None:
            self._file.close()

    def _open(self, size: Size, first: int = 1000) -> None:
        """`first`: time of the first picture in milliseconds; until then the file shows black."""
        self._file = self._open_file(size)
        self._fitting = VideoFit(size)
        self._black = black(size)
        if first > 50:
            self._show(self._black, 0.0)
        self._file.sound(bytes(self._early))
        self._early.clear()
        self._sound.write = self._file.sound

    def _show(self, frame: VideoFrame, at: float) -> None:
        if self._file is not None:
            self._shown_at = max(round(at * 1000), self._shown_at + 1)
            self._file.picture(frame, self._shown_at)
