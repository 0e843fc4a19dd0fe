"""What can be read of a webinar or meeting: its title, its instances, and whether anybody could register.

If Zoom does not list the instances, the latest one is read by the bare number. It is stored as
`88988872033 2026-11-10T10:00Z`, so that the next one, next week's or the same day's, does not replace it. Once Zoom
lists the instances, their attendance replaces it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from server.zoom import person_matching
from server.zoom.client import ZoomClient
from server.zoom.errors import (
    BadAnswer,
    MissingScope,
    NoPermission,
    NotFound,
    Refused,
    TooOld,
    Unavailable,
    ZoomFailure,
)
from server.zoom.zoom_records import Details, Instance, PanelistRow, ParticipantRow, Source
from storage.imports import INSTANCE, HeldRole, Import, Kind, Part, Subject

log = structlog.get_logger()

NEAR = 600.0
"""Two beginnings at most this many seconds apart are one instance, if it is not known when it ended."""
NO_REGISTRATION = 2
_NOT_THERE = (NotFound, MissingScope, NoPermission, TooOld)
_NOT_NOW = (Refused, Unavailable, BadAnswer)
"""These failures, of a request for something else, do not stop the reading of the attendance."""
SOURCES: Sequence[Source] = ("report", "basic")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`instance`: only the instance with that UUID."""

    external_id: str
    kind: Kind
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`instances`: the oldest first. `reason`: why instances may be missing, if somebody can mend it; `note`: if nobody
    can. `registrable`: False when nobody could register."""

    subject: Subject
    instances: Sequence[Instance]
    registrable: bool
    reason: str = ""
    note: str = ""


async def find(client: ZoomClient, wanted: Wanted, record: Import | None) -> Found:
    """`record` is what is known so far. Raises `ZoomFailure`; `NotFound` means that Zoom knows no instance.

    People confuse meetings and webinars: a number that is not found as one kind is looked for as the other, and the
    `note` says so.
    """
    kind = record.subject.kind if record else wanted.kind
    try:
        found = await _find(client, replace(wanted, kind=kind), record)
    except _NOT_THERE as failure:
        kind = _other(kind)
        try:
            found = await _find(client, replace(wanted, kind=kind), record)
        except _NOT_THERE as as_well:
            raise _neither(wanted, failure, as_well) from None
        if found.reason and wanted.instance is not None:
            # We may not ask whether that instance is of this kind.
            raise
    if kind == wanted.kind:
        return found
    note = f"{wanted.external_id} is a {kind}, and was read as one ({_how(kind)} says so from the first)"
    log.warning(note)
    return replace(found, note="; ".join(filter(None, (note, found.note))))


def _other(kind: Kind) -> Kind:
    return "meeting" if kind == "webinar" else "webinar"


def _how(kind: Kind) -> str:
    """How the command selects the kind."""
    return "--meeting" if kind == "meeting" else "leaving out --meeting"


def _neither(wanted: Wanted, failure: ZoomFailure, as_well: ZoomFailure) -> ZoomFailure:
    """Why there is nothing to read, of either kind."""
    if isinstance(failure, NotFound) and isinstance(as_well, NotFound):
        if wanted.instance is not None:
            return failure
        return NotFound(
            f"Zoom knows no past instance of {wanted.external_id}, neither as a webinar nor as a meeting (--meeting): "
            "is the id right, is it of this account, and has it ended?"
        )
    if not isinstance(failure, NotFound) and not isinstance(as_well, NotFound):
        return failure
    return NotFound(
        f"{failure}; it was looked for as a {_other(wanted.kind)} as well ({_how(_other(wanted.kind))}): {as_well}"
    )


async def _find(client: ZoomClient, wanted: Wanted, record: Import | None) -> Found:
    details = await _details(client, wanted)
    title = (details.topic if details else "") or (record.subject.title if record else "")
    subject = person_matching.subject(
        wanted.kind,
        wanted.external_id,
        title or f"Zoom {wanted.kind} {wanted.external_id}",
        await _roles(client, wanted, details, record),
    )
    registrable = details is None or details.approval_type != NO_REGISTRATION
    try:
        told = await client.instances(wanted.kind, wanted.external_id)
    except (MissingScope, NoPermission) as failure:
        instances, _ = await _untold(client, wanted, record, failure)
        return Found(subject, instances, registrable, reason=f"there may be other instances: {failure}")
    except (NotFound, TooOld) as failure:
        log.info("instances not read", id=wanted.external_id, error=str(failure))
        told = ()
    instances = list({instance.uuid: instance for instance in told if instance.uuid}.values())
    if instances:
        return Found(subject, _chosen(wanted, instances), registrable)
    known, which = await _untold(client, wanted, record, _unknown(wanted))
    return Found(subject, known, registrable, note=f"Zoom tells no instances: {which}")


def bare(external_id: str, starts_at: float) -> str:
    """Used instead of a UUID, for an instance that was read by the bare number."""
    return f"{external_id} {datetime.fromtimestamp(starts_at, UTC).strftime('%Y-%m-%dT%H:%MZ')}"


def is_bare(external_id: str, uuid: str) -> bool:
    return uuid.startswith(f"{external_id} ")


def superseded(record: Import) -> Sequence[Part]:
    """Parts that were read by the bare number and show rows, all of which another instance has by now."""
    external_id = record.subject.external_id
    instances = [part for part in record.parts if part.part.startswith(INSTANCE) and part.rows]
    by_number = [part for part in instances if is_bare(external_id, part.part.removeprefix(INSTANCE))]
    others = [part for part in instances if part not in by_number and part.state != "live"]
    return [part for part in by_number if any(_has_all_of(other, part) for other in others)]


def _has_all_of(other: Part, part: Part) -> bool:
    return _is_same(part, other) and (other.state == "complete" or other.rows >= part.rows)


async def _details(client: ZoomClient, wanted: Wanted) -> Details | None:
    try:
        return await client.details(wanted.kind, wanted.external_id)
    except _NOT_THERE as failure:
        # Only the title is missing; a deleted or expired meeting still has its past instances.
        log.info("title not read", id=wanted.external_id, error=str(failure))
        return None


async def _roles(
    client: ZoomClient, wanted: Wanted, details: Details | None, record: Import | None
) -> Mapping[str, HeldRole] | None:
    """Host and panelists; those that Zoom does not tell stay as they are known. None: all of them do."""
    panelists: Sequence[PanelistRow] | None = ()
    if wanted.kind == "webinar":
        try:
            panelists = await client.panelists(wanted.external_id)
        except (*_NOT_THERE, *_NOT_NOW) as failure:
            log.info("panelists not read", id=wanted.external_id, error=str(failure))
            panelists = None
    told = person_matching.roles(
        person_matching.room(wanted.external_id), details or Details(), panelists or ()
    )
    known = record.roles.items() if record else ()
    # A person's id is one of their keys.
    hosts = {person: role for person, role in known if role == "host" and details is None}
    others = {person: role for person, role in known if role == "panelist" and panelists is None}
    return others | told | hosts or None


def _chosen(wanted: Wanted, instances: Sequence[Instance]) -> Sequence[Instance]:
    if wanted.instance is None:
        return instances
    chosen = [instance for instance in instances if instance.uuid == wanted.instance]
    if not chosen:
        known = ", ".join(f"{each.uuid} ({day(each)})" for each in instances[-5:])
        raise NotFound(
            f"The {wanted.kind} {wanted.external_id} has no past instance {wanted.instance}; it has {known}"
        )
    return chosen


async def _untold(
    client: ZoomClient, wanted: Wanted, record: Import | None, failure: ZoomFailure
) -> tuple[Sequence[Instance], str]:
    """Instances known from elsewhere, and the latest; and a text that says which of them are read. Raises `failure`
    when there is none."""
    external_id, one = wanted.external_id, wanted.instance
    if one is not None and not isinstance(failure, NotFound) and not is_bare(external_id, one):
        return [Instance(uuid=one)], ""
    parts = [part for part in record.parts if part.part.startswith(INSTANCE)] if record else []
    by_uuid = [part for part in parts if not is_bare(external_id, part.part.removeprefix(INSTANCE))]
    heard = [_instance(part, part.starts_at) for part in by_uuid]
    if any(instance.uuid == one for instance in heard):
        return _chosen(wanted, heard), "the one that was asked for was read"
    which = "the latest was read"
    try:
        rows = await _latest(client, wanted)
    except _NOT_NOW as refused:
        if not heard:
            raise
        log.warning("the latest instance was not read", id=external_id, error=str(refused))
        rows, which = (), f"the latest was not read: {refused}"
    if heard:
        which = f"those that were heard of were read; {which}"
    latest = _session(rows)
    if latest is None or latest.starts_at is None:
        if not heard:
            raise failure
        return _chosen(wanted, heard), which
    known = next((part for part in [*by_uuid, *parts] if _is_same(part, latest)), None)
    if known is None:
        heard.append(Instance(uuid=bare(external_id, latest.starts_at), start_time=latest.starts_at))
    elif known not in by_uuid:
        heard.append(_instance(known, latest.starts_at))
    return _chosen(wanted, heard), which


def _instance(part: Part, starts_at: float | None) -> Instance:
    return Instance(uuid=part.part.removeprefix(INSTANCE), start_time=starts_at)


async def _latest(client: ZoomClient, wanted: Wanted) -> Sequence[ParticipantRow]:
    """The first rows of the latest instance."""
    for source in SOURCES:
        try:
            page = await client.participants(wanted.kind, wanted.external_id, source, "")
        except _NOT_THERE as failure:
            log.info("the latest instance is not in this source", source=source, error=str(failure))
        else:
            if page.rows:
                return page.rows
    return ()


def _session(rows: Sequence[ParticipantRow]) -> Part | None:
    """The time of the rows, as a part; None: they tell no time."""
    # People may wait for an instance while the one before it still goes on.
    there = [row for row in rows if row.status != person_matching.IN_WAITING_ROOM] or rows
    joined = [row.join_time for row in there if row.join_time is not None]
    left = [row.leave_time for row in there if row.leave_time is not None]
    return (
        Part("", min(joined), max(left, default=None), "unread", "", "", "", 0, None, 0, None)
        if joined
        else None
    )


def _is_same(one: Part, other: Part) -> bool:
    """Whether both are of one instance: a number has one instance at a time, however soon the next one begins."""
    if one.starts_at is None or other.starts_at is None:
        return False
    if one.ended_at is None or other.ended_at is None:
        return abs(one.starts_at - other.starts_at) <= NEAR
    return one.starts_at == other.starts_at or (
        one.starts_at < other.ended_at and other.starts_at < one.ended_at
    )


def _unknown(wanted: Wanted) -> NotFound:
    return NotFound(f"Zoom knows no past instance of the {wanted.kind} {wanted.external_id}: has it ended?")


def day(instance: Instance) -> str:
    at = instance.start_time
    return "an unknown date" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
