"""The part of the HTTP API that tells who was in a meeting, and who registered for one that was imported.

Annotations are evaluated here (no `from __future__ import annotations`): FastAPI reads those of nested functions.
"""

import asyncio
import zoneinfo
from collections.abc import Awaitable, Callable
from datetime import UTC, tzinfo
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from server.http.in_turn import Turns
from server.http.openapi import UNKNOWN, answered
from server.http.private import PRIVATE, private_json
from server.reports import attendance_report, audit, import_source, instance_columns, instances
from server.runtime.clock import RecordClock
from signalling.protocol.errors import ErrorCode, Refused
from storage.errors import UnknownParticipant
from storage.import_store import StoreWithImports
from storage.records import Attendance, Meeting

MOST_PEOPLE = 1000
"""On one page."""

Limit = Annotated[int, Query(ge=1, le=MOST_PEOPLE, description="JSON: people on this page.")]
After = Annotated[
    str | None, Query(pattern=r"^[^\x00-\x1f\x7f]{1,200}$", description="JSON: `next` of the page before.")
]
Instance = Annotated[
    str | None,
    Query(min_length=1, max_length=200, description="Of an import: this instance only, by its UUID."),
]


def add_to(
    routes: APIRouter,
    store: StoreWithImports,
    record_clock: RecordClock,
    Known: Any,  # noqa: N803 - a type: the id of whoever asks
    hosted: Callable[[str, str], Awaitable[Meeting]],
    turns: Turns,
) -> None:
    """`hosted`: the meeting, if the caller may see who was in it. Raises `Refused`, `UnknownMeeting`."""

    @routes.get(
        "/api/meetings/{meeting}/attendance",
        tags=["meetings"],
        response_class=Response,
        responses=answered("application/json", "text/csv") | UNKNOWN,
    )
    async def attendance(
        request: Request,
        meeting: str,
        user_id: Known,
        format: Literal["json", "csv"] = "json",  # noqa: A002 - the protocol's name
        rows: Annotated[
            Literal["stays", "people", "registrants", "audit"],
            Query(
                description="CSV: one row per stay, per person, per deed of those in charge, or, of an import, per "
                "registrant."
            ),
        ] = "stays",
        limit: Limit = MOST_PEOPLE,
        after: After = None,
        instance: Instance = None,
        by: Annotated[
            Literal["instance"] | None, Query(description="Of an import: one column for each instance.")
        ] = None,
        zone: Annotated[
            str, Query(max_length=64, description="With `by`, CSV: whose clocks the columns go by.")
        ] = "UTC",
    ) -> Response:
        """Everyone who was ever in the meeting, with their stays. Durations are in seconds.

        The first page (without `after`) also describes the whole meeting. CSV always has all of it.
        """
        room = (await hosted(meeting, user_id)).room
        clocks = _zone(zone)
        async with turns.turn(request, user_id, room):
            if format == "csv" and rows == "registrants" and by is None:
                return spreadsheet(await registered(room, instance), f"{room}-registrants")
            if format == "csv" and rows == "audit" and by is None:
                done_here = await audit.everything(store, room)
                return spreadsheet(await asyncio.to_thread(audit.as_csv, *done_here), f"{room}-audit")
            whole = after is None or format == "csv"
            # One more than the limit shows whether there is a next page.
            page = None if whole or instance else (limit + 1, after)
            everyone = await read(room, page)
            now = record_clock.now()
            record = everyone if instance is None else await alone(everyone, instance)
            if by is not None and everyone.import_source is None:
                raise Refused(ErrorCode.BAD_MESSAGE, "by: a meeting that was held here has no instances.")
            # On a thread: a large report takes a tenth of a second, and the event loop must go on serving sockets.
            if format == "csv":
                if by is not None:
                    table = await asyncio.to_thread(instance_columns.as_csv, record, now, clocks)
                    return spreadsheet(table, f"{room}-instances")
                table = await asyncio.to_thread(
                    attendance_report.as_csv, record, now, attendance_report.Rows(rows)
                )
                return spreadsheet(table, f"{room}-{'people' if rows == 'people' else 'attendance'}")
            done = await audited(everyone) if whole and by is None else None
            source: dict[str, Any] | None = None
            if whole and by is None and everyone.import_source is not None:
                totals = await store.import_totals(room)
                known = everyone.import_source.record
                if instance is not None:
                    totals = await asyncio.to_thread(instances.totals, totals, everyone, record, now)
                    source = {"instances": [instance_columns.head(part) for part in instances.of(known)]}
                    known = instances.source(record).record
                source = import_source.source(known, totals, now) | (source or {})
            if instance is not None and after is not None:
                record = _after(record, after)
            told = (
                partial(instance_columns.as_json, record, now, limit)
                if by is not None
                else partial(attendance_report.as_json, record, now, limit, source=source, done=done)
            )
            return private_json(await asyncio.to_thread(told))

    async def read(room: str, page: tuple[int, str | None] | None) -> Attendance:
        try:
            return await (store.attendance(room) if page is None else store.attendance(room, *page))
        except UnknownParticipant:
            raise _nobody() from None

    async def audited(everyone: Attendance) -> list[dict[str, Any]]:
        """What those in charge did, the earliest first."""
        entries = await store.audit(everyone.meeting.room, audit.MOST)
        people = {participant.user_id: participant for participant, _ in everyone.participants}
        return audit.told(entries[::-1], people)

    async def alone(everyone: Attendance, instance: str) -> Attendance:
        """The attendance of one instance only."""
        try:
            part = instances.chosen(instances.source(everyone).record, instance)
        except instances.NoSuchInstance as error:
            raise Refused(ErrorCode.BAD_MESSAGE, f"instance: {error}.") from None
        return await asyncio.to_thread(instances.only, everyone, part)

    async def registered(room: str, instance: str | None) -> bytes:
        """The table of everyone who registered."""
        record = await store.imported(room)
        if record is None:
            raise _not_imported("rows")
        everyone = await store.registrations(room)
        if instance is not None:
            one = await alone(await read(room, None), instance)
            record = instances.source(one).record
            everyone = await asyncio.to_thread(instances.registered, everyone, one, record_clock.now())
        return await asyncio.to_thread(import_source.registrants_as_csv, everyone, record)

    @routes.get(
        "/api/meetings/{meeting}/registrants",
        tags=["meetings"],
        response_class=Response,
        responses=answered("application/json") | UNKNOWN,
    )
    async def registrants(
        request: Request,
        meeting: str,
        user_id: Known,
        limit: Limit = MOST_PEOPLE,
        after: After = None,
        came: Annotated[
            Literal["yes", "no"] | None, Query(description="Only those who came, or who did not.")
        ] = None,
        instance: Instance = None,
    ) -> Response:
        """Who registered for a meeting that was imported, by name, and for how long they came."""
        room = (await hosted(meeting, user_id)).room
        async with turns.turn(request, user_id, room):
            record = await store.imported(room)
            if record is None:
                raise _not_imported("meeting")
            wanted = None if came is None else came == "yes"
            try:
                if instance is None:
                    found = await store.registrations(room, limit, after, wanted)
                else:
                    one = await alone(await read(room, None), instance)
                    record = instances.source(one).record
                    everyone = await store.registrations(room)
                    now = record_clock.now()
                    found = await asyncio.to_thread(instances.registered, everyone, one, now)
                    found = instances.page_of(found, limit, after, wanted)
            except (UnknownParticipant, KeyError):
                raise _nobody() from None
            return private_json(await asyncio.to_thread(import_source.registrants_as_json, found, record))


def spreadsheet(table: bytes, name: str) -> Response:
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(table, media_type="text/csv; charset=utf-8", headers=headers)


def _after(record: Attendance, participant: str) -> Attendance:
    try:
        return instances.after(record, participant)
    except KeyError:
        raise _nobody() from None


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise Refused(
            ErrorCode.BAD_MESSAGE, "zone: there is no time zone of this name, as in Europe/Berlin."
        ) from None


def _nobody() -> Refused:
    return Refused(ErrorCode.BAD_MESSAGE, "after: nobody in the meeting has this ID.")


def _not_imported(asked: str) -> Refused:
    return Refused(ErrorCode.BAD_MESSAGE, f"{asked}: nobody registers for a meeting that is held here.")
