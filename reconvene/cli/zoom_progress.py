"""The progress of a running sync: a live display on a terminal, log lines otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reconvene.progress_screen import LineScreen, LiveScreen
from reconvene.terminal import counted, harmless, minute, rows_of
from server.zoom.progress import PartProgress, PartStage, Progress
from server.zoom.throughput import Pace
from storage.imports import INSTANCE, REGISTRANTS

WORTH_A_LINE = 5.0
"""Seconds; shorter waits are shown on a terminal only."""

_WORDS: Final[dict[PartStage, tuple[str, str]]] = {
    "waiting": ("to come", "dim"),
    "walking": ("reading", "cyan"),
    "complete": ("complete", "green"),
    "unchanged": ("unchanged", "green"),
    "partial": ("partial", "yellow"),
    "unknown": ("unknown", "yellow"),
    "too_old": ("too old", "dim"),
}
"""The label and the style of each state of a list."""

_ENDED: Final = ("complete", "unchanged", "partial", "unknown", "too_old")


@dataclass(frozen=True, slots=True)
class Line:
    """What the display shows for one list, or for several together."""

    title: str
    rows: int
    total: int | None
    state: PartStage
    source: str = ""


def lines(parts: Sequence[PartProgress], most: int) -> list[Line]:
    """At most `most` lines (3 at least): registrants as one line; of many instances, those around the current one."""
    registrants = [part for part in parts if part.part.startswith(REGISTRANTS)]
    shown = [_together("registrants", registrants)] if registrants else []
    rest = [part for part in parts if not part.part.startswith(REGISTRANTS)]
    room = max(most, 3) - len(shown)
    if len(rest) > room:
        ended = [part for part in rest if part.state in _ENDED]
        rest = [part for part in rest if part.state not in _ENDED]
        room -= (1 if ended else 0) + (1 if len(rest) > room - 1 else 0)
        later = rest[max(room, 1) :] if len(rest) > room else []
        rest = rest[: len(rest) - len(later)]
        if ended:
            shown.append(_together(counted(len(ended), "instance"), ended))
        shown += [_of(part) for part in rest]
        if later:
            shown.append(Line(f"{len(later):,} more", 0, None, "waiting"))
        return shown
    return [*shown, *(_of(part) for part in rest)]


def _of(part: PartProgress) -> Line:
    return Line(_title(part), part.rows, part.total, part.state, part.source)


def _title(part: PartProgress) -> str:
    # Short, to leave room for a bar.
    return harmless(part.title).removeprefix("Instance of ").removesuffix(" UTC") or part.part


def _together(title: str, parts: Sequence[PartProgress]) -> Line:
    totals = [part.total for part in parts if part.total is not None]
    states = {part.state for part in parts}
    state: PartStage = "waiting"
    if "walking" in states or ("waiting" in states and len(states) > 1):
        state = "walking"
    elif "waiting" not in states:
        # The worst state of all.
        state = next(
            worst for worst in ("unknown", "partial", "complete", "unchanged", "too_old") if worst in states
        )
    sources = {part.source for part in parts if part.source and part.part.startswith(INSTANCE)}
    source = sources.pop() if len(sources) == 1 else ""
    return Line(title, sum(part.rows for part in parts), sum(totals) if totals else None, state, source)


def doing(progress: Progress, now: float) -> str:
    """The current activity: `cannot reach Zoom; asks again in 0:09`."""
    note = harmless(progress.note)
    if progress.stage == "looking":
        return note or "Asking Zoom what there is"
    if progress.stage == "walking" and not note:
        return "Ctrl-C stops it; the next run goes on from there"
    if progress.stage == "watching" and not note:
        note = "Reading again, until two readings agree"
    if progress.wakes_at is None or progress.wakes_at <= now:
        return note
    left = progress.wakes_at - now
    note = note.rstrip(".")
    if left < 1:
        return note
    if left < 3600:
        return f"{note}; asks again in {_minutes(left)}"
    return f"{note}; asks again at {minute(progress.wakes_at)} UTC"


def _minutes(seconds: float) -> str:
    """`0:09`, `12:00`, `1:02:03`"""
    whole = round(seconds)
    minutes = f"{whole % 3600 // 60:02}" if whole >= 3600 else f"{whole // 60}"
    return f"{whole // 3600}:{minutes}:{whole % 60:02}" if whole >= 3600 else f"{minutes}:{whole % 60:02}"


class Live(LiveScreen):
    """On a terminal: the lists with their bars. The summary table replaces them afterwards."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.time) -> None:
        super().__init__(console)
        self._clock = clock
        self._progress: Progress | None = None
        self._paces: dict[str, Pace] = {}

    def tell(self, progress: Progress) -> None:
        now = self._clock()
        for line in lines(progress.parts, len(progress.parts) + 1):
            self._paces.setdefault(line.title, Pace()).saw(line.rows, now)
        self._progress = progress

    def content(self) -> Self:
        return self

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        progress = self._progress
        if progress is None:
            return
        now = self._clock()
        head = Text.assemble(
            (progress.external_id, "bold"),
            f"  {harmless(progress.title)}" if progress.title else "",
            no_wrap=True,
            overflow="ellipsis",
        )
        # Besides the lists: a head, the current activity (two lines if long), and the cursor's line.
        most = (options.height or console.height) - 4
        self.doing(doing(progress, now), "yellow" if progress.stage == "waiting" else "dim")
        yield Group(head, self._table(lines(progress.parts, most), now, options.max_width), self.spinner)

    def _table(self, shown: Sequence[Line], now: float, width: int) -> Table:
        table = Table.grid(padding=(0, 2 if width >= 50 else 1, 0, 0), expand=width >= 50)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(16, width // 4))
        if width >= 50:
            table.add_column(ratio=1, min_width=6)
        table.add_column(justify="right", no_wrap=True, min_width=14 if width >= 76 else None)
        if width >= 76:
            table.add_column(justify="right", no_wrap=True, min_width=6)
            table.add_column(justify="right", no_wrap=True, min_width=4)
            table.add_column(no_wrap=True, min_width=6)
        table.add_column(no_wrap=True, min_width=9)
        for line in shown:
            cells: list[RenderableType] = [Text(line.title)]
            if width >= 50:
                cells.append(_bar(line))
            rows = "" if line.state == "waiting" and not line.rows else rows_of(line.rows, line.total)
            cells.append(rows if width >= 50 else rows.replace(" of ", "/"))
            if width >= 76:
                cells += [*self._pace(line, now), Text(harmless(line.source), style="dim")]
            word, style = _WORDS[line.state]
            cells.append(Text(word, style=style))
            table.add_row(*cells)
        return table

    def _pace(self, line: Line, now: float) -> tuple[str, str]:
        """Rate and time left of the list being read."""
        pace = self._paces.get(line.title)
        if pace is None or line.state != "walking":
            return "", ""
        rate, left = pace.rate(now), pace.left(line.total, now)
        return "" if rate is None else f"{rate:,.0f}/s", "" if left is None else _minutes(left)


def _bar(line: Line) -> RenderableType:
    if line.state == "waiting" and not line.rows:
        return ""
    if line.total is None and line.state == "walking":
        return ProgressBar(pulse=True)
    return ProgressBar(total=max(line.total or line.rows, 1), completed=line.rows)


class Lines(LineScreen):
    """For logs and pipes: a line when a list begins, one when it is done, and now and then its progress."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.time) -> None:
        super().__init__(write, clock)
        self._known: dict[str, PartProgress] = {}
        self._paces: dict[str, Pace] = {}
        self._title = ""
        self._wait: tuple[str, float | None] = ("", None)

    def tell(self, progress: Progress) -> None:
        now = self.clock()
        if progress.title and progress.title != self._title:
            self._title = progress.title
            self.line(f"{progress.external_id}: {harmless(progress.title)}")
        for part in progress.parts:
            self._paces.setdefault(part.part, Pace()).saw(part.rows, now)
            self._part(part, self._known.get(part.part), now)
            self._known[part.part] = part
        wait = (progress.note, progress.wakes_at)
        if wait != self._wait and progress.wakes_at is not None and progress.wakes_at - now >= WORTH_A_LINE:
            self.line(doing(progress, now))
        self._wait = wait

    def _part(self, part: PartProgress, before: PartProgress | None, now: float) -> None:
        title = _title(part)
        was = "waiting" if before is None else before.state
        if part.state != was:
            self.due(change=True)
            if part.state == "walking":
                goes_on = f"goes on after {counted(part.rows, 'row')}" if part.rows else "reading"
                self.line(f"{title}: {goes_on}")
            elif part.state in _ENDED:
                self.line(self._ended(part, title))
        elif part.state == "walking" and self.due(change=False):
            rate, left = self._paces[part.part].rate(now), self._paces[part.part].left(part.total, now)
            speed = "" if rate is None else f", {rate:,.0f} a second"
            rest = "" if left is None else f", {_minutes(left)} left"
            self.line(f"{title}: {rows_of(part.rows, part.total)}{speed}{rest}")

    def _ended(self, part: PartProgress, title: str) -> str:
        source = f", {part.source}" if part.source and part.part.startswith(INSTANCE) else ""
        note = f": {harmless(part.note)}" if part.note else ""
        return f"{title}: {_WORDS[part.state][0]}, {rows_of(part.rows, part.total)} rows{source}{note}"

    def line(self, text: str) -> None:
        super().line(f"{datetime.fromtimestamp(self.clock(), UTC):%Y-%m-%dT%H:%M:%SZ} {text}")
