"""How far it is, while it runs: one line that changes on a terminal, a line now and then otherwise. On stderr."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from reconvene.load.plan import Plan
from reconvene.load.statistics import Progress
from reconvene.terminal import counted

BETWEEN_LINES = 5.0
"""Seconds between two lines that are no new phase."""


class Screen(Protocol):
    """Shows what is told from `with` to the end of it. `phase`: `joining`, `load`, or a text of what is done now."""

    def tell(self, phase: str, progress: Progress) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Story:
    """Words for how far it is, with what a second brought since the last time."""

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._clock = clock
        self._phase = ""
        self._since = 0.0
        self._last = (0.0, Progress())

    def line(self, phase: str, progress: Progress) -> str:
        now, (then, before) = self._clock(), self._last
        if phase != self._phase:
            self._phase, self._since = phase, now
            then, before = now, progress
        self._last = now, progress
        lasted = max(now - then, 0.001)
        spent = now - self._since
        if phase == "joining":
            words = [
                f"joining: {progress.joined:,} of {self._plan.clients:,}",
                f"{(progress.joined - before.joined) / lasted:,.0f}/s",
                f"{progress.failed:,} refused" if progress.failed else "",
            ]
        elif phase == "load" and spent > self._plan.seconds:
            words = ["waiting for what is under way"]
        elif phase == "load":
            words = [
                f"{spent:.0f} of {self._plan.seconds:.0f} s",
                f"{(progress.changes - before.changes) / lasted:,.0f} changes/s" if self._plan.rate else "",
                f"{(progress.signals - before.signals) / lasted:,.0f} signals/s"
                if self._plan.signals
                else "",
                f"{(progress.events - before.events) / lasted:,.0f} deliveries/s",
                f"p99 {progress.p99:.1f} ms",
            ]
        else:
            words = [phase]
        words += [
            f"{progress.away:,} away" if progress.away else "",
            counted(progress.reconnects, "reconnect") if progress.reconnects else "",
            f"{progress.lost:,} lost" if progress.lost else "",
            f"{progress.doubled:,} doubled" if progress.doubled else "",
        ]
        return ", ".join(word for word in words if word)


class LiveScreen:
    """On a terminal. It is wiped at the end."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self._story = Story(plan)
        self._spinner = Spinner("line" if console.options.ascii_only else "dots", style="cyan")
        self._live = Live(self._spinner, console=console, refresh_per_second=5, transient=True)

    def tell(self, phase: str, progress: Progress) -> None:
        text = self._story.line(phase, progress)
        self._spinner.update(text=Text(f"{text} (Ctrl-C ends it)", no_wrap=True, overflow="ellipsis"))

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


class Lines:
    """For logs and pipes."""

    def __init__(
        self, plan: Plan, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._story = Story(plan, clock)
        self._write = write
        self._clock = clock
        self._phase = ""
        self._told_at = 0.0

    def tell(self, phase: str, progress: Progress) -> None:
        now = self._clock()
        if phase == self._phase and now - self._told_at < BETWEEN_LINES:
            return
        self._phase, self._told_at = phase, now
        self._write(self._story.line(phase, progress))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
