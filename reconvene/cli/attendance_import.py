"""What `reconvene attendance` adds for an import: where it came from, who is who, who registered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconvene.terminal import Clock, counted, harmless
from server.reports import attendance_report, import_source
from storage.import_reports import Imported, ImportSource, ImportTotals, Registrations
from storage.imports import INSTANCE, Import
from storage.records import Attendance

Addresses = Literal["beside", "below", "none"]
"""Where addresses stand relative to the names."""

WIDE = 120
"""Terminal columns from which there is room for another table column."""


def head(record: Attendance, imported: Import, clock: Clock) -> Iterator[Text]:
    """When the meeting was, where the data came from, and how reliable the data is."""
    meeting = record.meeting
    ended_at = attendance_report.ended_at(meeting, imported)
    ended = ", goes on" if ended_at is None else f", ended {clock.day(ended_at)}"
    subject = imported.subject
    kind = f"{subject.kind[0].upper()}{subject.kind[1:]}"
    yield Text(
        f"{kind} {subject.external_id} in Zoom, began {clock.day(meeting.created_at)}{ended}. "
        f"Times are {clock.zone_name()}.",
        style="dim",
    )
    state, reason = import_source.state_of(imported)
    sources = sorted(
        {part.source for part in imported.parts if part.part.startswith(INSTANCE) and part.source}
    )
    checked = max((part.checked_at for part in imported.parts if part.checked_at is not None), default=None)
    because = (
        "" if not reason else f"; the latest reading: {reason}" if state == "complete" else f": {reason}"
    )
    told = [f"Source: {', '.join(sources) or 'none yet'}; {state}{because}"]
    if checked is not None:
        told.append(f"checked {clock.day(checked)}")
    yield Text(
        f"{harmless('; '.join(told)).rstrip('.')}.",
        style="yellow" if reason or state != "complete" else "dim",
    )


def addresses(record: Attendance, console: Console) -> Addresses:
    """Whether to show addresses: some are known and there is room."""
    people = {} if record.import_source is None else record.import_source.people
    if not any(known.email for known in people.values()):
        return "none"
    return "below" if console.width < WIDE else "beside"


def who(source: ImportSource, participant: str, name: Text, addresses: Addresses) -> list[Text | str]:
    """Cells: the name, the address, and `host` or `panelist`, with `registered`, `pending` or `denied`; or `guest` and
    who the guest may be; and whether breakout room rows were matched by name."""
    known = source.people[participant]
    email = harmless(known.email)
    if addresses == "beside":
        return [name, Text(email), Text(_known_as(source, known))]
    if addresses == "below" and email:
        name = Text.assemble(name, "\n", (email, "dim"))
    return [name, Text(_known_as(source, known))]


def _known_as(source: ImportSource, known: Imported) -> str:
    said = _registered_as(source, known)
    return ", ".join(filter(None, (said, "in rooms by name" if known.guessed else "")))


def _registered_as(source: ImportSource, known: Imported) -> str:
    if not known.guest:
        registered = "registered" if known.registration == "approved" else known.registration or ""
        role = "" if known.role == "participant" else known.role
        return ", ".join(filter(None, (role, registered)))
    if known.name_match is None:
        return "guest"
    same = source.people.get(known.name_match)
    return f"guest, perhaps {harmless(same.email) if same and same.email else 'the other of this name'}"


def registrants(page: Registrations, record: Attendance, clock: Clock) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("name", overflow="fold")
    table.add_column("e-mail", overflow="fold")
    for column in ("status", "registered", "stays", "total"):
        table.add_column(column, no_wrap=True, justify="left" if column == "status" else "right")
    known = record.import_source is not None and import_source.is_known(record.import_source.record)
    for person in page.people:
        came = (
            [str(person.session_count), attendance_report.duration(person.total_duration)]
            if known
            else ["?", ""]
        )
        table.add_row(
            Text(harmless(person.name)),
            Text(harmless(person.email)),
            person.status,
            "" if person.registered_at is None else clock.date(person.registered_at),
            *came,
        )
    return table


def doubt_of(totals: ImportTotals) -> str:
    """` (30 to 41)`: the range of the number of people where some rows were merged by guesses."""
    if not totals.guessed:
        return ""
    most = totals.people + totals.guessed
    return f" ({totals.people:,} to {most:,}: guests are followed into breakout rooms by name)"


def absent_of(imported: Import, totals: ImportTotals) -> str:
    """Registrants who did not come, if anything is known of them."""
    doubt = import_source.doubt_of_absent(imported)
    return f"{totals.no_shows:,}{doubt and f' {doubt}'} registered and did not come"


def foot(imported: Import, totals: ImportTotals) -> Iterator[Text]:
    """How many came, and how many did not."""
    registered = ", ".join(f"{count:,} {status}" for status, count in totals.registrants.items() if count)
    if not import_source.is_known(imported):
        asked = f" Registered: {registered}; --rows registrants shows them." if registered else ""
        yield Text(f"Who attended is unknown.{asked}")
        return
    people = f"{counted(totals.people, 'person', 'people')}{doubt_of(totals)}"
    came = f"{people}, {counted(totals.guests, 'guest')} among them"
    if not import_source.is_approved_known(imported):
        known = f"registered: {registered}; who was approved" if registered else "who registered"
        yield Text(f"{came}; {known} is unknown.")
    elif registered:
        yield Text(f"{came}; registered: {registered}; {absent_of(imported, totals)}.")
    else:
        yield Text(f"{came}; nobody registered.")
