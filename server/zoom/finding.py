"""What there is to be read of a webinar or meeting: its title, its instances, and whether anybody could register.

Where Zoom does not tell the instances, a bare number stands for the latest of them: that one is read by the number, as
`88988872033 2026-11-10T10:00Z`, so that next week's does not take its place. Once Zoom tells the instances, what they
show takes the place of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from server.zoom import people
from server.zoom.client import ZoomClient
from server.zoom.failures import MissingScope, NoPermission, NotFound, Refused, ZoomFailure
from server.zoom.wire import Details, Instance, PanelistRow, ParticipantRow, Source
from storage.imports import INSTANCE, HeldRole, Import, Kind, Part, Subject

log = structlog.get_logger()

AROUND = 3600.0
"""Seconds before and after an instance in which what was read by the bare number is of that instance."""
NO_REGISTRATION = 2
_NOT_THERE = (NotFound, MissingScope, NoPermission)
SOURCES: Sequence[Source] = ("report", "basic")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`instance`: only the one with that UUID."""

    external_id: str
    kind: Kind
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`instances`: the oldest first. `reason`: why these are perhaps not all, which somebody can mend; `note`: which
    nobody can. `registrable`: False when nobody could register."""

    subject: Subject
    instances: Sequence[Instance]
    registrable: bool
    reason: str = ""
    note: str = ""


async def find(client: ZoomClient, wanted: Wanted, record: Import | None) -> Found:
    """`record` is what is known by now. Raises `ZoomFailure`, `NotFound` among them: Zoom knows of no instance.

    People take the number of a meeting for that of a webinar: what is not found as the one is looked for as the other,
    and the `note` says so.
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
            # Whether that one is of this kind is what nobody may say.
            raise
    if kind == wanted.kind:
        return found
    note = f"{wanted.external_id} is a {kind}, and was read as one ({_how(kind)} says so from the first)"
    log.warning(note)
    return replace(found, note="; ".join(filter(None, (note, found.note))))


def _other(kind: Kind) -> Kind:
    return "meeting" if kind == "webinar" else "webinar"


def _how(kind: Kind) -> str:
    """By which it is told apart."""
    return "--meeting" if kind == "meeting" else "leaving out --meeting"


def _neither(wanted: Wanted, failure: ZoomFailure, as_well: ZoomFailure) -> ZoomFailure:
    """Why there is nothing to read, whatever it is."""
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
    title = details.topic or (record.subject.title if record else "")
    subject = people.subject(
        wanted.kind,
        wanted.external_id,
        title or f"Zoom {wanted.kind} {wanted.external_id}",
        await _roles(client, wanted, details),
    )
    registrable = details.approval_type != NO_REGISTRATION
    try:
        told = await client.instances(wanted.kind, wanted.external_id)
    except (MissingScope, NoPermission) as failure:
        instances = await _untold(client, wanted, record, failure)
        return Found(subject, instances, registrable, reason=f"there may be other instances: {failure}")
    except NotFound as failure:
        log.info("instances not read", id=wanted.external_id, error=str(failure))
        told = ()
    instances = list({instance.uuid: instance for instance in told if instance.uuid}.values())
    if instances:
        return Found(subject, _chosen(wanted, instances), registrable)
    instances = _chosen(wanted, await _untold(client, wanted, record, _unknown(wanted)))
    return Found(subject, instances, registrable, note="Zoom tells no instances: the latest was read")


def bare(external_id: str, starts_at: float) -> str:
    """Stands in the place of a UUID, for an instance that was read by the bare number."""
    return f"{external_id} {datetime.fromtimestamp(starts_at, UTC).strftime('%Y-%m-%dT%H:%MZ')}"


def is_bare(external_id: str, uuid: str) -> bool:
    return uuid.startswith(f"{external_id} ")


def superseded(record: Import) -> Sequence[Part]:
    """Parts that were read by the bare number, of which there is something to see, and an instance has it by now."""
    external_id = record.subject.external_id
    instances = [part for part in record.parts if part.part.startswith(INSTANCE)]
    by_number = [part for part in instances if is_bare(external_id, part.part.removeprefix(INSTANCE))]
    others = [part for part in instances if part not in by_number and part.rows and part.state != "live"]
    return [part for part in by_number if part.rows and any(_overlap(part, other) for other in others)]


async def _details(client: ZoomClient, wanted: Wanted) -> Details:
    try:
        return await client.details(wanted.kind, wanted.external_id)
    except (MissingScope, NoPermission, NotFound) as failure:
        # The title only; what was deleted, or has expired, still has its past instances.
        log.info("title not read", id=wanted.external_id, error=str(failure))
        return Details()


async def _roles(client: ZoomClient, wanted: Wanted, details: Details) -> Mapping[str, HeldRole] | None:
    """None where they are not told: what is known of them stays."""
    panelists: Sequence[PanelistRow] = ()
    if wanted.kind == "webinar":
        try:
            panelists = await client.panelists(wanted.external_id)
        except (MissingScope, NoPermission, NotFound, Refused) as failure:
            log.info("panelists not read", id=wanted.external_id, error=str(failure))
    return people.roles(people.room(wanted.external_id), details, panelists) or None


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
) -> Sequence[Instance]:
    """Those that were heard of otherwise, or the latest. Raises `failure` when there is nothing of it."""
    if wanted.instance is not None and not isinstance(failure, NotFound):
        return [Instance(uuid=wanted.instance)]
    parts = [part for part in record.parts if part.part.startswith(INSTANCE)] if record else []
    heard = [
        Instance(uuid=uuid, start_time=part.starts_at)
        for part in parts
        if not is_bare(wanted.external_id, uuid := part.part.removeprefix(INSTANCE))
    ]
    if heard:
        return heard
    joined = sorted(row.join_time for row in await _latest(client, wanted) if row.join_time is not None)
    if not joined:
        raise failure
    latest = Part("", joined[0], joined[-1], "unread", "", "", "", 0, None, 0, None)
    known = next((part for part in parts if _overlap(part, latest)), None)
    uuid = known.part.removeprefix(INSTANCE) if known else bare(wanted.external_id, joined[0])
    return [Instance(uuid=uuid, start_time=joined[0])]


async def _latest(client: ZoomClient, wanted: Wanted) -> Sequence[ParticipantRow]:
    """The first rows of the latest instance."""
    for source in SOURCES:
        try:
            page = await client.participants(wanted.kind, wanted.external_id, source, "")
        except (MissingScope, NoPermission, NotFound) as failure:
            log.info("the latest instance is not in this source", source=source, error=str(failure))
        else:
            if page.rows:
                return page.rows
    return ()


def _overlap(one: Part, other: Part) -> bool:
    if one.starts_at is None or other.starts_at is None:
        return False
    ends = (one.ended_at or one.starts_at) + AROUND, (other.ended_at or other.starts_at) + AROUND
    return one.starts_at - AROUND < ends[1] and other.starts_at - AROUND < ends[0]


def _unknown(wanted: Wanted) -> NotFound:
    return NotFound(f"Zoom knows no past instance of the {wanted.kind} {wanted.external_id}: has it ended?")


def day(instance: Instance) -> str:
    at = instance.start_time
    return "an unknown date" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
