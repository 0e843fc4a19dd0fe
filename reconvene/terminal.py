"""Output for people: the console, and the format of numbers, times and untrusted text."""

from __future__ import annotations

from datetime import UTC, datetime
from unicodedata import bidirectional, category

from rich.console import Console

UNLIMITED = 10_000
"""Columns when the output is not a terminal: a file has no edge at which names must be cut."""


def paper() -> Console:
    """Standard output for tables: as wide as the terminal, or of unlimited width if it is not one."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=UNLIMITED)


_TURNING = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
"""Characters that change the text direction for the rest of the line, numbers included."""


def harmless(text: str) -> str:
    """The text without terminal control characters."""
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
    """`09:00` if the time is today, otherwise `2026-11-21`, in UTC."""
    day, time = minute(at).split()
    return time if minute(now).startswith(day) else day


def counted(count: int, one: str, several: str = "") -> str:
    """`1 row`, `1,980 rows`"""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def rows_of(rows: int, total: int | None) -> str:
    """`300 of 1,980`, or `300` when the total is unknown."""
    return f"{rows:,}" if total is None else f"{rows:,} of {total:,}"


SHORT = 2 * 86_400.0
"""Longest span, in seconds, of a table that shows all times with one offset from UTC."""
STEP = 7 * 86_400.0
"""Seconds between two samples of the UTC offset: each offset lasts longer."""


class Clock:
    """Shows times in local time; with the day if `first` and `last` are on different days.

    If the clocks change within a table of one night, all times use the offset from before, so none occurs twice. In a
    table of more days, as of a series, each time has its own offset.

    `brief`: with the day, the seconds are left out.
    """

    def __init__(self, first: float, last: float, now: float, *, brief: bool = False) -> None:
        self.now = now
        self._first, self._last = first, last
        self._zone = datetime.fromtimestamp(first).astimezone().tzinfo if last - first < SHORT else None
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
        """`CET (UTC+01:00)`, `UTC`, or, with the clocks changed in between, `CEST (UTC+02:00) and CET (UTC+01:00)`."""
        looks = min(1000, int((self._last - self._first) // STEP) + 1)
        moments = [self._local(self._first + STEP * look) for look in range(looks)]
        return " and ".join(dict.fromkeys(map(_zone, [*moments, self._local(self._last)])))

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, UTC).astimezone(self._zone)


def _zone(moment: datetime) -> str:
    name, offset = moment.tzname() or "", moment.strftime("%z")
    return name if name == "UTC" else f"{name} (UTC{offset[:3]}:{offset[3:5]})"
