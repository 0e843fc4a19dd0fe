"""What is told of an import to whoever reads: totals, people, registrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.imports import HeldRole, Import, RegistrantStatus


@dataclass(frozen=True, slots=True)
class ImportTotals:
    """Of what is shown. `people` have a stay that counts, `guests` among them no key but a row's own; `stays` count,
    `uncounted` are the other rows. `no_shows` are people with an approved registration and no stay that counts.
    `total_duration` sums up the unions of people's stays (open ones are left out). `guessed` of the stays are
    somebody's on the evidence of a name, between breakout rooms: there may have been so many people more."""

    registrants: Mapping[RegistrantStatus, int]
    people: int
    guests: int
    stays: int
    uncounted: int
    no_shows: int
    total_duration: float
    first_joined_at: float | None
    last_left_at: float | None
    guessed: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an imported participant has beyond the others. `registration` is the best of several (approved, pending,
    denied); None: not registered. `namesakes` are others in the meeting whose names read the same. `name_match`: of a
    guest, the one of them who is no guest, if there is just one: perhaps the same person, on the evidence of a name.
    `guessed`: some stays are theirs on the evidence of a name, between breakout rooms."""

    email: str
    guest: bool
    registration: RegistrantStatus | None
    namesakes: int
    name_match: str | None
    guessed: bool = False
    role: HeldRole | Literal["participant"] = "participant"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a meeting's attendance came from, and what is known of those `people` (by participant id) besides."""

    record: Import
    people: Mapping[str, Imported]


@dataclass(frozen=True, slots=True)
class Registration:
    """One person who registered, by participant id, and how long they came, if at all: with registrations of several
    statuses the best of them. `registered_at`: the first time."""

    participant_id: str
    name: str
    email: str
    status: RegistrantStatus
    registered_at: float | None
    session_count: int
    total_duration: float


@dataclass(frozen=True, slots=True)
class Registrations:
    """A page, by name and then participant id. `next`: after whom the next page begins; None on the last."""

    people: Sequence[Registration]
    next: str | None
