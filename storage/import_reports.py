"""What reports say about an import: totals, people, registrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.imports import HeldRole, Import, RegistrantStatus


@dataclass(frozen=True, slots=True)
class ImportTotals:
    """Counts of the rows that are shown. `people`: those with a stay that counts; `guests`: those of them known by no
    key but a row's own. `stays`: stays that count; `uncounted`: rows that do not. `no_shows`: people with an approved
    registration and no stay that counts. `total_duration`: the sum of the time that each person was there; overlapping
    stays count once, open ones not. `guessed`: stays matched by name, between breakout rooms; each may be another's."""

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
    """What is known of an imported participant besides. `registration`: the best of several (approved, pending,
    denied); None: not registered. `namesakes`: how many others have a name that reads the same. `name_match`: for a
    guest, the only namesake who is not a guest, and may be the same person. `guessed`: some stays are matched by name
    only, between breakout rooms."""

    email: str
    guest: bool
    registration: RegistrantStatus | None
    namesakes: int
    name_match: str | None
    guessed: bool = False
    role: HeldRole | Literal["participant"] = "participant"


@dataclass(frozen=True, slots=True)
class ImportSource:
    """Where a meeting's attendance came from, and more about its `people`, by participant id."""

    record: Import
    people: Mapping[str, Imported]


@dataclass(frozen=True, slots=True)
class Registration:
    """One person who registered, and how long they attended. `status`: the best of several. `registered_at`: the first
    time."""

    participant_id: str
    name: str
    email: str
    status: RegistrantStatus
    registered_at: float | None
    session_count: int
    total_duration: float


@dataclass(frozen=True, slots=True)
class Registrations:
    """A page, by name and then participant id. `next`: whom the next page begins after; None on the last."""

    people: Sequence[Registration]
    next: str | None
