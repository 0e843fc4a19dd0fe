"""Records of attendance that was not seen here but read from elsewhere. `import_store` has the calls.

    meeting (room) ─ Import ─┬─ Part "registrants/approved"   one list elsewhere, read in pages: a walk
                             ├─ Part "instance/4AAA…=="        one instance of the meeting, a walk as well
                             └─ …
    begin_walk ─► save_page, save_page, … ─► finish_walk      nobody sees a walk's rows before it is finished

Each walk keeps its rows apart from other walks. A part shows the rows of one walk. When another walk is finished, its
rows replace them at once: a reader sees the old rows or the new ones, never a mixture. Two processes may walk one part
at the same time, independently. When a walk's lease has run out, any process may take it over and continue at its
cursor.

People are found by union-find. Each row has keys: ids derived from whatever identifies a person. Rows that share a key,
directly or through others, belong to one person, whose id is the smallest of all those keys. Neither the order of the
rows nor repeated rows matter.

Times are seconds since the epoch (UTC, `float`), durations seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["webinar", "meeting"]
HeldRole = Literal["host", "panelist"]
"""Roles above participant."""
RegistrantStatus = Literal["approved", "pending", "denied"]

PartState = Literal["unread", "live", "partial", "complete", "unknown", "too_old"]
"""`unread`: nothing is shown yet. `live`: webhook events only. `partial`: rows are missing, or may be. `complete`: as
many rows as the source says there are. `unknown`: no source tells who attended. `too_old`: no source tells it any
more."""

REGISTRANTS = "registrants/"
INSTANCE = "instance/"
"""The prefixes of parts' names; a registrant status, or the instance's id elsewhere, follows."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is imported. `external_id`: its id elsewhere. `room`: the id of its meeting here, hosted by `host_user_id`.

    `roles`: the hosts and panelists, by keys as in `Row`. None: not told; the stored roles stay.
    """

    room: str
    kind: Kind
    external_id: str
    title: str
    host_user_id: str
    roles: Mapping[str, HeldRole] | None = None


@dataclass(frozen=True, slots=True)
class WalkStart:
    """A new walk of a part. It belongs to `owner` as long as the owner renews it within every `lease` seconds.

    `starts_at` is when the instance began, if known.
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

    `source` (the list that is read) and `why` (why that list) come with the first page. `given` rows were read, and
    `rows` of them were kept: equal ones count once. `total`: how many rows the source says there are; None: it does not
    say. After `lease_until` another process may take the walk over.
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
    """One stay, as a row elsewhere describes it.

    `session_id` identifies the stay, the same in every walk. Rows of one walk that share it are all kept if their
    digests differ: the earliest keeps the id, the others have `#2`, `#3`, … added. `keys`: at least one. `guest`: the
    keys are valid for this row only. `name_key`: equal for names that read the same. Without `joined_told` or
    `left_told` that moment is a guess. Without `counted` the row is no attendance, such as a wait in a waiting room.
    `breakout`: it was in a breakout room. `digest`: 0 to 2^40; any difference between rows changes it.
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
    """Someone who registered. `keys` as in `Row`, never a guest's."""

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
    """How a walk ended. `reason` says why the state is not `complete`."""

    walk_id: str
    owner: str
    state: Literal["partial", "complete", "unknown", "too_old"]
    reason: str
    at: float
    source: str = ""
    why: str = ""
    """Set for a walk without pages."""


@dataclass(frozen=True, slots=True)
class LiveStay:
    """What webhook events tell of one stay: its beginning, its end, or both. Events come in any order.

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
"""`why` of a part whose rows another part has. `imported` leaves the part out."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of a part. `rows`, `given` and `total` are those of the shown walk. `agreed`: how many later walks
    in a row found the same. `reason`: the last walk's. `walking`: unfinished walks, the latest first."""

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

    `due_at`: when it is read again, for the `due_attempt`th time (from 1). `roles`: by participant id.
    """

    subject: Subject
    created_at: float
    parts: Sequence[Part]
    due_at: float | None
    due_attempt: int
    roles: Mapping[str, HeldRole] = field(default_factory=dict)
