"""Meetings, participants and their stays: what a store keeps, and what it is asked to do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from storage.import_reports import ImportSource
from storage.imports import Kind

Role = Literal["host", "cohost", "participant"]

ParticipantState = Literal["connected", "disconnected"]

EndReason = Literal["left", "lost", "removed", "ended"]

MOST_RECONNECTS = 100
"""So many moments of return are kept of a stay, the latest."""

PROGRAMS = "b_"
"""User ids of programs begin with it. Programs are stored like people, and counted nowhere."""

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

    `participant_id` and `session_id` are for new rows. The stay that is open goes on. If there is none,
    `previous_session` goes on, provided it was closed as "lost" less than `grace` seconds before `at` (or after it:
    clocks differ). Otherwise a stay `session_id` is opened. The stay gets `instance` and `node_id` in each case.
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
    """A stay to close, if it is still the node's: a stay that went on at another node is closed by that one.

    Closing a closed stay changes nothing, unless its end was estimated: its own node knows better. `joined_at`: when it
    began, if the store may have that by a clock that was set since.
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
    """A stay that goes on under a node from `at`. `returned`: a connection resumed there. `if_free`: only if the stay
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

    `next`: the participant after whom the next page begins; None on the last.

    An import has an `import_source`. Its people are those with a stay that counts, by their first one. Their
    `user_id` and the `node_id` of stays are empty, `Stay.instance` is the instance's id elsewhere, and a stay is
    `estimated` when its beginning or end is a guess.
    """

    meeting: Meeting
    participants: Sequence[tuple[Participant, Sequence[Stay]]]
    next: str | None = None
    import_source: ImportSource | None = None


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
