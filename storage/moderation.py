"""Who may do what in a meeting: changes by moderators, and what they see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from storage.records import Participant, Role

Back = Literal["never", "knock"]
"""How somebody who was removed may come back: not at all, or after a moderator has admitted them."""

KEYS_KEPT = 2 * 86_400.0
"""Seconds after which the key of a change is forgotten (in `sql/postgres`, too)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One durable command. `by`, `whom` and the keys of mappings are user ids; `by` is "" for the admin key and for the
    system, `whom` "" for everybody.

    `key`: made by the client; a change of the same user with the same key is carried out once. `settings`: a merge
    patch of the top level (None deletes). `revision`: the one that the settings must have. `host`: the new host.
    `may`: replaces what differs from the meeting's rights. `node`: the caller's. The stay of somebody removed that is
    open under another one, which may be dead, ends at the last heartbeat of that, `estimated`. "": it ends at `at`.
    `name`: another one for the participant of `by`, if there is one.

    `action`, `whom` and `detail` are written to the audit, of another `name` with what it was `before`; nothing is, if
    `action` is "", or nobody is called otherwise by it.
    """

    room: str
    by: str
    key: str
    at: float
    action: str
    whom: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] | None = None
    revision: int | None = None
    host: str | None = None
    roles: Mapping[str, Literal["cohost", "participant"]] = field(default_factory=dict)
    may: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remove: Mapping[str, Back | Literal["freely"]] = field(default_factory=dict)
    readmit: Sequence[str] = ()
    admit: Sequence[str] = ()
    deny: Sequence[str] = ()
    node: str = ""
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """`again`: a change with this key was carried out before, at the moment `at`; now nothing was done. The others are
    the meeting's, as they are now."""

    again: bool
    at: float
    settings: Mapping[str, Any]
    revision: int
    sitting: int


@dataclass(frozen=True, slots=True)
class Removal:
    """`name`: None, if the user has no participant. (The same in the records below.)"""

    user_id: str
    back: Back
    at: float
    by: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Admission:
    """Of the meeting's sitting."""

    user_id: str
    at: float
    by: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Denial:
    user_id: str
    denials: int
    at: float
    by: str
    name: str | None


@dataclass(frozen=True, slots=True)
class NewInvite:
    """An invite link. `id` and `hash` (of what the link says) are the caller's. `uses`: how many users may use it
    (None: any number). `most`: of a meeting, with those that are void (None: any number)."""

    room: str
    id: str
    hash: str
    role: Role
    at: float
    by: str
    uses: int | None = None
    expires_at: float | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Invite:
    """`used`: by how many users."""

    id: str
    role: Role
    uses: int | None
    used: int
    expires_at: float | None
    revoked_at: float | None
    created_at: float
    by: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What moderators see. Removals, admissions and denials are ordered by user, invites by creation."""

    settings: Mapping[str, Any]
    revision: int
    sitting: int
    removals: Sequence[Removal]
    admissions: Sequence[Admission]
    denials: Sequence[Denial]
    invites: Sequence[Invite]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`n` counts the entries of a meeting, from 1."""

    n: int
    at: float
    by: str
    action: str
    whom: str
    detail: Mapping[str, Any]


class Moderation(Protocol):
    """Each call is atomic, durable when it returns, and may be repeated. All may raise `StoreUnavailable`."""

    async def change(self, change: Change) -> Changed:
        """Carry out a change. A join that is under way is decided wholly before it or wholly after it.

        A removal closes the open stay (reason "removed"), takes role, hand and admission, and makes the user new to
        this sitting. A user without a participant can be removed; the host is not. An admission holds for the sitting;
        it cancels a removal "knock", and not a removal "never". So does a join, of whoever became a co-host since.
        `readmit` cancels removal and denials, as the role of host does; that of a co-host cancels denials.

        Raises `UnknownMeeting`; `MeetingEnded` and `Outdated`, unless a change with this key was carried out before.
        """

    async def set_hands(self, room: str, hands: Mapping[str, float | None]) -> None:
        """By user, when each hand was raised (`Participant.hand_at`). Users without a participant are passed over."""

    async def people(
        self, room: str, participants: Sequence[str] = (), users: Sequence[str] = ()
    ) -> Sequence[Participant]:
        """Those of these participants (ids), and of these users, who were ever in the meeting, in no order."""

    async def rights(self, room: str) -> Rights:
        """Raises `UnknownMeeting`."""

    async def audit(self, room: str, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        """The latest entries, newest first; with `before`, those with a smaller `n`. Raises `UnknownMeeting`."""

    async def invites(self, room: str) -> Sequence[Invite]:
        """By creation; none, if there is no such meeting."""

    async def invite(self, room: str, invite_id: str) -> Invite | None: ...

    async def make_invite(self, invite: NewInvite) -> Invite:
        """Get or create the invite with this id. A new one is written to the audit ("invite").

        With the role host it is the host link: it is used once, and the one before becomes void. Whoever joins with it
        is host, and the host before, if ever in, co-host (audit: "host_link"). A change of the host makes it void, too.

        Raises `UnknownMeeting`, `MeetingEnded`, `TooManyInvites`; `Revoked` if the credentials of whoever makes it are
        void then: their token may have been read before, or where that is not known yet.
        """

    async def is_host_link(self, room: str, hash: str, at: float) -> bool:  # noqa: A002
        """Whether a join with this invite (`JoinRequest.invite`) makes its user host."""

    async def revoke_invite(self, room: str, invite_id: str, at: float, by: str = "") -> bool:
        """Make the invite void; the first revocation counts, and is written to the audit ("revoke_invite").

        False if the meeting has no such invite. Roles that it has granted stay.
        """
