"""The protocol of meetings, participants and stays. Every backend implements it.

Times are seconds since the epoch (UTC, `float`), durations are seconds (`float`). Meeting ids (`room`) arrive
normalised: upper case. The caller creates ids (`p_…`, `s_…`, `n_…`) and passes them in; a backend creates none.

The database keeps rows unique: creating a row that exists returns the existing row. Every method may raise
`StoreUnavailable`, from which the caller recovers by asking again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from storage.chat import Chat
from storage.errors import SchemaTooNew
from storage.moderation import Moderation
from storage.open_stays import OpenStays
from storage.people import People
from storage.records import (
    Attendance,
    HostedMeeting,
    Joined,
    JoinRequest,
    Meeting,
    Participant,
    Restorable,
    StayEnd,
    StayResume,
)
from storage.revocations import Revocations


@dataclass(frozen=True, slots=True)
class Schema:
    """How far a database is migrated: its `version`, the `newest` version this code knows, and the names of the files
    that are still to be applied, including functions."""

    version: int
    newest: int
    pending: Sequence[str]

    def known(self) -> Schema:
        """Returns itself. Raises `SchemaTooNew`."""
        if self.version > self.newest:
            raise SchemaTooNew(self.version, self.newest)
        return self


class Store(OpenStays, Moderation, Chat, People, Revocations, Protocol):
    """Meetings, participants and stays. `open_stays` has the calls that compare open stays with rooms, `moderation`
    those for who may do what, `chat` those for what people write, `people` those about one person, `revocations`
    those for credentials that are void, `import_store` those for imports.

    Each method is atomic and durable when it returns.
    """

    async def schema(self) -> Schema:
        """How far the database is migrated: version 0 when it is empty. Needs no `open`, and changes nothing.

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
        """The database's time of day. (For an embedded database, this machine's.)"""

    async def create_meeting(
        self, room: str, user_id: str, title: str, at: float, settings: Mapping[str, Any] | None = None
    ) -> tuple[Meeting, bool]:
        """Get or create: the meeting, and whether this call created it. The first caller is host for good.

        An existing meeting keeps its title, host and settings, and is returned even if it has ended.
        """

    async def meeting(self, room: str) -> Meeting | None: ...

    async def participant(self, room: str, user_id: str) -> Participant | None:
        """The user's participant in the meeting; None: the user was never in it, or there is no such meeting."""

    async def join(self, request: JoinRequest) -> Joined:
        """Get or create the participant (and the meeting with `create`), set it connected, open or continue its stay.

        An existing participant keeps its id and role and takes the new name, if there is one. With a new stay its hand
        is down. A new participant is host when its user is the meeting's host. `storage.entry` tells who is let in, and
        what claims and invites grant.

        Raises `UnknownMeeting`, `MeetingEnded`, `NotLetIn`. A refused join changes nothing but the sitting.
        """

    async def leave(self, end: StayEnd) -> None:
        """Close a stay, set its participant disconnected and recompute its totals.

        Raises `RowLocked` at once, as do the other calls that tell what became of a stay: who has many of them to make
        tries again later, and makes those of other meetings meanwhile.
        """

    async def resume_stay(self, resume: StayResume) -> None:
        """Continue a stay under the node, and reopen it if it was closed as "lost". A connection that returned adds one
        to its connections, once for any number of calls with the same instance and moment.

        Does nothing when the stay ended otherwise, when it is open under another node (with `if_free`), when the
        participant has another open stay or was removed, or when the meeting has ended.
        """

    async def restorable(self, now: float, grace: float, slack: float) -> Sequence[Restorable]:
        """Who was in a meeting that has not ended, as of `now`; by room, then by arrival. Each participant once.

        A participant's last stay counts, if it is open, and its node's heartbeat is younger than `grace + slack`
        seconds; or if it was closed as "lost" less than `grace` seconds ago (`grace + slack` if the end is estimated).
        An end in the future does not count: a clock was set back since then, at an unknown time. `slack`: how far the
        last heartbeat may lag behind. Changes nothing.
        """

    async def end_meeting(self, room: str, at: float, by: str = "", action: str = "") -> Meeting:
        """End the meeting and close its open stays (reason "ended"). Idempotent: the first end counts.

        Admissions and invites are deleted. Removals stay. With an `action`, the audit has it together with the first
        end: it was done by the user `by`; "": by the admin key, or the system.

        Raises `UnknownMeeting`.
        """

    async def attendance(self, room: str, limit: int | None = None, after: str | None = None) -> Attendance:
        """Everyone, or a page: at most `limit` people who follow the participant `after`.

        Raises `UnknownMeeting`, `UnknownParticipant` (for `after`).
        """

    async def hosted_meetings(self, user_id: str | None, limit: int) -> Sequence[HostedMeeting]:
        """The latest meetings that the user hosts, newest first; None: everybody's, including imports."""

    async def delete_meeting(self, room: str, created_at: float | None = None) -> bool:
        """Remove the meeting and all that is known of its participants. False when there is none.

        With `created_at`, only the meeting created then, and not a later one with the same id.
        """

    async def delete_old_meetings(self, before: float, limit: int) -> Sequence[str]:
        """Remove empty meetings in which nothing has happened since `before`, the oldest first.

        Returns their rooms: `limit` at most, fewer when none is left.
        """

    async def heartbeat(self, node_id: str, at: float, engine_seen_at: float | None = None) -> None:
        """Register the node, or report that it is alive, and when it has heard of the engine last, if it has one."""

    async def others_see_engine(self, node_id: str, since: float) -> bool:
        """Whether another node has heard of the engine after `since`."""

    async def close_dead_nodes(self, dead_before: float, ahead_of: float | None = None) -> int:
        """Close the open stays of dead nodes, whose last heartbeat was before `dead_before`. Returns how many.

        A stay ends at that heartbeat, but not before it began or somebody came back to it; reason "lost", `estimated`.
        Many processes may call it at once. Nodes dead for a day are forgotten. With `ahead_of`, a node whose heartbeat
        is later counts as dead, too: it was sent before a clock was set back.
        """

    async def stop_node(self, node_id: str, at: float) -> int:
        """Mark the node stopped, and close its open stays at `at`, reason "lost", exact. Returns how many were
        closed."""
