"""What `reconvene attendance` does: read a meeting's record from the store, and print it for people or as CSV."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from reconvene.cli import attendance_by_instance, attendance_import
from reconvene.cli.attendance_import import Addresses
from reconvene.cli.read_only_store import CannotShow, opened, place
from reconvene.terminal import Clock, harmless, paper
from server.reports import attendance_report, import_source, instance_columns, instances
from server.reports.presence import Report
from server.settings.config import Config
from server.zoom import person_matching
from storage.errors import UnknownMeeting
from storage.import_reports import ImportTotals, Registrations
from storage.import_store import StoreWithImports
from storage.records import Attendance, Participant


class Rows(StrEnum):
    """What one row of the table stands for."""

    STAYS = "stays"
    PEOPLE = "people"
    REGISTRANTS = "registrants"


@dataclass(frozen=True, slots=True)
class Record:
    """A meeting's record. Of an import also its `totals` and, if asked for, who `registered`."""

    attendance: Attendance
    totals: ImportTotals | None = None
    registered: Registrations | None = None


async def read(
    environ: Mapping[str, str], meeting: str, rows: Rows | None, instance: str | None = None
) -> Record:
    """The record of a meeting or of one of its instances. Changes and creates nothing; a server may be running.

    An imported webinar's number is accepted in place of its meeting id. Raises `CannotShow`, `ConfigError`,
    `StoreError`.
    """
    try:
        rooms = person_matching.rooms(meeting)
    except ValueError as wrong:
        raise CannotShow(f"{meeting!r} cannot be a meeting: {wrong}") from None
    config = Config.from_env(environ)
    async with opened(config) as store:
        for room in rooms:
            try:
                attendance = await store.attendance(room)
            except UnknownMeeting:
                continue
            record = await _whole(store, attendance, rows)
            return record if instance is None else _only(record, instance)
    raise CannotShow(f"there is no meeting {' or '.join(rooms)} at {place(config)}")


async def _whole(store: StoreWithImports, attendance: Attendance, rows: Rows | None) -> Record:
    room = attendance.meeting.room
    if attendance.import_source is None:
        if rows is Rows.REGISTRANTS:
            raise CannotShow(f"nobody registers for a meeting that is held here, as {room} was")
        return Record(attendance)
    registered = await store.registrations(room) if rows is Rows.REGISTRANTS else None
    return Record(attendance, await store.import_totals(room), registered)


def _only(whole: Record, instance: str) -> Record:
    """The part of the record that belongs to one instance. Raises `CannotShow`."""
    try:
        source = instances.source(whole.attendance)
        alone = instances.only(whole.attendance, instances.chosen(source.record, instance, None))
    except instances.NoSuchInstance as error:
        raise CannotShow(f"--instance: {error}") from None
    now = time.time()
    totals, registered = whole.totals, whole.registered
    return Record(
        alone,
        totals and instances.totals(totals, whole.attendance, alone, now),
        registered and instances.registered(registered, alone, now),
    )


def show(found: Record, *, rows: Rows | None, as_csv: bool, by_instance: bool = False) -> None:
    """Print to standard output. By default, a row of the table is a person and a row of the CSV a stay.

    `by_instance`: a row is a person, and there is a column for each instance. Raises `NoSuchInstance`.
    """
    record = found.attendance
    now = time.time()
    if by_instance:
        instances.source(record)
    if as_csv:
        sys.stdout.flush()
        sys.stdout.buffer.write(
            instance_columns.as_csv(record, now, None)
            if by_instance
            else _csv(found, rows or Rows.STAYS, now)
        )
        return
    console = paper()
    summary = attendance_report.summarised(record, now)
    first = record.meeting.created_at
    last = max((person.last_seen for person in summary.people.values()), default=first)
    clock = Clock(first, last, now, brief=record.import_source is not None)
    addresses = attendance_import.addresses(record, console)
    for line in _head(record, clock):
        console.print(line, soft_wrap=True)
    if by_instance:
        for table in attendance_by_instance.tables(record, clock, addresses, console):
            console.print(table)
    elif rows is Rows.REGISTRANTS:
        if found.registered is not None and found.registered.people:
            console.print(attendance_import.registrants(found.registered, record, clock))
    elif record.participants:
        console.print(
            _stays(record, clock, addresses)
            if rows is Rows.STAYS
            else _people(record, summary, clock, addresses)
        )
    for line in _foot(found, summary, clock):
        console.print(line, soft_wrap=True)


