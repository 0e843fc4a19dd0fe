"""Log lines on their way to a file, pipe or terminal that may be slow, or that nobody reads any more.

Who logs never waits: a thread writes. When more waits than is kept, what comes then is dropped and counted.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import TextIO

MOST_WAITING = 1024 * 1024
"""Letters. As many again may be on their way to the file."""

END_WITHIN = 1.0
"""Seconds that the end waits for what is not written yet."""


class LogQueue:
    """A stream for log lines over that of `stream`'s file. `on_dropped` is called from the thread, when lines can be
    written again, with how many were dropped; it may log."""

    def __init__(
        self, stream: TextIO, on_dropped: Callable[[int], None], *, most_waiting: int = MOST_WAITING
    ) -> None:
        self.dropped = 0
        # Of its own: that of a stream which is closed may be another file's soon.
        self._descriptor = os.dup(stream.fileno())
        self._encoding = stream.encoding
        self._on_dropped = on_dropped
        self._most = most_waiting
        self._waiting: list[str] = []
        self._size = 0
        self._told = 0
        self._is_writing = False
        self._is_torn = False
        # Reentrant: what logs may be interrupted by what logs, in the same thread, as by the garbage collector.
        self._changed = threading.Condition()
        # A daemon: one that hangs in a pipe that nobody reads must not hold up the end.
        threading.Thread(target=self._work, name="log", daemon=True).start()

    def write(self, line: str) -> int:
        with self._changed:
            if self._size + len(line) > self._most:
                self.dropped += 1
            else:
                self._waiting.append(line)
                self._size += len(line)
                self._changed.notify_all()
        return len(line)

    def flush(self) -> None:
        """Nothing to do: lines are written as soon as they can be."""

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def close(self, within: float = END_WITHIN) -> None:
        """Wait until all is written, for `within` seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._is_writing, within)

    def _work(self) -> None:
        works = True
        while True:
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                lines, self._waiting, self._size = self._waiting, [], 0
                self._is_writing = True
                lost = self.dropped - self._told
            if works and lost:
                self._told += lost
                self._on_dropped(lost)
            works = self._written("".join(lines))
            if not works:
                with self._changed:
                    self.dropped += len(lines)

    def _written(self, text: str) -> bool:
        """Whether all of it was. Past Python's own stream, whose lock would be held while the file takes nothing."""
        # A line of which the disk took half ends here.
        left = memoryview(("\n" * self._is_torn + text).encode(self._encoding, "backslashreplace"))
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
                self._is_torn = bool(left)
            except BlockingIOError:
                # Somebody who shares the pipe has made it non-blocking.
                select.select([], [self._descriptor], [])
            except OSError:
                return False
        return True
