"""The records, and the one small protocol every backend implements.

Times are seconds since the epoch (UTC, `float`), durations are seconds (`float`). Meeting ids (`room`) arrive
normalised: upper case. Ids (`p_…`, `s_…`, `n_…`) are made by the caller and passed in, never by a backend.

Nothing here is check-then-insert: uniqueness lives in the database, and asking for what exists already answers
with what exists. Every method may raise `StoreUnavailable`; nothing else is ever the caller's fault to recover from.
"""

# Exceptions are named for what happened, not with an Error suffix.
# ruff: noqa: N818

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from storage.imports import Imports, Kind, Origin
from storage.open_stays import OpenStays
from storage.revocations import Revocations

Role = Literal["host", "cohost", "participant"]
ParticipantState = Literal["connected", "disconnected"]
EndReason = Literal["left", "lost", "removed", "ended"]


class StoreError(Exception):
    """Base of what a store raises on purpose."""


class UnknownMeeting(StoreError):
    """No meeting has this id, and the call was not asked to create one."""


class MeetingEnded(StoreError):
    """The meeting was ended for all; it can be read, not joined."""


class StoreUnavailable(StoreError):
    """The database cannot be reached or did not answer in time. `retry_after` says in how many seconds to try again.

    `certain`: nothing of the call was kept. Otherwise it may have been carried out, and only the answer was lost.
    """

    def __init__(self, message: str, retry_after: float = 1.0, *, certain: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.certain = certain


class UnknownParticipant(StoreError):
    """Nobody in the meeting has this participant id."""


class MeetingExists(StoreError):
    """The room is that of a meeting which was held here: nothing can be imported into it."""


class WalkLost(StoreError):
    """The walk is somebody else's by now, has ended, or was deleted with its meeting."""


class SchemaTooNew(StoreError):
    """The database was migrated by a newer version than this code, which knows versions up to `newest`."""

    def __init__(self, version: int, newest: int) -> None:
        super().__init__(
            f"the database has schema version {version}, this Reconvene knows versions up to {newest}: "
            "run the newer Reconvene that migrated it, or name another database in RECONVENE_STORE"
        )


class BadStore(StoreError):
    """What the settings name cannot serve as a store, and will not by waiting: the text names the setting and says what
    to do. It repeats no password and no key."""


MOST_RECONNECTS = 100
"""How many moments of return are kept of one stay: the latest."""

PROGRAMS = "b_"
"""What the user ids of programs begin with. They are on record like people, and are counted nowhere."""

GUEST = "Guest"
"""The name of a new participant who joins without one."""


@dataclass(frozen=True, slots=True)
class Meeting:
    room: str
    title: str
    host_user_id: str
    created_at: float
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class Participant:
    """One per (meeting, user). `session_count` and `total_duration` are always recomputed from its stays;
    `total_duration` is the union of the closed stays, so overlapping ones count once."""

    id: str
    room: str
    user_id: str
    name: str
    role: Role
    state: ParticipantState
    first_joined_at: float
    last_seen_at: float
    session_count: int
    total_duration: float

    @property
    def is_program(self) -> bool:
        return self.user_id.startswith(PROGRAMS)


@dataclass(frozen=True, slots=True)
class Stay:
    """One attendance session, unique by (participant_id, session_id). Open while `left_at` is None; a participant
    has at most one open stay. `connections` counts the sockets it has seen (1 + reconnects and reloads);
    `reconnects` are the moments of the latest of these returns, at most `MOST_RECONNECTS`."""

    participant_id: str
    session_id: str
    node_id: str
    instance: str
    joined_at: float
    left_at: float | None
    reason: EndReason | None
    estimated: bool
    connections: int
    reconnects: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Someone wants to be in a meeting.

    An empty `name` keeps the name the participant has; a new participant is then called `GUEST`.

    `participant_id` and `session_id` are used only where new rows are needed. The stay that is open goes on; failing
    that, `previous_session` goes on when it was closed less than `grace` seconds before `at` (or after it: clocks
    differ) for a reason other than "left", "removed" or "ended"; failing that a stay `session_id` is opened. `instance`
    and `node_id` are set on the stay in each case.
    """

    room: str
    user_id: str
    name: str
    participant_id: str
    session_id: str
    instance: str
    node_id: str
    at: float
    previous_session: str | None = None
    grace: float = 30.0
    create: bool = False
    title: str = ""

    @property
    def first_name(self) -> str:
        """What a new participant is called."""
        return GUEST if self.name == "" else self.name


@dataclass(frozen=True, slots=True)
class Joined:
    meeting: Meeting
    participant: Participant
    stay: Stay
    created: bool
    """This very call created the meeting (true for exactly one caller)."""
    rejoined: bool
    """The participant existed in this meeting before."""
    continued: bool
    """The stay existed before and goes on."""


@dataclass(frozen=True, slots=True)
class StayEnd:
    """A stay to close, if it is still the node's: one that went on at another node is that one's to close.

    Closing a closed stay changes nothing, but for an end that was only estimated: its own node knows better.
    `joined_at`: when it began, if the record may have that by a clock that was set since.
    """

    room: str
    user_id: str
    participant_id: str
    session_id: str
    node_id: str
    at: float
    reason: EndReason
    joined_at: float | None = None


@dataclass(frozen=True, slots=True)
class StayResume:
    """A stay that goes on under a node as of `at`; with `returned`, because a connection resumed there; with `if_free`,
    unless it is open under another one.

    `joined_at` is as in `StayEnd`.
    """

    room: str
    user_id: str
    participant_id: str
    session_id: str
    node_id: str
    instance: str
    at: float
    returned: bool = True
    joined_at: float | None = None
    if_free: bool = False


@dataclass(frozen=True, slots=True)
class Restorable:
    """Someone who was in a meeting a moment ago, and may take the place up again after a restart.

    `seen_at`: when the stay ended or, of an open one, its node's last heartbeat.
    """

    meeting: Meeting
    participant: Participant
    stay: Stay
    seen_at: float


@dataclass(frozen=True, slots=True)
class Attendance:
    """A meeting with those who were ever in it, by first arrival, each with the stays in order.

    `next`: the participant after whom the next page begins; None on the last. `origin`: of an import only. Its people
    are those with a stay that counts, by their first one. There, `Participant.user_id` and `Stay.node_id` are empty,
    `Stay.instance` is the instance's id elsewhere, and a stay is `estimated` when its beginning or end is a guess.
    """

    meeting: Meeting
    participants: Sequence[tuple[Participant, Sequence[Stay]]]
    next: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class HostedMeeting:
    """A meeting as a list shows it: how many people ever were in it, how many are, when any of them was last seen.

    `imported`: what it was elsewhere ("webinar" or "meeting"), if it is an import.
    """

    meeting: Meeting
    attended: int
    present: int
    last_seen_at: float | None
    imported: Kind | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """How far a database is migrated: its `version`, the `newest` this code knows, the names of what is in between."""

    version: int
    newest: int
    pending: Sequence[str]

    def known(self) -> Schema:
        """Itself. Raises `SchemaTooNew`."""
        if self.version > self.newest:
            raise SchemaTooNew(self.version, self.newest)
        return self


class Store(Imports, OpenStays, Revocations, Protocol):
    """What every backend does; the calls for what is imported are in `imports`, for comparing the stays that are open
    with the rooms in `open_stays`, for credentials that are void in `revocations`.

    Each method is atomic and durable when it returns.
    """

    async def schema(self) -> Schema:
        """How far the database is migrated. Needs no `open`, and changes nothing: 0 when there is nothing yet.

        Raises `BadStore`, `StoreUnavailable`.
        """

    async def migrate(self) -> Sequence[str]:
        """Bring the schema up to date, without `open`. Returns the names of the migrations applied.

        Raises `SchemaTooNew`, `BadStore`, `StoreUnavailable`.
        """

    async def open(self) -> None:
        """Connect and, where that can be done, bring the schema up to date.

        Raises `SchemaTooNew`, `BadStore` (cannot be created or opened: says why), `StoreUnavailable`.
        """

    async def close(self) -> None:
        """Finish what was accepted, then disconnect. Idempotent."""

    async def ping(self) -> None:
        """Return when the database answers; raise `StoreUnavailable` when it does not."""

    async def clock(self) -> float:
        """The database's time of day. (An embedded one has this machine's.)"""

    async def create_meeting(self, room: str, user_id: str, title: str, at: float) -> tuple[Meeting, bool]:
        """Get or create: the meeting, and whether this call created it. The first caller is host for good.

        An existing meeting keeps its title and host, and is returned also when it has ended.
        """

    async def meeting(self, room: str) -> Meeting | None: ...

    async def participant(self, room: str, user_id: str) -> Participant | None:
        """Who this user is in the meeting; None: never was in it, or there is no such meeting."""

    async def join(self, request: JoinRequest) -> Joined:
        """Get or create the participant (and the meeting with `create`), set it connected, open or go on with its stay.

        An existing participant keeps its id and role and takes the new name, if there is one. A new one is host when
        its user is the meeting's host. Raises `UnknownMeeting`, `MeetingEnded`.
        """

    async def leave(self, end: StayEnd) -> None:
        """Close a stay, set its participant disconnected and recompute its totals."""

    async def resume_stay(self, resume: StayResume) -> None:
        """Let a stay go on under the node: one closed as "lost" is open again. If a connection returned, it has seen
        one more: once for any number of calls with the same instance and moment.

        Nothing happens when it ended otherwise, when it is open under another node (with `if_free`), when the
        participant has another open stay, or when the meeting has ended.
        """

    async def restorable(self, now: float, grace: float, slack: float) -> Sequence[Restorable]:
        """Who was in a meeting that has not ended, as of `now`; by room, then by arrival. Each participant once.

        It is a participant's last stay that counts: open, with a heartbeat of its node younger than `grace + slack`
        seconds; or closed as "lost" less than `grace` seconds ago (by estimate: less than `grace + slack`), and not in
        the future: that was by a clock that has been set back, nobody knows when. `slack` is how much older than the
        truth a last heartbeat may be. Changes nothing.
        """

    async def end_meeting(self, room: str, at: float) -> Meeting:
        """End the meeting and close its open stays (reason "ended"). Idempotent: the first end counts.

        Raises `UnknownMeeting`.
        """

    async def attendance(self, room: str, limit: int | None = None, after: str | None = None) -> Attendance:
        """Everyone, or a page: at most `limit` people, of those behind the participant `after`.

        Raises `UnknownMeeting`, `UnknownParticipant` (for `after`).
        """

    async def hosted_meetings(self, user_id: str | None, limit: int) -> Sequence[HostedMeeting]:
        """The latest meetings of which the user is host, newest first; everybody's, imports too, for None."""

    async def delete_meeting(self, room: str, created_at: float | None = None) -> bool:
        """Remove the meeting and all that is known of who was in it. False when there is none.

        With `created_at`, only the one made then: not another that has its id by now.
        """

    async def delete_old_meetings(self, before: float, limit: int) -> Sequence[str]:
        """Remove meetings where nobody is, and in which nothing has happened since `before`, the oldest first.

        Returns which: `limit` of them at most, fewer when none is left.
        """

    async def heartbeat(self, node_id: str, at: float) -> None:
        """Register the node, or say that it still lives."""

    async def close_dead_nodes(self, dead_before: float, ahead_of: float | None = None) -> int:
        """Close the open stays of nodes last heard of before `dead_before` at that node's last heartbeat (never before
        the stay began or somebody came back to it), reason "lost", `estimated`. Returns how many. Safe from many
        processes at once.

        Those dead for a day are forgotten. `ahead_of`: also of those heard of after it, before a clock was set back.
        """

    async def stop_node(self, node_id: str, at: float) -> int:
        """Close the node's open stays at `at`, reason "lost", exact; mark it stopped. Returns how many were closed."""
