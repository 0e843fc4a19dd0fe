"""What is told of an import to whoever reads: totals, people, registrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from storage.imports import HeldRole, Import, RegistrantStatus


@dataclass(frozen=True, slots=True)
class ImportTotals:
    """Counts of what is shown. `people` have a stay that counts; `guests` are those of them with no key but a row's
    own. `stays` count, `uncounted` rows do not. `no_shows` have an approved registration and no stay that counts.
    `total_duration` is the sum over people of the time they were there: overlapping stays count once, open ones not.
    `guessed` stays were given to somebody by name, between breakout rooms: each may be one more person's."""

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
    denied); None: not registered. `namesakes`: how many others have a name that reads the same. `name_match`: of a
    guest, the only namesake who is no guest, and perhaps the same person. `guessed`: some stays are theirs by name
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
    """Where a meeting's attendance came from, and what else is known of its `people`, by participant id."""

    record: Import
    people: Mapping[str, Imported]


@dataclass(frozen=True, slots=True)
class Registration:
    """One person who registered, and how long they came, if at all. `status`: the best of several. `registered_at`: the
    first time."""

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
