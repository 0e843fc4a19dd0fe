"""Attendance that was not seen here but read elsewhere: its records, and the calls by which it is kept.

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
from typing import Literal, Protocol

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


class Imports(Protocol):
    """The calls. Each is atomic, durable when it returns, and may be made twice. All may raise `StoreUnavailable`."""

    async def begin_walk(self, subject: Subject, start: WalkStart) -> Walk:
        """Begin a walk; meeting, import and part are made where they are missing.

        The meeting is one that has ended, so that nobody can join it; it has the subject's title from then on, and its
        roles, if they are told. Raises
        `MeetingExists` when the room is that of a meeting which is no import.
        """

    async def take_walk(self, walk_id: str, owner: str, at: float, lease: float) -> Walk | None:
        """Take over a walk that nobody finished or dropped, if it is the owner's own or its lease has run out.
        None: it cannot be had."""

    async def renew_walk(self, walk_id: str, owner: str, at: float, lease: float) -> None:
        """Give a sign of life. Raises `WalkLost`."""

    async def release_walk(self, walk_id: str, owner: str, at: float) -> None:
        """Leave it to whoever comes first. Nothing happens when it is somebody else's by now."""

    async def save_page(self, page: Page) -> Walk:
        """Keep a page and its cursor, and renew the lease. A row that the walk has already counts once, a registrant of
        the same id takes the former's place.

        A page whose number is not the next one is not kept: it is already, and what the walk has come to is answered.
        Raises `WalkLost` when the walk is somebody else's, finished, dropped, or deleted with its meeting.
        """

    async def finish_walk(self, end: WalkEnd) -> Part:
        """End a walk, and show its rows in place of those shown before.

        They stay as they are, the new ones are dropped, and `agreed` counts on, when both have the same rows, state and
        source. A `partial` walk takes another's place only if it has all of its stays, and more than a complete one;
        that of what was heard live if it has as many rows. An `unknown` or `too_old` one takes none but an unknown
        one's. Then the part keeps its state, only `reason` and `checked_at` are new, and `agreed` is 0.
        Guests of the walk that is shown are followed between breakout rooms (`hops`).
        What was heard live is dropped with the first walk that takes its place. Raises `WalkLost`; when this very end
        was carried out already, the part is answered.
        """

    async def drop_walk(self, walk_id: str, owner: str) -> None:
        """Give up a walk of one's own, whose rows are swept. Nothing happens when it is somebody else's by now."""

    async def sweep_walks(self, room: str, limit: int, at: float) -> int:
        """Remove at most `limit` rows of the room's walks that are not shown and were dropped or replaced, or left for
        a day, and the walks when they have none left. Returns how many rows it removed: fewer than `limit` when no more
        are left."""

    async def record_live(self, subject: Subject, stay: LiveStay) -> bool:
        """Keep what was heard of a stay; meeting, import and part are made where they are missing.

        The first beginning and the last end that were told count; until a beginning is told, the earliest moment known
        stands for it, and after the instance's end that moment for an end: guesses, which do not last. False, and
        nothing is kept: the part shows a walk already. Raises `MeetingExists`.
        """

    async def end_live(self, subject: Subject, part: str, ended_at: float, due_at: float, at: float) -> None:
        """The instance has ended: open live stays end with it, a guess, and the import is due at `due_at` (the earlier,
        if it is already) with `due_attempt` 1. Meeting, import and part are made where they are missing. Raises
        `MeetingExists`."""

    async def schedule_import(self, room: str, due_at: float | None, attempt: int) -> None:
        """When it is to be read again. Nothing happens when there is no such import."""

    async def claim_due_imports(self, now: float, again_at: float, limit: int) -> Sequence[Import]:
        """Those that are due, the longest first. They are due again at `again_at`: each is had by one caller."""

    async def imported(self, room: str) -> Import | None:
        """None: there is no such import."""

    async def imports(self, limit: int) -> Sequence[Import]:
        """The latest, by their meetings' beginnings, newest first."""

    async def import_totals(self, room: str) -> ImportTotals:
        """Raises `UnknownMeeting` when there is no such import."""

    async def registrations(
        self, room: str, limit: int | None = None, after: str | None = None, came: bool | None = None
    ) -> Registrations:
        """Who registered: everyone, those who `came`, or those who did not. Raises `UnknownMeeting`,
        `UnknownParticipant` (for `after`)."""
