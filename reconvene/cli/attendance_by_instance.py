"""What `reconvene attendance --by instance` shows: a row for everyone, a column for each instance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconvene.cli import attendance_import
from reconvene.cli.attendance_import import Addresses
from reconvene.terminal import UNLIMITED, Clock, harmless
from server.reports import attendance_report, instance_columns, instances
from server.reports.presence import Person
from storage.imports import Part
from storage.records import Attendance

NARROWEST = 58
"""Terminal columns for names and sums."""
EACH = 11
"""Terminal columns for an instance, with the space beside it."""


def tables(record: Attendance, clock: Clock, addresses: Addresses, console: Console) -> Iterator[Table]:
    """As many tables as the instances need to fit the width; each table lists all people."""
    columns = instances.of(instances.source(record).record)
    # A line below each name would make it hard to read along a row.
    addresses = "none" if addresses == "below" else addresses
    lines = list(instance_columns.lines(record, clock.now))
    width = NARROWEST + (30 if addresses == "beside" else 0)
    room = len(columns) if console.width == UNLIMITED else max(1, (console.width - width) // EACH)
    for begin in range(0, max(1, len(columns)), max(1, room)):
        some = slice(begin, begin + room)
        yield _table(record, columns[some], [(line, line.cells[some]) for line in lines], addresses)


def _table(
    record: Attendance,
    columns: Sequence[Part],
    lines: Sequence[tuple[instance_columns.Line, Sequence[Person | None]]],
    addresses: Addresses,
) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("name", overflow="fold")
    if addresses == "beside":
        table.add_column("e-mail", overflow="fold")
    table.add_column("who", overflow="fold")
    for part in columns:
        table.add_column(_head(part), justify="right", no_wrap=True)
    table.add_column("came to", justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    source = instances.source(record)
    for line, cells in lines:
        name = Text(harmless(line.participant.name))
        table.add_row(
            *attendance_import.who(source, line.participant.id, name, addresses),
            *(_cell(part, cell) for part, cell in zip(columns, cells, strict=True)),
            str(line.attended),
            attendance_report.duration(line.whole.total_duration),
        )
    return table


def _cell(part: Part, cell: Person | None) -> str:
    told = instance_columns.told(part, cell) or "–"
    return f"~{told}" if cell is not None and cell.estimated else told


def _head(part: Part) -> str:
    """`2026-11-03`, and below it `17:00`, in the local time of that day."""
    if part.starts_at is None:
        return "no date"
    began = datetime.fromtimestamp(part.starts_at, UTC).astimezone()
    state = "" if part.state == "complete" else f"\n{instances.said(part)}"
    return f"{began:%Y-%m-%d}\n{began:%H:%M}{state}"
