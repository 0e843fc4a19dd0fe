"""The one small protocol every backend implements.

Times are seconds since the epoch (UTC, `float`), durations are seconds (`float`). Meeting ids (`room`) arrive
normalised: upper case. Ids (`p_…`, `s_…`, `n_…`) are made by the caller and passed in, never by a backend.

Nothing here is check-then-insert: uniqueness lives in the database, and asking for what exists already answers
with what exists. Every method may raise `StoreUnavailable`; nothing else is ever the caller's fault to recover from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.errors import SchemaTooNew
from storage.open_stays import OpenStays
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
    """How far a database is migrated: its `version`, the `newest` this code knows, the names of what is in between."""

    version: int
    newest: int
    pending: Sequence[str]

    def known(self) -> Schema:
        """Itself. Raises `SchemaTooNew`."""
        if self.version > self.newest:
            raise SchemaTooNew(self.version, self.newest)
        return self


class Store(OpenStays, Revocations, Protocol):
    """Meetings, participants and stays. `open_stays` has the calls that compare open stays with rooms, `revocations`
    those for credentials that are void, `import_store` those for imports.

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
