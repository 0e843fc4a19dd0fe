"""An AV file with a thread of its own that encodes and writes, and a bounded queue in front.

The event loop puts frames in and never waits. If encoding is too slow, pictures are dropped and counted; sound never
is. A file that cannot be written ends, with the reason in `error`, and does not affect other files.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import structlog
from av import AudioFrame, VideoFrame

from reconvene.recorder.av_file import AvFile
from reconvene.recorder.container_writer import RATE, CannotWrite, Format, MediaFile
from reconvene.recorder.video_fit import Size

log = structlog.get_logger()

MOST_PICTURES = 24
MOST_BYTES = 32 * 1024 * 1024
"""Limits of the queue: a second of a camera; one picture of any size is always accepted."""

MOST_BEHIND = 60.0
"""Seconds of sound that may wait. A disk that stalls for longer is taken to be unwritable."""

STALLED_FOR = 0.5
"""Most seconds that one tick advances. After a stall of this process, ticks catch up with the clock step by step, so
sound still waiting in the network arrives before silence takes its place."""


class WriterThread:
    """Times are seconds of the file. `finished` is set when the file is closed; `pictures` and `seconds` tell what is
    in it, `dropped` how many pictures are missing, `error` why it ended early."""

    def __init__(self, path: Path, form: Format, *, camera: bool = False, screen: bool = False) -> None:
        self.path = path
        self.dropped = 0
        self.error: str | None = None
        self.finished = asyncio.Event()
        self._form = form
        self._file: MediaFile | None = None
        self._av_file = AvFile(self._open, camera=camera, screen=screen)
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting_pictures = 0
        self._waiting_bytes = 0
        self._ticked = 0.0
        self._done = 0.0
        self._loop = asyncio.get_running_loop()
        # A daemon: a stalled disk must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=path.name, daemon=True)
        self._thread.start()

    @property
    def pictures(self) -> int:
        return self._file.pictures if self._file is not None else 0

    @property
    def seconds(self) -> float:
        return self._file.samples / RATE if self._file is not None else 0.0

    def size(self) -> int:
        """Bytes on the disk."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def picture(self, source: int, frame: VideoFrame, arrival: float) -> None:
        if self.error is not None:
            return
        size = frame.width * frame.height * 3 // 2
        with self._lock:
            full = self._waiting_pictures >= MOST_PICTURES or self._waiting_bytes + size > MOST_BYTES
            if full and self._waiting_pictures:
                self.dropped += 1
                return
            self._waiting_pictures += 1
            self._waiting_bytes += size

        def show() -> None:
            with self._lock:
                self._waiting_pictures -= 1
                self._waiting_bytes -= size
            self._av_file.picture(source, frame, arrival)

        self._put(show)

    def sound(self, source: int, frame: AudioFrame, arrival: float) -> None:
        self._put(lambda: self._av_file.sound(source, frame, arrival))

    def camera(self, on: bool, now: float) -> None:
        self._put(lambda: self._av_file.camera(on, now))

    def tick(self, now: float) -> None:
        """Several times a second."""
        self._ticked = at = min(now, self._ticked + STALLED_FOR)

        def tick() -> None:
            self._av_file.tick(at)
            self._done = at

        self._put(tick)
        if at - self._done > MOST_BEHIND and self.error is None:
            self._fail(f"it could not be written for {MOST_BEHIND:.0f} seconds")

    def finish(self, now: float) -> None:
        """End the file. Nothing may be put in afterwards."""
        self._put(lambda: self._av_file.finish(now))
        # Needed after a failure too: it ends the thread.
        self._queue.put(None)

    def _put(self, work: Callable[[], None]) -> None:
        if self.error is None:
            self._queue.put(work)

    def _fail(self, why: str) -> None:
        self.error = self.error or why

    # On the thread.

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            self._do(work)
        # Also closes a file that failed between two pieces of work.
        with contextlib.suppress(CannotWrite):
            self._av_file.close()
        # A reference cycle: its large pictures would stay until the garbage collector runs.
        del self._av_file
        # If the loop is already closed, nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.finished.set)

    def _do(self, work: Callable[[], None]) -> None:
        if self.error is not None:
            return
        try:
            work()
        except CannotWrite as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("recording failed", file=self.path.name)
            self._fail(str(error) or type(error).__name__)
        if self.error is not None:
            with contextlib.suppress(CannotWrite):
                self._av_file.close()

    def _open(self, size: Size) -> MediaFile:
        self._file = MediaFile(self.path, size, self._form)
        return self._file
