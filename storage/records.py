"""Meetings, participants and their stays: what a store keeps, and the requests it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from storage.import_reports import ImportSource
from storage.imports import Kind

Role = Literal["host", "cohost", "participant"]

Standing = Literal["guest", "known", "trusted"]
"""What the server knows of a user: nothing; an account; an account (or a program of ours) that waits in no lobby."""

ParticipantState = Literal["connected", "disconnected"]

EndReason = Literal["left", "lost", "removed", "ended"]

MOST_RECONNECTS = 100
"""How many moments of return are kept of a stay: the latest."""

PROGRAMS = ("b_", "xb_")
"""Prefixes of bots' user ids, ours and an application's. Bots are stored like people, but not counted anywhere."""

GUEST = "Guest"
"""The name of a new participant who joins without one."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """`settings`: what moderators set; each change of them raises `revision` by one, which is 1 for a meeting that is
    made with some. `sitting` counts how often people came together: it rises when the room was without people for
    `storage.entry.SITTING_ENDS_AFTER` seconds."""

    room: str
    title: str
    host_user_id: str
    created_at: float
    ended_at: float | None
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    revision: int = 0
    sitting: int = 1


@dataclass(frozen=True, slots=True)
class Participant:
    """One per (meeting, user). `session_count` and `total_duration` are always recomputed from its stays;
    `total_duration` is the union of the closed stays, so overlapping ones count once.

    `may`: rights that differ from the meeting's. `role_at`: when role or rights were last changed; None: never.

    `hand_at`: when the hand was raised, in this stay; None: it is down; 0.0: somebody else has lowered it, and the user
    has not heard so.
    """

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
    may: Mapping[str, Any] = field(default_factory=dict, hash=False)
    hand_at: float | None = None
    role_at: float | None = None

    @property
    def is_program(self) -> bool:
        return self.user_id.startswith(PROGRAMS)


@dataclass(frozen=True, slots=True)
class Stay:
    """One continuous presence, unique by (participant_id, session_id). Open while `left_at` is None; a participant has
    at most one open stay. `connections` counts its sockets (1 + reconnects and reloads); `reconnects` are the moments
    of the latest returns, at most `MOST_RECONNECTS`."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a user shows at the door: by that `storage.entry` decides who is let in.

    `returns`: the page was in `previous_session` and goes on with it; a page that was loaded anew does not.
    `guests_wait`: guests wait in the lobby, whatever the meeting's settings. `password_version`: of the password that
    the user has proved to know. `invite`: the hash of one that was shown. `role`, `may` and `role_at` (since when) are
    claims of a token.
    """

    returns: bool = False
    standing: Standing = "guest"
    guests_wait: bool = False
    password_version: str | None = None
    invite: str | None = None
    role: Role | None = None
    role_at: float | None = None
    may: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class JoinRequest(Shown):
    """A user asks to join a meeting.

    An empty `name` keeps the participant's name; a new participant is then called `GUEST`.

    `participant_id` and `session_id` are for new rows. An open stay continues. If there is none, `previous_session`
    continues, provided it was closed as "lost" less than `grace` seconds before `at` (or after it: clocks differ). Of a
    user who has a place in the room `grace` is infinite.
    Otherwise a stay `session_id` is opened. In each case the stay gets `instance` and `node_id`.

    `title` and `settings` are those of a meeting that the join creates.
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
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def has_place(self) -> bool:
        return math.isinf(self.grace)

    @property
    def first_name(self) -> str:
        """The name of a new participant."""
        return GUEST if self.name == "" else self.name


@dataclass(frozen=True, slots=True)
class Joined:
    meeting: Meeting
    participant: Participant
    stay: Stay
    created: bool
    """This call created the meeting (true for exactly one caller)."""
    rejoined: bool
    """The participant existed in this meeting before."""
    continued: bool
    """The stay existed before and continues."""


@dataclass(frozen=True, slots=True)
class StayEnd:
    """A stay to close, if it is still the node's: a stay that continues at another node is closed by that one.

    Closing a closed stay changes nothing, unless its end was estimated: its own node knows better. `joined_at`: its
    beginning, if the store may have recorded it before a clock was set.
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
    """A stay that continues under a node from `at`. `returned`: a connection resumed there. `if_free`: only if the stay
    is not open under another node.

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
    """Someone who was in a meeting a moment ago, and may return to it after a restart.

    `seen_at`: when the stay ended or, for an open one, its node's last heartbeat. `began_at`: when the first of those
    came after whom nobody was missing in the meeting for longer than the grace time.
    """

    meeting: Meeting
    participant: Participant
    stay: Stay
    seen_at: float
    began_at: float


@dataclass(frozen=True, slots=True)
class Attendance:
    """A meeting with everyone who was ever in it, by first arrival, each with their stays in order.

    `next`: the participant after whom the next page begins; None on the last.

    An import has an `import_source`. Its people are those with a stay that counts, ordered by the first one. Their
    `user_id` and the `node_id` of stays are empty, `Stay.instance` is the instance's id elsewhere, and a stay is
    `estimated` when its beginning or end is a guess.
    """

    meeting: Meeting
    participants: Sequence[tuple[Participant, Sequence[Stay]]]
    next: str | None = None
    import_source: ImportSource | None = None


@dataclass(frozen=True, slots=True)
class HostedMeeting:
    """A meeting in a list: how many people were ever in it, how many are now, when any of them was last seen.

    `imported`: what it was elsewhere ("webinar" or "meeting"), if it is an import.
    """

    meeting: Meeting
    attended: int
    present: int
    last_seen_at: float | None
    imported: Kind | None = None
