"""What the API says of jobs and of imports. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from server.reports import import_source
from server.reports.attendance_report import moment
from server.zoom.jobs import Job
from storage.import_reports import ImportTotals
from storage.imports import Import


def job(told: Job, now: float) -> dict[str, Any]:
    """The job's progress. `rate` (rows per second) and `seconds_left` refer to the list that is being read."""
    progress, request = told.progress, told.request
    totals = [part.total for part in progress.parts]
    reading = next((part for part in progress.parts if part.state == "walking"), None)
    pace = told.paces.get(reading.part) if reading and told.state == "running" else None
    return {
        "id": told.id,
        "external_id": request.external_id,
        # The kind that it proved to be.
        "kind": told.outcome.record.subject.kind if told.outcome else request.kind,
        "instance": request.instance,
        "room": progress.room,
        "title": progress.title,
        "state": told.state,
        "stage": progress.stage,
        "note": progress.note,
        "wakes_at": moment(progress.wakes_at),
        "started_at": moment(told.started_at),
        "finished_at": moment(told.finished_at),
        "due_at": moment(told.due_at),
        "rows": sum(part.rows for part in progress.parts),
        "total": sum(total for total in totals if total is not None)
        if totals and None not in totals
        else None,
        "rate": _rounded(pace.rate(now)) if pace else None,
        "seconds_left": _rounded(pace.left(reading.total if reading else None, now)) if pace else None,
        "parts": [asdict(part) for part in progress.parts],
        "reasons": list(told.outcome.reasons) if told.outcome else [],
        "notes": list(told.outcome.notes) if told.outcome else [],
        "source": import_source.source(told.outcome.record, told.outcome.totals, now)
        if told.outcome
        else None,
    }


def known(record: Import, totals: ImportTotals, now: float) -> dict[str, Any]:
    """An import that this process has not read lately, described by its record like a finished job."""
    told = import_source.summary(record)
    return {
        "id": None,
        "external_id": record.subject.external_id,
        "kind": record.subject.kind,
        "instance": None,
        "room": record.subject.room,
        "title": record.subject.title,
        "state": told["state"],
        "stage": "done",
        "note": told["reason"],
        "wakes_at": None,
        "started_at": None,
        "finished_at": None,
        "due_at": moment(record.due_at),
        "rows": totals.stays + totals.uncounted + sum(totals.registrants.values()),
        "total": None,
        "rate": None,
        "seconds_left": None,
        "parts": [],
        "reasons": [told["reason"]] if told["reason"] else [],
        "notes": [],
        "source": import_source.source(record, totals, now),
    }


def listed(record: Import) -> dict[str, Any]:
    return {
        **import_source.summary(record),
        "room": record.subject.room,
        "title": record.subject.title,
        "due_at": moment(record.due_at),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
