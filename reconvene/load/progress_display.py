"""Progress on stderr: on a terminal one line that changes, otherwise a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console

from reconvene.load.plan import Plan
from reconvene.load.statistics import Progress
from reconvene.progress_screen import LineScreen, LiveScreen
from reconvene.terminal import counted


class Summary:
    """The progress as one line, with rates per second since the last one.

    `phase`: `joining`, `load`, or a description of the current activity.
    """

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


class Live(LiveScreen):
    """One line of a terminal."""

    def __init__(self, plan: Plan, console: Console) -> None:
        super().__init__(console)
        self._summary = Summary(plan)

    def tell(self, phase: str, progress: Progress) -> None:
        self.doing(f"{self._summary.line(phase, progress)} (Ctrl-C ends it)")


class Lines(LineScreen):
    """One line for each phase, and now and then one in between."""

    def __init__(
        self, plan: Plan, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(write, clock)
        self._summary = Summary(plan, clock)
        self._phase = ""

    def tell(self, phase: str, progress: Progress) -> None:
        if self.due(change=phase != self._phase):
            self._phase = phase
            self.line(self._summary.line(phase, progress))
