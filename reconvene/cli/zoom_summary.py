"""The outcome of a sync and the state of imports: as tables for people, as JSON for programs.

Times are UTC, as in Zoom's reports and in the reasons.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconvene.cli.attendance_import import absent_of, doubt_of
from reconvene.terminal import counted, day_or_time, harmless, minute, rows_of
from server.reports import attendance_report, import_source
from storage.import_reports import ImportTotals
from storage.imports import REGISTRANTS, Import, Part, PartState, RegistrantStatus, Subject

if TYPE_CHECKING:
    # The import needs the extra `zoom`; showing imports does not.
    from server.zoom.sync import Outcome

SETTLED: Final = 24 * 3600.0
"""Seconds after the end; from then on a Zoom report no longer changes."""

STATUSES: Final[Sequence[RegistrantStatus]] = get_args(RegistrantStatus)

MOST_NAMED: Final = 4
"""Most lists named that share a reason."""

_STYLES: Final[dict[PartState, str]] = {
    "unread": "dim",
    "live": "cyan",
    "partial": "yellow",
    "complete": "green",
    "unknown": "yellow",
    "too_old": "dim",
}


@dataclass(frozen=True, slots=True)
class Known:
    """The state of one import, as of `at`."""

    record: Import
    totals: ImportTotals
    at: float


# For people


def show_outcome(console: Console, outcome: Outcome, now: float) -> None:
    """The summary of a sync: the result, its sources, what is missing, and what to do."""
    known = Known(outcome.record, outcome.totals, now)
    _show(console, known)
    if outcome.reasons:
        console.print(Text("\nNot complete", style="bold yellow"))
        for reason in together(outcome.reasons):
            console.print(Text(f"• {harmless(reason)}", style="yellow"))
    for note in together(outcome.notes):
        console.print(Text(f"• {harmless(note)}", style="dim"))
    console.print()
    for line in _advice(outcome, now):
        console.print(Text(line))


def show_import(console: Console, known: Known) -> None:
    """One import, all of its parts."""
    _show(console, known)
    reasons = [f"{title(part)}: {part.reason}" for part in in_order(known.record.parts) if part.reason]
    for reason in together(reasons):
        console.print(Text(f"• {harmless(reason)}", style="yellow"))
    console.print()
    if import_source.state_of(known.record) != ("complete", ""):
        console.print(Text(f"Go on with it: {command(known.record.subject)}"))
    if known.record.due_at is not None:
        console.print(
            f"Due to be read again by the server at {minute(known.record.due_at)} UTC.",
        )
    for line in _where(known.record.subject.room):
        console.print(Text(line))


def together(reasons: Iterable[str]) -> Iterator[str]:
    """`title: reason`, one line for all parts with the same reason; of many instances only some are named."""
    titles: dict[str, list[str]] = {}
    for each in reasons:
        title, _, reason = each.partition(": ")
        titles.setdefault(reason, []).append(title)
    for reason, of in titles.items():
        named = "; ".join(of[:MOST_NAMED])
        more = f" and {len(of) - MOST_NAMED:,} more" if len(of) > MOST_NAMED else ""
        yield f"{named}{more}: {reason}" if reason else f"{named}{more}"


def command(subject: Subject) -> str:
    """The command that reads the import (again)."""
    return f"reconvene zoom sync {subject.external_id}{' --meeting' if subject.kind == 'meeting' else ''}"


def show_imports(console: Console, imports: Sequence[Known]) -> None:
    """One line for each import."""
    if not imports:
        console.print("Nothing was imported yet: reconvene zoom sync ID does it.")
        return
    table = _table("id", "title", "kind", "state", "people", "checked", "next")
    for known in imports:
        record, subject = known.record, known.record.subject
        state, reason = import_source.state_of(record)
        less = "; the latest reading came to less" if reason and state == "complete" else ""
        checked = max((part.checked_at for part in record.parts if part.checked_at is not None), default=None)
        table.add_row(
            subject.external_id,
            Text(harmless(subject.title)),
            subject.kind,
            Text(state.replace("_", " ") + less, style="yellow" if less else _STYLES[state]),
            f"{known.totals.people:,}" if import_source.is_known(record) else "unknown",
            "" if checked is None else day_or_time(checked, known.at),
            "" if record.due_at is None else day_or_time(record.due_at, known.at),
        )
    console.print(table)
    console.print(Text("Times are UTC. One in full: reconvene zoom status ID", style="dim"))


def in_order(parts: Sequence[Part]) -> Sequence[Part]:
    """Registrants as they are read, then the instances."""
    order = [f"{REGISTRANTS}{status}" for status in STATUSES]
    return sorted(parts, key=lambda part: order.index(part.part) if part.part in order else len(order))


def title(part: Part) -> str:
    """`registrants, approved` or `2026-11-21 09:00 UTC`"""
    if part.part.startswith(REGISTRANTS):
        return f"registrants, {part.part.removeprefix(REGISTRANTS)}"
    return "an unknown date" if part.starts_at is None else f"{minute(part.starts_at)} UTC"


def _show(console: Console, known: Known) -> None:
    record = known.record
    subject = record.subject
    head = Text.assemble((subject.room, "bold"), f"  {harmless(subject.title)}" if subject.title else "")
    console.print(head)
    console.print(_numbers(known))
    console.print(_parts(known))
    for why in _reasons_of_sources(record):
        console.print(Text(why, style="dim"))


def _numbers(known: Known) -> Table:
    totals = known.totals
    average = totals.total_duration / max(1, totals.people)
    read = {part.part for part in known.record.parts if part.state in ("partial", "complete")}
    statuses = ", ".join(
        f"{totals.registrants.get(status, 0):,} {status}"
        for status in STATUSES
        if f"{REGISTRANTS}{status}" in read
    )
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("registrants", statuses or "unknown")
    if not import_source.is_known(known.record):
        grid.add_row("attendance", "unknown")
        return grid
    left_out = "" if not totals.uncounted else f"; {counted(totals.uncounted, 'waiting-room row')} left out"
    grid.add_row(
        "people", f"{totals.people:,}{doubt_of(totals)}, {counted(totals.guests, 'guest')} among them"
    )
    grid.add_row("stays", f"{totals.stays:,}{left_out}")
    no_shows = absent_of(known.record, totals)
    grid.add_row("no-shows", no_shows if import_source.is_approved_known(known.record) else "unknown")
    grid.add_row(
        "total time",
        f"{attendance_report.duration(totals.total_duration)}, {attendance_report.duration(average)} on average",
    )
    return grid


def _parts(known: Known) -> Table:
    table = _table("part", "rows", "source", "state", "checked")
    for part in in_order(known.record.parts):
        shown = part.state not in ("unread", "unknown", "too_old")
        table.add_row(
            title(part),
            rows_of(part.given, part.total) if shown else "",
            "" if part.part.startswith(REGISTRANTS) else Text(harmless(part.source)),
            Text.assemble((part.state.replace("_", " "), _STYLES[part.state]), _walking(part, known.at)),
            "" if part.checked_at is None else day_or_time(part.checked_at, known.at),
        )
    return table


def _walking(part: Part, now: float) -> str:
    """The progress of a part that is being read, or whose reading was interrupted."""
    if not part.walking:
        return ""
    walk = part.walking[0]
    rows = rows_of(walk.given, walk.total)
    return f", reading {rows}" if walk.lease_until > now else f", left after {rows}"


def _reasons_of_sources(record: Import) -> Iterator[str]:
    """Why no better source was used; said once for all instances that share the reason."""
    whys: dict[tuple[str, str], int] = {}
    for part in record.parts:
        if part.why and part.why not in part.reason:
            whys[part.source, part.why] = whys.get((part.source, part.why), 0) + 1
    for (source, why), parts in whys.items():
        yield f"Source {harmless(source)} ({counted(parts, 'part')}): {harmless(why)}"


def _advice(outcome: Outcome, now: float) -> Iterator[str]:
    ended = outcome.totals.last_left_at
    if outcome.again_at is not None:
        yield (
            f"What was read is kept. Run it again after {minute(outcome.again_at)} UTC: it goes on from there; "
            "with --watch it waits by itself."
        )
    elif not outcome.complete:
        yield "What was read is kept. Run it again when that is mended, or later; with --watch it does so by itself."
    elif not outcome.agreed and ended is not None and now - ended < SETTLED:
        yield "Zoom's reports change for up to a day after the end: run it again then, or with --watch."
    yield from _where(outcome.room)


def _where(room: str) -> Iterator[str]:
    yield f"See who was there: reconvene attendance {room}"
    yield f"On the server's page: /m/{room}/attendance"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        if column == "title":
            table.add_column(column, overflow="fold")
        else:
            right = column in ("rows", "people")
            table.add_column(column, justify="right" if right else "left", no_wrap=column != "state")
    return table


# For programs


def outcome_in_json(outcome: Outcome, now: float) -> str:
    """`import_in_json`, and `complete`, `reasons`, `notes`, `again_at`."""
    told = {
        **_in_full(Known(outcome.record, outcome.totals, now)),
        "complete": outcome.complete,
        "agreed": outcome.agreed,
        "reasons": list(outcome.reasons),
        "notes": list(outcome.notes),
        "again_at": attendance_report.moment(outcome.again_at),
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def import_in_json(known: Known) -> str:
    """`{"id", "title", "page"}` and the `source` of the attendance report."""
    return json.dumps(_in_full(known), indent=2, ensure_ascii=False)


def imports_in_json(imports: Sequence[Known]) -> str:
    """`{"imports": [as in import_in_json, …]}`"""
    return json.dumps({"imports": [_in_full(known) for known in imports]}, indent=2, ensure_ascii=False)


def _in_full(known: Known) -> dict[str, Any]:
    subject = known.record.subject
    return {
        "id": subject.room,
        "title": subject.title,
        "page": f"/m/{subject.room}/attendance",
        **import_source.source(known.record, known.totals, known.at),
    }
