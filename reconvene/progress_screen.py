"""What a command shows while it runs: a live display on a terminal, lines for logs and pipes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

BETWEEN_LINES = 5.0
"""Seconds between two lines that tell of no change of phase."""


def on_terminal(console: Console) -> bool:
    """Whether what was written there can be replaced."""
    return console.is_terminal and not console.is_dumb_terminal


class Screen:
    """Shows what it is told from `with` to the end of it."""

    def stop(self) -> None:
        """Before the end, as it was interrupted: nothing is shown from now on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class LiveScreen(Screen):
    """The lowest lines of a terminal: a spinner beside what is done now. They are wiped at the end."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.spinner = Spinner("line" if console.options.ascii_only else "dots", style="cyan")
        self._live = Live(console=console, get_renderable=self.content, refresh_per_second=5, transient=True)

    def content(self) -> RenderableType:
        return self.spinner

    def doing(self, text: str, style: str = "") -> None:
        """What is done now."""
        self.spinner.update(text=Text(text, style=style))

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def stop(self) -> None:
        self._live.stop()


class LineScreen(Screen):
    """Lines, each given to `write`."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._write = write
        self._last = -BETWEEN_LINES
        self._stopped = False

    def due(self, *, change: bool) -> bool:
        """Whether to write a line now: of a `change` at once, otherwise some time after the last one."""
        now = self.clock()
        if not change and now - self._last < BETWEEN_LINES:
            return False
        self._last = now
        return True

    def line(self, text: str) -> None:
        if not self._stopped:
            self._write(text)

    def stop(self) -> None:
        self._stopped = True
