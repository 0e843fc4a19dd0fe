"""What the displays of all commands have in common."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from reconvene.progress_screen import BETWEEN_LINES, LineScreen, LiveScreen, on_terminal
from tests.reconvene.screen import left_on_screen


def terminal(width: int = 80, **options: object) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        color_system=None,
        legacy_windows=False,
        **{"_environ": {}, **options},  # type: ignore[arg-type]
    )


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("console", "live"),
    [
        (terminal(), True),
        (terminal(_environ={"TERM": "dumb"}), False),
        (Console(file=io.StringIO(), _environ={}), False),
    ],
)
def test_it_is_live_where_lines_can_be_replaced(console: Console, live: bool) -> None:
    assert on_terminal(console) is live


def test_what_is_printed_stays_and_what_is_done_now_does_not() -> None:
    console = terminal()
    with LiveScreen(console) as screen:
        screen.doing("reading")
        screen._live.refresh()
        console.print("one is read")
        screen.doing("writing")
        screen._live.refresh()
        assert left_on_screen(shown(console))[0] == "one is read"
        assert left_on_screen(shown(console))[1].endswith(" writing")
    assert left_on_screen(shown(console)) == ["one is read"]


def test_it_gives_the_terminal_back_when_it_is_interrupted() -> None:
    console = terminal()
    with pytest.raises(KeyboardInterrupt), LiveScreen(console):
        raise KeyboardInterrupt
    assert re.findall(r"\[\?25[lh]", shown(console)) == ["[?25l", "[?25h"]


def test_where_there_are_no_letters_for_it_the_spinner_is_ascii() -> None:
    buffer = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    console = Console(file=buffer, force_terminal=True, width=80, color_system=None, _environ={})
    with LiveScreen(console) as screen:
        screen.doing("reading")
        screen._live.refresh()


def test_a_line_is_due_for_each_change_and_now_and_then() -> None:
    now = 0.0
    screen = LineScreen(list[str]().append, lambda: now)
    assert screen.due(change=True)
    assert not screen.due(change=False)
    now += BETWEEN_LINES - 1
    assert screen.due(change=True)
    now += BETWEEN_LINES - 1
    assert not screen.due(change=False)
    now += 1
    assert screen.due(change=False)


def test_no_line_is_written_once_it_is_stopped() -> None:
    written: list[str] = []
    with LineScreen(written.append) as screen:
        screen.line("one")
        screen.stop()
        screen.line("two")
    screen.line("three")
    assert written == ["one"]
