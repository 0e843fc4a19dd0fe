"""The recorder in a meeting: opens a file for every participant who comes, and keeps the index."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import structlog
from aiortc import MediaStreamTrack
from av.frame import Frame

from reconvene.participants.bot import Bot
from reconvene.participants.progress_log import ProgressLog, Tally
from reconvene.recorder.container_writer import Format
from reconvene.recorder.file_names import file_name, new_folder
from reconvene.recorder.index import Entry, Index, Kind, save
from reconvene.recorder.participant_recording import RecordedFile, Stay
from reconvene.recorder.writer_thread import WriterThread
from reconvene.terminal import harmless
from reconvene.webrtc.link import Link
from signalling.client.outbox import Message
from signalling.client.rights import NOTHING, Plays
from signalling.client.roster import Participant

log = structlog.get_logger()

TICK = 0.25
INDEX_EVERY = 2.0
INDEX_AT_MOST_EVERY = 0.2
PATIENCE_AT_THE_END = 30.0
"""Seconds for files to be completed after the end of the recording."""


class Recording(ProgressLog):
    """Records into a new folder in `out`, made on joining the meeting. Run `keep` all the time; after `end`, call
    `complete`.

    `clock` is monotonic, `wall` counts from the epoch; both in seconds.
    """

    def __init__(
        self,
        out: Path,
        form: Format = "webm",
        *,
        tally: Tally | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(tally or Tally())
        self.folder: Path | None = None
        self._out = out
        self._form = form
        self._clock = clock
        self._wall = wall
        self._zero = 0.0
        self._index: Index | None = None
        self._stays: dict[str, Stay] = {}
        self._open_files: list[RecordedFile] = []
        """Files that are not complete yet."""
        self._bytes = 0
        """Size of the complete files."""
        self._numbers = itertools.count(1)
        self._sources = itertools.count()
        self._newest_source = -1
        self._warned: set[str] = set()
        self._me = ""
        self._plays: Callable[[str], Plays] = lambda _: NOTHING
        self._changed = asyncio.Event()
        self._made_at = wall()
        self._ended_at: float | None = None
        self._failure: str | None = None
        self._index_failure: str | None = None

    # Called by the command.

    @property
    def now(self) -> float:
        """Seconds since the recording's start."""
        return self._clock() - self._zero

    @property
    def failure(self) -> str | None:
        """Why all or part of the recording could not be written: one line."""
        return self._failure or self._index_failure

    @property
    def people(self) -> int:
        """How many participants are being recorded."""
        return len(self._stays)

    @property
    def files(self) -> int:
        return len(self._index.entries) if self._index is not None else 0

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self._bytes + sum(file.entry.size for file in self._open_files)

    async def keep(self) -> None:
        """Advances time in the files and saves the index, until cancelled."""
        saving = asyncio.create_task(self._keep_index())
        try:
            while True:
                self._tick()
                await asyncio.sleep(TICK)
        finally:
            saving.cancel()
            await asyncio.wait([saving])

    def end(self, how: str) -> None:
        """End every file now. `how` is for the index."""
        self._ended_at = self.now
        for participant_id in list(self._stays):
            self._part(participant_id, how)

    async def complete(self) -> None:
        """After the end: wait until all files are written, and finish the index."""
        if self._index is None:
            return
        duration = self.now if self._ended_at is None else self._ended_at
        waits = [asyncio.create_task(file.writer.finished.wait()) for file in self._open_files]
        if waits:
            _, late = await asyncio.wait(waits, timeout=PATIENCE_AT_THE_END)
            for wait in late:
                wait.cancel()
        for file in list(self._open_files):
            if not file.writer.finished.is_set():
                file.writer.error = (
                    file.writer.error or f"it was not written within {PATIENCE_AT_THE_END:.0f} seconds"
                )
            self._look_at(file)
        await self._save(self._index.document(duration, complete=True))

    # Called by the bot.

    def joined(self, bot: Bot, joined: Message) -> None:
        super().joined(bot, joined)
        self._me, self._plays = joined["you"]["id"], bot.plays
        if self._index is None and not self._begin(bot, joined):
            return
        self._reconcile(joined["participants"])

    def resumed(self, bot: Bot, detail: Message) -> None:
        super().resumed(bot, detail)
        if "snapshot" in detail:
            self._reconcile(bot.roster.values())

    def event(self, bot: Bot, event: Message) -> None:
        super().event(bot, event)
        match event["type"]:
            case "participant_joined" | "participant_rejoined" | "participant_updated":
                participant = bot.roster.get(event["participant"]["id"])
                if participant is not None:
                    self._see(participant)
            case "participant_left":
                self._part(event["participant"]["id"], event["reason"])
            case "meeting_ended":
                self.end("meeting ended")

    async def incoming(self, link: Link, track: MediaStreamTrack, screen: bool) -> None:
        source = self._newest_source = next(self._sources)
        try:
            while True:
                frame = await track.recv()
                # Looked up each time: the participant may have left and come back, or been silenced.
                stay = self._stays.get(link.participant_id)
                meant = self._plays(link.participant_id).of(track.kind, screen=screen)
                if stay is not None and meant and isinstance(frame, Frame):
                    stay.frame(source, frame, self.now, screen=screen)
        finally:
            stay = self._stays.get(link.participant_id)
            if stay is not None:
                stay.track_ended(self.now, screen=screen)

    def _begin(self, bot: Bot, joined: Message) -> bool:
        if self.failure is not None:
            return False
        you, meeting = joined["you"], joined["meeting"]
        started = datetime.fromisoformat(you["joined_at"]).timestamp()
        try:
            self.folder = new_folder(self._out, meeting["id"], started)
        except OSError as error:
            self._failure = cannot_write(self._out, error)
            bot.leave()
            return False
        self._zero = self._clock()
        self._index = Index(
            meeting={"id": meeting["id"], "title": meeting["title"]},
            server=bot.address.base,
            recorder={"id": you["id"], "name": you["name"]},
            form=self._form,
            started=started,
            clock_offset=self._ahead(started),
        )
        self._changed.set()
        log.info("recording into", folder=str(self.folder))
        return True

    def _ahead(self, joined_at: float) -> float:
        """Seconds that the server's clock is ahead, as far as can be told: the server took `joined_at` before now, but
        after this recording was created."""
        least, most = joined_at - self._wall(), joined_at - self._made_at
        return 0.0 if least <= 0 <= most else least

    def _reconcile(self, participants: Iterable[Participant]) -> None:
        """Brings the files in line with a full roster."""
        present = {participant["id"]: participant for participant in participants}
        for participant_id in list(self._stays):
            if participant_id not in present:
                self._part(participant_id, "left")
        for participant in present.values():
            self._see(participant)

    def _see(self, participant: Participant) -> None:
        if participant["id"] == self._me or participant.get("recording") or self._index is None:
            return
        stay = self._stays.get(participant["id"])
        if stay is not None and not stay.is_of(participant):
            self._part(participant["id"], "left")
            stay = None
        if stay is None:
            self._stays[participant["id"]] = Stay(participant, self._new_file, self.now)
        elif stay.update(participant, self.now, self._newest_source):
            self._changed.set()

    def _part(self, participant_id: str, how: str) -> None:
        stay = self._stays.pop(participant_id, None)
        if stay is not None:
            stay.end(how, self.now)
            self._changed.set()

    def _new_file(self, participant: Participant, kind: Kind, now: float) -> RecordedFile:
        screen = kind == "screen"
        name = file_name(
            participant["name"], participant["id"], next(self._numbers), screen=screen, form=self._form
        )
        entry = Entry(
            name,
            kind,
            participant["id"],
            participant["name"],
            participant["role"],
            participant.get("kind") == "bot",
            now,
        )
        writer = WriterThread(
            (self.folder or self._out) / name, self._form, camera=participant["media"]["video"], screen=screen
        )
        file = RecordedFile(entry, writer)
        self._open_files.append(file)
        if self._index is not None:
            self._index.entries.append(entry)
        self._changed.set()
        log.info("recording", participant=participant["id"], name=harmless(participant["name"]), file=name)
        return file

    # Over time.

    def _tick(self) -> None:
        now = self.now
        for file in list(self._open_files):
            file.tick(now)
            self._look_at(file)

    def _look_at(self, file: RecordedFile) -> None:
        """Update the entry of a file from its writer."""
        entry, writer = file.entry, file.writer
        entry.duration, entry.frames, entry.dropped = writer.seconds, writer.pictures, writer.dropped
        entry.size = writer.size()
        if writer.dropped and entry.file not in self._warned:
            self._warned.add(entry.file)
            log.warning("too slow, leaving pictures out", file=entry.file)
        if writer.error is not None and entry.error is None:
            entry.error = writer.error
            self._failure = f"{entry.file} ends early: {writer.error}"
            log.error("file ends early", file=entry.file, reason=writer.error)
            self._changed.set()
        if writer.finished.is_set():
            self._open_files.remove(file)
            self._warned.discard(entry.file)
            self._bytes += entry.size
            self._changed.set()
            log.info("recorded", file=entry.file, seconds=round(entry.duration, 1), how=entry.ended)

    async def _keep_index(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), INDEX_EVERY)
            self._changed.clear()
            if self._index is not None:
                await self._save(self._index.document(self.now, complete=False))
            await asyncio.sleep(INDEX_AT_MOST_EVERY)

    async def _save(self, document: dict[str, object]) -> None:
        if self.folder is None:
            return
        # Shielded: the thread cannot be stopped half-way, and must not overlap with the next one.
        saving = asyncio.create_task(asyncio.to_thread(save, self.folder, document))
        try:
            await asyncio.shield(saving)
        except asyncio.CancelledError:
            await asyncio.wait([saving])
            raise
        except OSError as error:
            if self._index_failure is None:
                log.error("the index cannot be written", reason=error.strerror or str(error))
            self._index_failure = cannot_write(self.folder, error)
        else:
            self._index_failure = None


def cannot_write(place: Path, error: OSError) -> str:
    return f"cannot write to {place}: {error.strerror or error}"
