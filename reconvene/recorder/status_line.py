"""The line at the bottom of a terminal that shows the recording's progress; log lines go above it."""

from __future__ import annotations

import contextlib
import io
from typing import TextIO

CLEAR = "\r\x1b[2K"


def said(seconds: float, people: int, size: int) -> str:
    """`● 0:12:03  3 people  12.3 MB`"""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    who = "1 person" if people == 1 else f"{people} people"
    return f"● {hour}:{minute:02}:{second:02}  {who}  {size / 1_000_000:.1f} MB"


class StatusLine(io.TextIOBase):
    """A terminal stream that keeps a status line below the written text. Lines are written whole."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._stream.write(f"{CLEAR}{text}{self._line}" if self._line and text.endswith("\n") else text)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def show(self, line: str) -> None:
        """Show this status; an empty one removes the line."""
        self._line = line
        # The terminal may be gone.
        with contextlib.suppress(OSError):
            self._stream.write(f"{CLEAR}{line}")
            self._stream.flush()
