"""The instances of a series: how to find one, and its attendance alone. Pure, like `attendance_report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from server.reports import attendance_report
from storage.import_reports import ImportSource, ImportTotals, Registration, Registrations
from storage.imports import INSTANCE, Import, Part
from storage.records import Attendance


class NoSuchInstance(ValueError):  # noqa: N818 - named for what happened
    """The text says which instances there are."""


def of(record: Import) -> Sequence[Part]:
    """The instances, by their beginnings."""
    return [part for part in record.parts if part.part.startswith(INSTANCE)]


def uuid(part: Part) -> str:
    return part.part.removeprefix(INSTANCE)


def source(record: Attendance) -> ImportSource:
    """Where the attendance came from. Raises `NoSuchInstance` for a meeting that was held here."""
    if record.import_source is None:
        raise NoSuchInstance("a meeting that was held here has no instances")
    return record.import_source


# One of them


def chosen(record: Import, named: str, zone: tzinfo | None = UTC) -> Part:
    """The instance with that UUID, or the only one that began then: `2026-11-03`, or `2026-11-03 17:00`, in the zone.

    Raises `NoSuchInstance`.
    """
    parts = of(record)
    wanted = " ".join(named.split())
    # An unescaped plus sign became a space in a URL.
    found = [part for part in parts if wanted in (uuid(part), uuid(part).replace("+", " "))] or [
        part for part in parts if wanted and _day_or_moment(part, wanted, zone)
    ]
    if len(found) == 1:
        return found[0]
    several = found or parts
    there = ", ".join(f"{uuid(part)} ({label(part, zone)})" for part in several[-5:]) or "none"
    more = f" and {len(several) - 5} more" if len(several) > 5 else ""
    how = "several instances of" if found else "no instance"
    raise NoSuchInstance(f"there {'are' if found else 'is'} {how} {wanted[:60]!r}; there are {there}{more}")


def _day_or_moment(part: Part, wanted: str, zone: tzinfo | None) -> bool:
    if part.starts_at is None:
        return False
    began = datetime.fromtimestamp(part.starts_at, UTC).astimezone(zone)
    return wanted.replace("T", " ") in (f"{began:%Y-%m-%d}", f"{began:%Y-%m-%d %H:%M}")


def only(record: Attendance, part: Part) -> Attendance:
    """The attendance as if this had been the only instance: who was in it, by arrival, and when."""
    import_source = source(record)
    there = []
    for participant, stays in record.participants:
        if own := [stay for stay in stays if stay.instance == uuid(part)]:
            is_open = any(stay.left_at is None for stay in own)
            there.append((replace(participant, state="connected" if is_open else "disconnected"), own))
    there.sort(key=lambda each: (each[1][0].joined_at, each[0].id))
    known = import_source.record
    registrants = [each for each in known.parts if not each.part.startswith(INSTANCE)]
    meeting = record.meeting
    lasts = [stay.joined_at if stay.left_at is None else stay.left_at for _, own in there for stay in own]
    begun = (
        part.starts_at
        if part.starts_at is not None
        else min((own[0].joined_at for _, own in there), default=None)
    )
    ended = part.ended_at if part.ended_at is not None else max(lasts, default=begun)
    return replace(
        record,
        meeting=replace(
            meeting,
            created_at=meeting.created_at if begun is None else begun,
            ended_at=meeting.ended_at if ended is None else ended,
        ),
        participants=there,
        import_source=replace(import_source, record=replace(known, parts=[*registrants, part])),
    )


def after(record: Attendance, participant_id: str) -> Attendance:
    """Those who follow the participant. Raises `KeyError` when nobody there has this id."""
    for place, (participant, _) in enumerate(record.participants):
        if participant.id == participant_id:
            return replace(record, participants=record.participants[place + 1 :])
    raise KeyError(participant_id)


def totals(whole: ImportTotals, everyone: Attendance, alone: Attendance, now: float) -> ImportTotals:
    """The totals of `alone`, one instance of `everyone`: people who came only to others are no-shows, if approved."""
    people = source(everyone).people
    there = {participant.id for participant, _ in alone.participants}
    elsewhere = sum(
        1
        for participant, _ in everyone.participants
        if participant.id not in there and people[participant.id].registration == "approved"
    )
    stays = [stay for _, own in alone.participants for stay in own]
    (part,) = of(source(alone).record)
    summed = attendance_report.summarised(alone, now).totals
    return replace(
        whole,
        people=len(there),
        guests=sum(people[each].guest for each in there),
        stays=len(stays),
        uncounted=max(0, part.rows - len(stays)) if part.state in ("partial", "complete") else 0,
        # A person's first stay there cannot be another person's; each further one may be.
        guessed=sum(
            len(own) - 1 for participant, own in alone.participants if people[participant.id].guessed
        ),
        no_shows=whole.no_shows + elsewhere,
        total_duration=summed.total_duration,
        first_joined_at=summed.first_joined_at,
        last_left_at=max((stay.left_at for stay in stays if stay.left_at is not None), default=None),
    )


def registered(page: Registrations, alone: Attendance, now: float) -> Registrations:
    """Who registered, and how long they came to that instance."""
    people = attendance_report.summarised(alone, now).people

    def came(person: Registration) -> Registration:
        found = people.get(person.participant_id)
        count, lasted = (found.session_count, found.total_duration) if found else (0, 0.0)
        return replace(person, session_count=count, total_duration=lasted)

    return replace(page, people=[came(person) for person in page.people])


def page_of(everyone: Registrations, limit: int, after: str | None, came: bool | None) -> Registrations:
    """A page like the store's. Raises `KeyError` when nobody there has the id `after`."""
    people = list(everyone.people)
    if after is not None:
        place = next((place for place, each in enumerate(people) if each.participant_id == after), None)
        if place is None:
            raise KeyError(after)
        people = people[place + 1 :]
    wanted = [each for each in people if came is None or came == (each.session_count > 0)]
    more = len(wanted) > limit
    return Registrations(wanted[:limit], wanted[limit - 1].participant_id if more else None)


def said(part: Part) -> str:
    """The state in words."""
    return part.state.replace("_", " ")


def label(part: Part, zone: tzinfo | None) -> str:
    if part.starts_at is None:
        return f"no date, {uuid(part)}"
    began = datetime.fromtimestamp(part.starts_at, UTC).astimezone(zone)
    offset = f"{began:%z}"
    return f"{began:%Y-%m-%d %H:%M} {'UTC' if zone is UTC else f'{offset[:3]}:{offset[3:5]}'}"
