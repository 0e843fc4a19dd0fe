"""Attendance that was not seen here but read elsewhere: its records. `import_store` has the calls.

    meeting (room) ─ Import ─┬─ Part "registrants/approved"   one list elsewhere, read in pages: a walk
                             ├─ Part "instance/4AAA…=="        one instance of the meeting, a walk as well
                             └─ …
    begin_walk ─► save_page, save_page, … ─► finish_walk      nobody sees a walk's rows before it is finished

A walk keeps its rows apart from those of other walks. What is shown of a part are the rows of one walk, and
finishing one puts it in the place of the former at once: a reader sees either, never some of both. Two processes may
walk one part at the same time, each for itself. A walk goes on where it was left, by whoever takes it over once its
lease has run out.

People are unions: each row has keys, ids made of what tells who someone is, and rows that share a key, by way of
others too, are of one person, whose id is the least of all those keys. It does not matter in which order rows come,
nor how often.

Times are seconds since the epoch (UTC, `float`), durations seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["webinar", "meeting"]
HeldRole = Literal["host", "panelist"]
"""What somebody is beyond a participant."""
RegistrantStatus = Literal["approved", "pending", "denied"]

PartState = Literal["unread", "live", "partial", "complete", "unknown", "too_old"]
"""`unread`: nothing was shown of it yet. `live`: what was heard while it went on. `partial`: rows are missing, or may
be; `complete`: as many as there are said to be. `unknown`: no source tells who attended. `too_old`: none does any
more."""

REGISTRANTS = "registrants/"
INSTANCE = "instance/"
"""What a part's name begins with; a registrant status, or the instance's id elsewhere, follows."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is imported. `external_id` is its id elsewhere; `room` that of its meeting here, `host_user_id`'s.

    `roles` are those that were held, by keys as in `Row`; None: they were not told, and what is known of them stays.
    """

    room: str
    kind: Kind
    external_id: str
    title: str
    host_user_id: str
    roles: Mapping[str, HeldRole] | None = None


@dataclass(frozen=True, slots=True)
class WalkStart:
    """A new walk of a part. Nobody else's while its `owner` gives a sign of life once in `lease` seconds.

    `starts_at` is when the instance began, if that is known.
    """

    walk_id: str
    part: str
    owner: str
    at: float
    lease: float
    starts_at: float | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """One reading of a part. `cursor` is where the next page begins: None before the first, "" after the last.

    `source` and `why` (it and no other) are told with the first page. `rows` are those kept, of `given` ones, some of
    which may have been equal; `total` is how many there are said to be (None: that was not told). `lease_until`: it can
    be taken over after that.
    """

    walk_id: str
    part: str
    owner: str
    source: str
    why: str
    cursor: str | None
    pages: int
    rows: int
    total: int | None
    begun_at: float
    touched_at: float
    lease_until: float
    given: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One stay, as a row elsewhere tells it.

    `session_id` is the same in every walk, and tells it from all others of the room as far as can be told: rows of one
    walk with the same one are all kept, if their digests differ, the first of them by its times as it is, the next
    with `#2`, `#3`, … added. `keys`: at least one. `guest`: they are good for this row only. `name_key`: equal for
    names that read the same. `joined_told`, `left_told`: otherwise the moment is a guess. Not `counted`: no attendance,
    as in a waiting room. `breakout`: it was in a breakout room. `digest`: 0 to 2^40, different if anything of the row
    is.
    """

    session_id: str
    keys: tuple[str, ...]
    guest: bool
    name: str
    name_key: str
    email: str
    joined_at: float
    left_at: float | None
    digest: int
    joined_told: bool = True
    left_told: bool = True
    counted: bool = True
    breakout: bool = False


@dataclass(frozen=True, slots=True)
class Registrant:
    """Someone who registered. `keys` as in `Row`, none of them a guest's."""

    registrant_id: str
    keys: tuple[str, ...]
    name: str
    name_key: str
    email: str
    status: RegistrantStatus
    registered_at: float | None
    digest: int


@dataclass(frozen=True, slots=True)
class Page:
    """The `number`th page (from 1) of a walk: rows, or registrants, and the `cursor` it ended with."""

    walk_id: str
    owner: str
    number: int
    cursor: str
    at: float
    lease: float
    source: str
    why: str
    total: int | None
    rows: Sequence[Row] = ()
    registrants: Sequence[Registrant] = ()


@dataclass(frozen=True, slots=True)
class WalkEnd:
    """What a walk came to; `reason` says why when that is not `complete`."""

    walk_id: str
    owner: str
    state: Literal["partial", "complete", "unknown", "too_old"]
    reason: str
    at: float
    source: str = ""
    why: str = ""
    """For a walk without pages."""


@dataclass(frozen=True, slots=True)
class LiveStay:
    """What was heard of one stay while its instance goes on: that it began, or ended, or both; whenever it is heard.

    `session_id` is the same for the beginning and the end.
    """

    part: str
    session_id: str
    keys: tuple[str, ...]
    guest: bool
    name: str
    name_key: str
    email: str
    joined_at: float | None
    left_at: float | None
    at: float
    starts_at: float | None = None


GIVEN_UP = "Zoom tells the instance by now"
"""`why` of a part of which another one has everything: `imported` does not tell it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of a part. `rows`, `given` and `total` are those of the walk that is shown, `agreed` how many walks
    in a row, after it, found the same; `reason` is the last walk's. `walking`: those under way, or left, the latest
    first.
    """

    part: str
    starts_at: float | None
    ended_at: float | None
    state: PartState
    source: str
    why: str
    reason: str
    rows: int
    total: int | None
    agreed: int
    checked_at: float | None
    walking: Sequence[Walk] = ()
    given: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """All that is known of how a meeting's attendance came here. Parts: registrants, then instances by their start.

    `due_at`: when it is to be read again, for the `due_attempt`th time (from 1). `roles`, by participant id.
    """

    subject: Subject
    created_at: float
    parts: Sequence[Part]
    due_at: float | None
    due_attempt: int
    roles: Mapping[str, HeldRole] = field(default_factory=dict)
