"""A queue for log lines, in front of a file, pipe or terminal that may be slow, or that nobody reads any more.

Logging never waits: a thread writes the lines. Lines that do not fit into the queue are dropped and counted.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import TextIO

MOST_WAITING = 1024 * 1024
"""Characters in the queue. The thread may be writing as many again."""

END_WITHIN = 1.0
"""Seconds that `close` waits for unwritten lines."""


class LogQueue:
    """A stream for log lines that writes to the file of `stream`. When lines can be written again, the thread calls
    `on_dropped` with the number of dropped lines; it may log."""

    def __init__(
        self, stream: TextIO, on_dropped: Callable[[int], None], *, most_waiting: int = MOST_WAITING
    ) -> None:
        self.dropped = 0
        # A duplicate: when `stream` is closed, its descriptor may be reused for another file.
        self._descriptor = os.dup(stream.fileno())
        self._encoding = stream.encoding
        self._on_dropped = on_dropped
        self._most = most_waiting
        self._waiting: list[str] = []
        self._size = 0
        self._told = 0
        self._is_writing = False
        self._is_torn = False
        # Reentrant: logging may be interrupted by other logging in the same thread, e.g. from the garbage collector.
        self._changed = threading.Condition()
        # A daemon: if it hangs on a pipe that nobody reads, it must not delay the exit.
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
        """Wait until all lines are written, for `within` seconds at most."""
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
        """Write all; returns whether it worked. Bypasses Python's stream, whose lock would be held while it blocks."""
        # First end a line that was only partly written.
        left = memoryview(("\n" * self._is_torn + text).encode(self._encoding, "backslashreplace"))
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
                self._is_torn = bool(left)
            except BlockingIOError:
                # Another process that shares the pipe has made it non-blocking.
                select.select([], [self._descriptor], [])
            except OSError:
                return False
        return True
