"""What `reconvene attendance` does: read a meeting's record from the store, and print it for people or as CSV."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from unicodedata import category

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server import report
from server.config import Config
from signalling import names
from storage.attendance import Report
from storage.store import Attendance, Role, UnknownMeeting

UNLIMITED = 10_000
"""Columns of what is no terminal: a file has no edge at which names would have to be cut."""


class CannotShow(Exception):  # noqa: N818 - named for what happened
    """There is no such meeting to show; the text says why."""


async def read(environ: Mapping[str, str], meeting: str) -> Attendance:
    """The record of a meeting; nothing is changed or created, and a server may be running.

    Raises `CannotShow`, `ConfigError`, `StoreError`.
    """
    try:
        room = names.meeting_id(meeting)
    except ValueError as error:
        raise CannotShow(f"{meeting!r} cannot be a meeting: {error}") from None
    config = Config.from_env(environ)
    # Other stores' URLs may hold a password.
    where = config.store if config.store.startswith("sqlite:") else "the store that RECONVENE_STORE names"
    store = config.make_store()
    # Asked first, as opening would make what is missing.
    schema = await store.schema()
    if schema.version == 0:
        raise CannotShow(
            f"there is no record at {where}. Is it the RECONVENE_STORE that the server runs with?"
        )
    if schema.pending:
        raise CannotShow(
            f"{where} was made by an older Reconvene (version {schema.version} of {schema.newest}): "
            "run reconvene migrate first"
        )
    await store.open()
    try:
        return await store.attendance(room)
    except UnknownMeeting:
        raise CannotShow(f"there is no meeting {room} at {where}") from None
    finally:
        await store.close()


def show(record: Attendance, *, rows: report.Rows | None, as_csv: bool) -> None:
    """On standard output. Where not asked otherwise, a row of the table is a person, one of the CSV a stay."""
    now = time.time()
    if as_csv:
        sys.stdout.flush()
        sys.stdout.buffer.write(report.as_csv(record, now, rows or report.Rows.STAYS))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=UNLIMITED)
    summary = report.summarised(record, now)
    clock = _Clock(record, summary, now)
    for line in _head(record, clock):
        console.print(line, soft_wrap=True)
    if record.participants:
        console.print(_stays(record, clock) if rows is report.Rows.STAYS else _people(record, summary, clock))
    for line in _foot(summary, clock):
        console.print(line, soft_wrap=True)


class _Clock:
    """Shows times as the clocks here do, or did when the meeting began; with the day where there are several."""

    def __init__(self, record: Attendance, summary: Report, now: float) -> None:
        first = record.meeting.created_at
        last = max((person.last_seen for person in summary.people.values()), default=first)
        # One offset from UTC for the whole table, also across a night in which the clocks are changed.
        self.zone = datetime.fromtimestamp(first).astimezone().tzinfo
        self.now = now
        same_day = self._local(first).date() == self._local(last).date()
        self._format = "%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S"

    def time(self, at: float) -> str:
        return self._local(at).strftime(self._format)

    def day(self, at: float) -> str:
        return self._local(at).strftime("%A %Y-%m-%d %H:%M")

    def zone_name(self) -> str:
        """`CET (UTC+01:00)`, or `UTC`."""
        moment = self._local(self.now)
        name, offset = moment.tzname() or "", moment.strftime("%z")
        if name == "UTC":
            return name
        return f"{name} (UTC{offset[:3]}:{offset[3:5]})"

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self.zone)


def _head(record: Attendance, clock: _Clock) -> Iterator[Text]:
    meeting = record.meeting
    title = f"  {_shown(meeting.title)}" if meeting.title else ""
    yield Text.assemble((meeting.room, "bold"), title)
    ended = "" if meeting.ended_at is None else f", ended {clock.day(meeting.ended_at)}"
    yield Text(f"Created {clock.day(meeting.created_at)}{ended}. Times are {clock.zone_name()}.", style="dim")


def _people(record: Attendance, summary: Report, clock: _Clock) -> Table:
    table = _table("stays", "reconnects", "first seen", "last seen", "total")
    for participant, _ in record.participants:
        person = report.person_of(summary, participant)
        table.add_row(
            Text(_shown(participant.name)),
            _role(participant.role),
            str(person.session_count),
            str(person.reconnects),
            clock.time(person.first_seen),
            "now" if person.present else clock.time(person.last_seen),
            _marked(report.duration(person.total_duration), person.estimated),
        )
    return table


def _stays(record: Attendance, clock: _Clock) -> Table:
    table = _table("joined", "left", "duration", "reconnects", "reason")
    for participant, stays in record.participants:
        for stay in stays:
            left = clock.now if stay.left_at is None else stay.left_at
            table.add_row(
                Text(_shown(participant.name)),
                _role(participant.role),
                clock.time(stay.joined_at),
                "now" if stay.left_at is None else clock.time(stay.left_at),
                _marked(report.duration(max(0.0, left - stay.joined_at)), stay.estimated),
                str(stay.connections - 1),
                stay.reason or "",
            )
    return table


def _foot(summary: Report, clock: _Clock) -> Iterator[Text]:
    totals = summary.totals
    if not totals.participants:
        yield Text("Nobody was in it.")
        return
    parts = [f"{totals.participants} {'person' if totals.participants == 1 else 'people'}"]
    if totals.present:
        parts.append(f"{totals.present} in it now")
    if totals.peak_at is not None:
        parts.append(f"at most {totals.peak} at once, at {clock.time(totals.peak_at)}")
    average = totals.total_duration / totals.participants
    parts.append(f"{report.duration(totals.total_duration)} together, {report.duration(average)} on average")
    yield Text("; ".join(parts) + ".")
    if totals.estimated:
        yield Text("~ an end is estimated: the server was cut off while they were there.", style="dim")


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("name", overflow="fold")
    table.add_column("role", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="left" if column == "reason" else "right", no_wrap=True)
    return table


def _marked(duration: str, estimated: bool) -> str:
    return f"~{duration}" if estimated else duration


def _role(role: Role) -> str:
    return "" if role == "participant" else role


def _shown(text: str) -> str:
    """Without what would give orders to a terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if category(letter) == "Cc" else letter for letter in text)
