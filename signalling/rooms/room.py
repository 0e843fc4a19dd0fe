"""The current state of a meeting that has members.

A `Member` is a participant who is in the room: connected, or lost and still within grace. The room keeps its members in
the order they joined, has the log that numbers the events, and caches the audience and the encoded roster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from signalling.protocol.features import BATCH
from signalling.protocol.rights import DEFAULT, settings_of
from signalling.rooms.budget import Budget
from signalling.rooms.event_log import Log
from signalling.rooms.hands import Hands
from signalling.rooms.knock import Knock
from signalling.rooms.listing import Listing
from signalling.rooms.member import Handle, Member
from signalling.rooms.touched import Touched


class Room:
    """A meeting with somebody in it, or somebody who waits. `frames`: its budget for telling everyone, once used.

    `untold`: events, each with its number, that everyone is still to be told; `ahead`: for members who know some of
    them already, the number of the last one they know (`telling`).

    `knocks`: those who wait, by user, in the order they came.

    `record`: the settings as the store has them, or will; `settings`: the same as members see them; `revision` rises
    with each change.

    `hands`: notes who raises a hand. `hand_at`: the latest time at which one was raised here.

    `chat_at`: the latest time of a message (the record's clock). `chat_changes`: how many were edited or deleted here.

    `places`: how many members it has had. `touched`: what changes are noted in, if somebody asks for them. `unknown`:
    fields of a newer release, which are handed on as they are (`signalling.state`).

    `is_wrong`: the store has refused what everyone was told, and is being asked what it has (`orders`).

    `began_at`: since when somebody has been in it (the hub's clock); 0.0: nobody has come yet.

    `led_at`: when somebody in charge was last seen to be connected (`succession`); 0.0: not yet.
    """

    __slots__ = (
        "_audience",
        "_audiences",
        "_listing",
        "_members",
        "_users",
        "ahead",
        "began_at",
        "chat_at",
        "chat_changes",
        "frames",
        "hand_at",
        "hands",
        "id",
        "is_wrong",
        "knocks",
        "led_at",
        "log",
        "places",
        "record",
        "revision",
        "settings",
        "title",
        "touched",
        "unknown",
        "untold",
    )

    def __init__(self, id: str, title: str, log: Log, hands: Hands) -> None:  # noqa: A002 - the protocol's name
        self.id = id
        self.title = title
        self.log = log
        self.hands = hands
        self.hand_at = 0.0
        self.chat_at = 0.0
        self.chat_changes = 0
        self.frames: Budget | None = None
        self.untold: list[tuple[int, bytes]] = []
        self.ahead: dict[Member, int] = {}
        self.knocks: dict[str, Knock] = {}
        self.record: Mapping[str, Any] = {}
        self.settings = DEFAULT
        self.revision = 0
        self.is_wrong = False
        self.led_at = 0.0
        self.began_at = 0.0
        self.places = 0
        self.touched: Touched | None = None
        self.unknown: Mapping[str, Any] | None = None
        self._listing = Listing()
        self._members: dict[str, Member] = {}
        self._users: dict[str, Member] = {}
        self._audience: tuple[Handle, ...] | None = None
        self._audiences: tuple[tuple[Handle, ...], tuple[Handle, ...]] | None = None

    def adopt(self, record: Mapping[str, Any], revision: int) -> bool:
        """Take settings over, unless they are older than what the room has. Returns whether it did."""
        if revision <= self.revision:
            return False
        self.set(record, revision)
        return True

    def set(self, record: Mapping[str, Any], revision: int) -> None:
        self.record, self.revision = record, revision
        self.settings = settings_of(record)
        self.touch()

    def rename(self, title: str) -> None:
        if title != self.title:
            self.title = title
            self.touch()

    def touch(self) -> None:
        """Call this after a change that belongs to no member."""
        if self.touched is not None:
            self.touched.room = True
            self.touched.stirs()

    def begin(self, at: float) -> None:
        """Somebody comes. Those who came before, and are there, were first."""
        if not self._members:
            self.began_at = at
            self.touch()

    def lasted(self, now: float) -> float:
        """Seconds for which somebody has been there, without a gap."""
        return round(max(0.0, now - self.began_at), 3)

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def member(self, participant_id: str) -> Member | None:
        return self._members.get(participant_id)

    def member_of(self, user_id: str) -> Member | None:
        return self._users.get(user_id)

    def add(self, member: Member) -> None:
        self._members[member.id] = member
        self._users[member.user_id] = member
        member.place = self.places
        self.places += 1
        member.touched = self.touched

    def remove(self, member: Member) -> None:
        del self._members[member.id]
        del self._users[member.user_id]
        self.ahead.pop(member, None)
        member.changed()
        if self.touched is not None:
            self.touched.went(member)
            member.touched = None
        if member.connection is not None:
            self.connections_changed()

    @property
    def is_empty(self) -> bool:
        return not (self._members or self.knocks)

    def add_knock(self, knock: Knock) -> None:
        """Also of somebody who is there already. Who waited before, and comes again after a restart, has the place of
        then."""
        self.knocks[knock.user_id] = knock
        self.touch()
        if len(self.knocks) > 1:
            self.knocks = dict(sorted(self.knocks.items(), key=lambda each: each[1].at))

    def remove_knock(self, knock: Knock) -> None:
        del self.knocks[knock.user_id]
        self.touch()

    def connections_changed(self) -> None:
        """Call this when a member gained or lost its connection."""
        self._audience = self._audiences = None

    def audience(self) -> tuple[Handle, ...]:
        """The connections a broadcast goes to."""
        if self._audience is None:
            self._audience = tuple(m.connection for m in self._members.values() if m.connection is not None)
        return self._audience

    def audiences(self) -> tuple[tuple[Handle, ...], tuple[Handle, ...]]:
        """The audience in two parts: clients with the feature `batch`, and the others."""
        if self._audiences is None:
            here = [m for m in self._members.values() if m.connection is not None]
            self._audiences = (
                tuple(m.connection for m in here if BATCH in m.features),
                tuple(m.connection for m in here if BATCH not in m.features),
            )
        return self._audiences

    def roster(self) -> bytes:
        """The members in JSON, with commas between them."""
        if not self._listing.holds:
            self._listing = Listing()
        if self._listing.count < len(self):
            self._listing.add(list(islice(self._members.values(), self._listing.count, None)))
        return self._listing.encoded
