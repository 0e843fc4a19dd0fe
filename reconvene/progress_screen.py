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
"""Seconds between two lines within one phase."""


def on_terminal(console: Console) -> bool:
    """Whether the console is a terminal whose lines can be rewritten."""
    return console.is_terminal and not console.is_dumb_terminal


class Screen:
    """Shows progress inside its `with` block."""

    def stop(self) -> None:
        """An interruption: show nothing from now on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class LiveScreen(Screen):
    """The lowest lines of a terminal: a spinner beside the current activity. They are wiped at the end."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.spinner = Spinner("line" if console.options.ascii_only else "dots", style="cyan")
        self._live = Live(console=console, get_renderable=self.content, refresh_per_second=5, transient=True)

    def content(self) -> RenderableType:
        return self.spinner

    def doing(self, text: str, style: str = "") -> None:
        """The current activity."""
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
        """Whether to write a line now: for a `change` at once, otherwise some time after the last line."""
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
