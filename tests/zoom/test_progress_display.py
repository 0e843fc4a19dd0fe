"""What is shown of a sync while it runs, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from reconvene.cli.zoom_progress import Lines, Live, doing, lines
from server.zoom.progress import PartProgress, PartStage, Progress
from server.zoom.throughput import Pace

NOON = 1_795_262_400.0
"""2026-11-21 12:00:00 UTC."""

WAITING = Progress("88988872033", "ZOOM-88988872033", "All hands", "waiting", note="Zoom asks for a pause")


def parts(instances: int, *, read: int = 0, state: PartStage = "waiting") -> tuple[PartProgress, ...]:
    """Registrants and the first `read` instances are read, the next one is in `state`."""
    registrants = [
        PartProgress(f"registrants/{status}", f"Registrants, {status}", 10, 10, "complete", "registrants")
        for status in ("approved", "pending", "denied")
    ]
    shown = []
    for number in range(instances):
        part = PartProgress(f"instance/{number}", f"Instance of 2026-11-{number + 1:02} 09:00 UTC")
        if number < read:
            part = replace(part, rows=100, total=100, state="complete", source="report")
        elif number == read:
            part = replace(part, state=state, source="report")
        shown.append(part)
    return (*registrants, *shown)


# Which lines


def test_registrants_are_one_line() -> None:
    first, *rest = lines(parts(2, read=1), 10)
    assert (first.title, first.rows, first.total, first.state) == ("registrants", 30, 30, "complete")
    assert [(line.title, line.state) for line in rest] == [
        ("2026-11-01 09:00", "complete"),
        ("2026-11-02 09:00", "waiting"),
    ]


def test_the_worst_of_the_registrants_is_told() -> None:
    approved, pending, denied = parts(0)
    assert lines((approved, replace(pending, state="unknown"), denied), 10)[0].state == "unknown"
    assert lines((approved, replace(pending, state="waiting"), denied), 10)[0].state == "walking"


@pytest.mark.parametrize("most", range(3, 12))
@pytest.mark.parametrize("read", [0, 1, 5, 29, 30])
def test_of_many_instances_the_one_being_read_is_shown(most: int, read: int) -> None:
    shown = lines(parts(30, read=read, state="walking"), most)
    assert len(shown) <= max(most, 4)
    if read < 30:
        assert [line.title for line in shown if line.state == "walking"] == [f"2026-11-{read + 1:02} 09:00"]
    if read > 1:
        assert f"{read} instances" in [line.title for line in shown]


# On a terminal


def screen(width: int, height: int = 24) -> tuple[Live, Console, io.StringIO]:
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=width, height=height, color_system=None, _environ={}
    )
    return Live(console, clock=lambda: NOON), console, out


def frame(progress: Progress, width: int, height: int = 24) -> list[str]:
    live, console, out = screen(width, height)
    live.tell(progress)
    console.print(live)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 40, 50, 60, 76, 80, 120, 200])
@pytest.mark.parametrize("height", [5, 8, 24])
def test_it_fits_any_terminal(width: int, height: int) -> None:
    walking = replace(parts(30)[7], rows=123_456, total=1_234_567, state="walking", source="report")
    many = (*parts(30)[:7], walking, *parts(30)[8:])
    shown = frame(replace(WAITING, parts=many, title="A long title " * 20), width, height)
    assert all(len(line) <= width for line in shown)
    assert len(shown) <= max(height, 8)
    assert shown[0].startswith("88988872033")


def test_a_line_tells_rows_rate_time_left_source_and_state() -> None:
    now = NOON
    live, console, out = screen(100)
    live._clock = lambda: now
    for rows in (0, 300, 600):
        (*others, last) = parts(1)
        last = replace(last, rows=rows, total=1980, state="walking", source="report")
        live.tell(replace(WAITING, stage="walking", parts=(*others, last)))
        now += 1
    console.print(live)
    assert re.search(r"2026-11-01 09:00 .*━.* 600 of 1,980 +200/s +0:07 +report +reading", out.getvalue())


def test_on_a_terminal_without_the_letters_it_is_drawn_in_ascii() -> None:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    console = Console(file=buffer, force_terminal=True, width=80, color_system=None, _environ={})
    live = Live(console, clock=lambda: NOON)
    live.tell(replace(WAITING, parts=parts(2, read=1, state="walking")))
    console.print(live)
    buffer.flush()


def test_a_title_gives_no_orders_to_the_terminal() -> None:
    shown = frame(replace(WAITING, title="\x1b[31mred", note="\x07"), 80)
    assert not any(re.search(r"[\x00-\x1f]", line) for line in shown)


def test_waits_are_told_with_their_end() -> None:
    assert doing(replace(WAITING, wakes_at=NOON + 9), NOON) == "Zoom asks for a pause; asks again in 0:09"
    assert doing(replace(WAITING, wakes_at=NOON + 7500), NOON) == (
        "Zoom asks for a pause; asks again at 2026-11-21 14:05 UTC"
    )
    assert doing(replace(WAITING, wakes_at=NOON - 1), NOON) == "Zoom asks for a pause"
    assert doing(replace(WAITING, stage="looking", note=""), NOON) == "Asking Zoom what there is"


# Elsewhere


class Written:
    def __init__(self) -> None:
        self.now = NOON
        self.lines: list[str] = []
        self.shown = Lines(self._write, clock=lambda: self.now)

    def _write(self, line: str) -> None:
        stamp, _, text = line.partition(" ")
        assert stamp.endswith("Z")
        self.lines.append(text)

    def tell(self, part: PartProgress, **changed: object) -> None:
        self.shown.tell(replace(WAITING, stage="walking", note="", parts=(part,), **changed))  # type: ignore[arg-type]


def test_lines_tell_when_a_list_is_begun_and_read_and_now_and_then_how_far_it_is() -> None:
    written = Written()
    (*_, part) = parts(1)
    written.tell(part)
    for rows in range(0, 1000, 20):
        written.tell(replace(part, rows=rows, total=1000, state="walking", source="report"))
        written.now += 0.125
    written.tell(
        replace(part, rows=1000, total=1000, state="partial", source="report", note="one is missing")
    )
    assert written.lines == [
        "88988872033: All hands",
        "2026-11-01 09:00: reading",
        "2026-11-01 09:00: 800 of 1,000, 160 a second, 0:01 left",
        "2026-11-01 09:00: partial, 1,000 of 1,000 rows, report: one is missing",
    ]


def test_lines_tell_long_waits_once_and_short_ones_not() -> None:
    written = Written()
    written.tell(parts(1)[0])
    del written.lines[:]
    wait = replace(WAITING, note="Zoom is busy")
    for _ in range(3):
        written.shown.tell(replace(wait, wakes_at=NOON + 2))
        written.shown.tell(replace(wait, wakes_at=NOON + 60))
        written.shown.tell(replace(wait, wakes_at=NOON + 60))
    assert written.lines == ["Zoom is busy; asks again in 1:00"] * 3


# How fast


def test_the_pace_is_that_of_late_and_begins_with_the_first_rows() -> None:
    pace = Pace()
    for second in range(100):
        pace.saw(1000, NOON + second)
    assert pace.rate(NOON + 100) is None
    for second in range(1, 11):
        pace.saw(1000 + second * 30, NOON + 99 + second)
    assert pace.rate(NOON + 109) == 30
    assert pace.left(1600, NOON + 109) == 10
    assert pace.left(None, NOON + 109) is None


def test_the_pace_of_a_list_that_is_begun_anew_is_that_of_the_new_beginning() -> None:
    pace = Pace()
    pace.saw(0, NOON)
    pace.saw(900, NOON + 1)
    pace.saw(0, NOON + 2)
    assert pace.rate(NOON + 3) is None
    pace.saw(10, NOON + 4)
    assert pace.rate(NOON + 4) == 5
