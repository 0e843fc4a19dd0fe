"""What goes into an engine, and what comes out of it.

Payloads, members, fields and messages are bytes that the engine does not look into. Times are seconds since the epoch
(`float`), durations seconds. A term is a positive integer below 2**53; so are `seq` and `revision`, but for `NOTHING`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NOTHING = -1
"""The revision of a room in which nothing was established."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in a room's log. `to`: the participant that it is kept for; "": everyone."""

    seq: int
    payload: bytes
    at: float
    to: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """For the inboxes of these nodes. A node without an inbox is dead, and gets none."""

    to: Sequence[str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """What an owner puts into the engine in one step: all of it, or nothing.

    `term` is the owner's. `revision` and `seq` are the room's as the owner left it with the commit before; the entries
    go on from `seq`. `incarnation` is that of the engine that the owner has made sure of. Members and fields set to
    None go; so do the entries `withdrawn`, by their seqs, and all before the seq `cut`. A commit that has neither
    entries nor members nor fields only passes its messages, if the room is the owner's. Raises `ValueError` for entries
    out of order.
    """

    room: str
    term: int
    revision: int
    seq: int
    incarnation: str
    entries: Sequence[Entry] = ()
    members: Mapping[str, bytes | None] = field(default_factory=dict)
    fields: Mapping[str, bytes | None] = field(default_factory=dict)
    messages: Sequence[Message] = ()
    withdrawn: Sequence[int] = ()
    cut: int = 0

    def __post_init__(self) -> None:
        for seq, entry in enumerate(self.entries, self.seq + 1):
            if entry.seq != seq:
                raise ValueError(f"entry {entry.seq} is not the one behind {seq - 1}")


@dataclass(frozen=True, slots=True)
class Ownership:
    """An owner's own idea of its room.

    `revision` is that of its last commit, also of one whose answer was lost: edges may have seen it.
    """

    room: str
    node: str
    term: int
    epoch: str
    revision: int


@dataclass(frozen=True, slots=True)
class RoomState:
    """All that the engine keeps of a room. `entries` are the newest of its log, the last of which is `seq`."""

    seq: int
    entries: Sequence[Entry] = ()
    members: Mapping[str, bytes] = field(default_factory=dict)
    fields: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """Whose a room is. `node` is "" when it was dropped, `epoch` when nobody has established anything in it yet."""

    node: str
    term: int
    epoch: str
    seq: int
    revision: int


@dataclass(frozen=True, slots=True)
class Committed:
    """It is in the engine. `revision` is the room's from now on."""

    revision: int


@dataclass(frozen=True, slots=True)
class Fenced:
    """Refused, and nothing written: another term has come since."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Refused, and nothing written: the engine does not have what this owner has committed.

    It lost it, or it is another engine. The owner confirms or establishes the room again.
    """


@dataclass(frozen=True, slots=True)
class Taken:
    """The room is the caller's, under `term`. No commit of a lower term comes after that.

    `previous`: who had it; "": nobody. `previous_term`: with 0 for a room that is new. If both are the caller's own,
    nobody else can have changed anything since. `head` is as it was left, with the new node and term. `is_complete`:
    all that anybody was shown of this epoch is in the log, so that it goes on. Otherwise the owner begins another.
    """

    previous: str
    previous_term: int
    head: Head
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Held:
    """The room is that of a node that lives."""

    node: str
    term: int


@dataclass(frozen=True, slots=True)
class Settling:
    """Not now: the engine is new, or came back as another, and living owners say what they have. Ends in `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Buried:
    """The caller does not live: somebody took a room of its, or its last beat is too long ago."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Refused: the node that should get the room does not live."""


@dataclass(frozen=True, slots=True)
class SeenNode:
    """A node by its beats. `about` is what it says of itself; None: its lease is over."""

    id: str
    about: bytes | None
    beat_at: float


@dataclass(frozen=True, slots=True)
class Beaten:
    """The lease is renewed. `at` is the engine's time of day, `incarnation` names this engine since its start.

    `settling`: seconds until rooms are taken again. `nodes`: all that beat within the last hour, the caller too.
    """

    at: float
    incarnation: str
    settling: float
    nodes: Sequence[SeenNode]


@dataclass(frozen=True, slots=True)
class Received:
    """Messages in the order in which they were sent. `has_gap`: others before them may be lost: the inbox overflowed,
    expired, or went with the engine's data."""

    messages: Sequence[bytes]
    has_gap: bool = False
    oldest_at: float | None = field(default=None, compare=False)
    """When the first of them was put in (the engine's time)."""