def _csv(found: Record, rows: Rows, now: float) -> bytes:
    record = found.attendance
    if record.import_source is not None and found.registered is not None:
        return import_source.registrants_as_csv(found.registered, record.import_source.record)
    return attendance_report.as_csv(record, now, attendance_report.Rows(rows))


def _head(record: Attendance, clock: Clock) -> Iterator[Text]:
    meeting = record.meeting
    title = f"  {harmless(meeting.title)}" if meeting.title else ""
    yield Text.assemble((meeting.room, "bold"), title)
    if record.import_source is None:
        ended = "" if meeting.ended_at is None else f", ended {clock.day(meeting.ended_at)}"
        yield Text(
            f"Created {clock.day(meeting.created_at)}{ended}. Times are {clock.zone_name()}.", style="dim"
        )
    else:
        yield from attendance_import.head(record, record.import_source.record, clock)


def _people(record: Attendance, summary: Report, clock: Clock, addresses: Addresses) -> Table:
    table = _table(record, addresses, "stays", "reconnects", "first seen", "last seen", "total")
    for participant, _ in record.participants:
        person = attendance_report.person_of(summary, participant)
        table.add_row(
            *_who(record, participant, addresses),
            str(person.session_count),
            *([] if record.import_source else [str(person.reconnects)]),
            clock.time(person.first_seen),
            "now" if person.present else clock.time(person.last_seen),
            _marked(attendance_report.duration(person.total_duration), person.estimated),
        )
    return table


def _stays(record: Attendance, clock: Clock, addresses: Addresses) -> Table:
    table = _table(record, addresses, "joined", "left", "duration", "reconnects", "reason")
    for participant, stays in record.participants:
        for stay in stays:
            left = clock.now if stay.left_at is None else stay.left_at
            table.add_row(
                *_who(record, participant, addresses),
                clock.time(stay.joined_at),
                "now" if stay.left_at is None else clock.time(stay.left_at),
                _marked(attendance_report.duration(max(0.0, left - stay.joined_at)), stay.estimated),
                *([] if record.import_source else [str(stay.connections - 1), stay.reason or ""]),
            )
    return table


def _foot(found: Record, summary: Report, clock: Clock) -> Iterator[Text]:
    totals = summary.totals
    record = found.attendance
    programs = sum(participant.is_program for participant, _ in record.participants)
    bots = f"{programs} {'bot' if programs == 1 else 'bots'}" if programs else ""
    if record.import_source is not None and found.totals is not None:
        yield from attendance_import.foot(record.import_source.record, found.totals)
    elif not totals.participants:
        yield Text(f"Nobody was in it{f' but {bots}' if bots else ''}.")
    if not totals.participants:
        return
    parts = []
    if record.import_source is None:
        besides = f", and {bots} that {'counts' if programs == 1 else 'count'} nowhere" if bots else ""
        parts.append(f"{totals.participants} {'person' if totals.participants == 1 else 'people'}{besides}")
    if totals.present:
        parts.append(f"{totals.present} in it now")
    if totals.peak_at is not None:
        parts.append(f"at most {totals.peak} at once, at {clock.time(totals.peak_at)}")
    average = totals.total_duration / totals.participants
    parts.append(
        f"{attendance_report.duration(totals.total_duration)} together, "
        f"{attendance_report.duration(average)} on average"
    )
    told = "; ".join(parts)
    yield Text(f"{told[0].upper()}{told[1:]}.")
    if totals.estimated:
        why = (
            "an end is estimated: the server was cut off while they were there."
            if record.import_source is None
            else "a beginning or an end is estimated: nobody told it."
        )
        yield Text(f"~ {why}", style="dim")


def _table(record: Attendance, addresses: Addresses, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("name", overflow="fold")
    if record.import_source is None:
        table.add_column("role", no_wrap=True)
    else:
        if addresses == "beside":
            table.add_column("e-mail", overflow="fold")
        table.add_column("who", overflow="fold")
        # Zoom reports neither.
        columns = tuple(column for column in columns if column not in ("reconnects", "reason"))
    for column in columns:
        table.add_column(column, justify="left" if column == "reason" else "right", no_wrap=True)
    return table


def _who(record: Attendance, participant: Participant, addresses: Addresses) -> list[Text | str]:
    """The cells that identify the person."""
    name = Text(harmless(participant.name))
    if record.import_source is None:
        marks = ["bot"] if participant.is_program else []
        if participant.role != "participant":
            marks.insert(0, participant.role)
        return [name, ", ".join(marks)]
    return attendance_import.who(record.import_source, participant.id, name, addresses)


def _marked(duration: str, estimated: bool) -> str:
    return f"~{duration}" if estimated else duration
