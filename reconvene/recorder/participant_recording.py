"""The recording of one participant's stay: chooses the file for each frame, and keeps its index entries.

Reloads and new connections continue the same file. A shared screen has a file of its own, from its first picture until
sharing stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from av import AudioFrame, VideoFrame
from av.frame import Frame

from reconvene.recorder.index import Entry, Kind
from signalling.client.roster import Participant


class Sink(Protocol):
    """See `WriterThread`."""

    dropped: int
    error: str | None
    finished: asyncio.Event

    @property
    def pictures(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    def size(self) -> int: ...
    def picture(self, source: int, frame: VideoFrame, arrival: float) -> None: ...
    def sound(self, source: int, frame: AudioFrame, arrival: float) -> None: ...
    def camera(self, on: bool, now: float) -> None: ...
    def tick(self, now: float) -> None: ...
    def finish(self, now: float) -> None: ...


class RecordedFile:
    """A file that is being recorded, and its entry in the index. Times are seconds from the recording's start."""

    def __init__(self, entry: Entry, writer: Sink) -> None:
        self.entry = entry
        self.writer = writer
        self.over = False

    def put(self, source: int, frame: Frame, now: float) -> None:
        at = now - self.entry.start_at
        if isinstance(frame, VideoFrame):
            self.writer.picture(source, frame, at)
        elif isinstance(frame, AudioFrame):
            self.writer.sound(source, frame, at)

    def camera(self, on: bool, now: float) -> None:
        self.writer.camera(on, now - self.entry.start_at)

    def tick(self, now: float) -> None:
        if not self.over:
            self.writer.tick(now - self.entry.start_at)

    def end(self, how: str, now: float) -> None:
        self.over = True
        self.entry.ends(now, how)
        self.writer.finish(now - self.entry.start_at)


NewFile = Callable[[Participant, Kind, float], RecordedFile]
"""Begins a file for a participant, of a kind, at a time."""


class Stay:
    """Each track has a `source` number, and numbers rise: of two tracks of one kind, the higher number counts."""

    def __init__(self, participant: Participant, new_file: NewFile, now: float) -> None:
        self.participant = participant
        self._new_file = new_file
        self._person = new_file(participant, "person", now)
        self._person.entry.changed(now, **{what: participant[what] for what in ("media", "hand", "state")})
        self._screen: RecordedFile | None = None
        self._screens_after = -1

    def is_of(self, participant: Participant) -> bool:
        """Whether the participant is still in this stay, and not in a new one."""
        return bool(participant["joined_at"] == self.participant["joined_at"])

    def update(self, participant: Participant, now: float, newest_source: int) -> bool:
        """Take over the server's state of the participant; returns whether it changed. `newest_source`: the highest
        track number so far."""
        before, self.participant = self.participant, participant
        what = {
            name: participant[name]
            for name in ("media", "hand", "state")
            if participant[name] != before[name]
        }
        if participant["instance"] != before["instance"]:
            self._person.entry.reconnects += 1
            what["rejoined"] = True
        if not what:
            return False
        self._person.entry.changed(now, **what)
        if participant["media"]["video"] != before["media"]["video"]:
            self._person.camera(participant["media"]["video"], now)
        if before["media"]["screen"] and not participant["media"]["screen"]:
            # The last pictures may arrive after this event.
            self._screens_after = newest_source
            self._end_screen("stopped", now)
        return True

    def frame(self, source: int, frame: Frame, now: float, *, screen: bool) -> None:
        if not screen:
            self._person.put(source, frame, now)
            return
        if source <= self._screens_after:
            return
        if self._screen is None and isinstance(frame, VideoFrame):
            self._screen = self._new_file(self.participant, "screen", now)
        if self._screen is not None:
            self._screen.put(source, frame, now)

    def track_ended(self, now: float, *, screen: bool) -> None:
        """A screen that is still announced has only lost its connection: its file goes on with the next one."""
        if screen and not self.participant["media"]["screen"]:
            self._end_screen("stopped", now)

    def end(self, how: str, now: float) -> None:
        self._end_screen(how, now)
        self._person.end(how, now)

    def _end_screen(self, how: str, now: float) -> None:
        if self._screen is not None:
            self._screen.end(how, now)
            self._screen = None
