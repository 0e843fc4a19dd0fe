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


SHORT = 2 * 86_400.0
"""Seconds of a table whose times have one offset from UTC."""
STEP = 7 * 86_400.0
"""Seconds between two looks at a table's clocks: they are changed for longer than that."""


class Clock:
    """Shows times as the clocks here do; with the day where `last` is on another one than `first`.

    Of a table over a night in which the clocks are changed, all times are as before it, so that none comes twice. Where
    there are more days, as in a series, each has its own.

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
