"""What is printed for people: where to, and how numbers, times and foreign texts look."""

from __future__ import annotations

from datetime import UTC, datetime
from unicodedata import bidirectional, category

from rich.console import Console

UNLIMITED = 10_000
"""Columns of what is no terminal: a file has no edge at which names would have to be cut."""


def paper() -> Console:
    """Standard output, for tables: as wide as the terminal, or without an edge where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=UNLIMITED)


_TURNING = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
"""What turns the direction of all that follows in the line, numbers too."""


def harmless(text: str) -> str:
    """Without what would give orders to a terminal."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if category(letter) == "Cc" or bidirectional(letter) in _TURNING
        else letter
        for letter in text
    )


def minute(at: float) -> str:
    """`2026-11-21 09:00`, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def day_or_time(at: float, now: float) -> str:
    """`09:00` when that is today, otherwise `2026-11-21`, in UTC."""
    day, time = minute(at).split()
    return time if minute(now).startswith(day) else day


def counted(count: int, one: str, several: str = "") -> str:
    """`1 row`, `1,980 rows`"""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def rows_of(rows: int, total: int | None) -> str:
    """`300 of 1,980`, or `300` when nobody said of how many."""
    return f"{rows:,}" if total is None else f"{rows:,} of {total:,}"


class Clock:
    """Shows times as the clocks here do, or did at `first`; with the day where `last` is on another one.

    `brief`: with the day, the seconds are left out.
    """

    def __init__(self, first: float, last: float, now: float, *, brief: bool = False) -> None:
        # One offset from UTC for the whole table, also across a night in which the clocks are changed.
        self.zone = datetime.fromtimestamp(first).astimezone().tzinfo
        self.now = now
        same_day = self._local(first).date() == self._local(last).date()
        with_day = "%Y-%m-%d %H:%M" if brief else "%Y-%m-%d %H:%M:%S"
        self._format = "%H:%M:%S" if same_day else with_day

    def time(self, at: float) -> str:
        return self._local(at).strftime(self._format)

    def day(self, at: float) -> str:
        return self._local(at).strftime("%A %Y-%m-%d %H:%M")

    def date(self, at: float) -> str:
        return self._local(at).strftime("%Y-%m-%d")

    def zone_name(self) -> str:
        """`CET (UTC+01:00)`, or `UTC`."""
        moment = self._local(self.now)
        name, offset = moment.tzname() or "", moment.strftime("%z")
        if name == "UTC":
            return name
        return f"{name} (UTC{offset[:3]}:{offset[3:5]})"

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self.zone)
