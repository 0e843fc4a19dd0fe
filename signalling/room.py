"""What a meeting that has people in it looks like right now.

A `Member` is a participant who is in the room: connected, or lost and still within the grace window. The room keeps
them in the order they came, hands every event its number, and caches what a broadcast and a roster are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

import orjson

from signalling.answered import Answered
from signalling.budget import Budget
from signalling.features import BATCH
from signalling.log import Log
from signalling.messages import Kind, Media
from signalling.names import page_of

Handle = Any
"""Whatever the caller uses for a connection: hashable, and opaque here."""

MAX_FORMER = 8

State = Literal["connected", "reconnecting"]
Role = Literal["host", "cohost", "participant"]


class Member:
    """One participant in a room.

    `generation` counts the connections it has had; whatever an older one still says or does is void.
    `attempt` is how often its page had asked for a seat when it got this one; what it asked for before that is void.
    `arrived_at` is the number of the event that told of this instance, 0 when that was before this log.
    `order` is that of the join that made the instance; one asked for before it is void, too. `former` are pages that
    had the place and lost it to a newer one, the last few of them: they do not get it back.
    `began_at` is when its stay began, by the record's clock as it goes now; `joined_at` stays as others were told.
    `lost_at` is when its connection went (of the hub's time), None while there is one. `excused`: seconds of its
    absence in which nobody could have come back. `back_in`: its page said goodbye, and has left unless it is back after
    so many seconds of absence; None: it said nothing.
    `features`: what its page can do (`features.FEATURES`). `bytes`: its budget for signals, once it has sent
    one. `refused`: by addressee, the id of the signal that was refused with `busy` and has to come again first.
    `restored`: known from the record only, since the server was restarted, and not back yet.
    `listing`: the one that has it as it is now.
    """

    __slots__ = (
        "_encoded",
        "answered",
        "arrived_at",
        "attempt",
        "audio",
        "back_in",
        "began_at",
        "bytes",
        "connection",
        "excused",
        "features",
        "former",
        "generation",
        "hand",
        "id",
        "instance",
        "joined_at",
        "kind",
        "listing",
        "lost_at",
        "name",
        "order",
        "refused",
        "restored",
        "role",
        "screen",
        "session_id",
        "state",
        "user_id",
        "video",
    )

    def __init__(
        self,
        id: str,  # noqa: A002 - the protocol's name
        user_id: str,
        joined_at: float,
        kind: Kind = "",
    ) -> None:
        self.id = id
        self.user_id = user_id
        self.joined_at = self.began_at = joined_at
        self.kind: Kind = kind
        self.name = ""
        self.role: Role = "participant"
        self.session_id = ""
        self.instance = ""
        self.audio = self.video = self.screen = self.hand = False
        self.state: State = "connected"
        self.generation = 0
        self.attempt = 0
        self.arrived_at = 0
        self.order = 0
        self.former: tuple[str, ...] = ()
        self.excused = 0.0
        self.back_in: float | None = None
        self.restored = False
        self.answered = Answered()
        self.features: frozenset[str] = frozenset()
        self.bytes: Budget | None = None
        self.refused: dict[str, int] | None = None
        self.connection: Handle | None = None
        self.lost_at: float | None = None
        self.listing: Listing | None = None
        self._encoded: bytes | None = None

    def connect(self, connection: Handle, attempt: int) -> int:
        """Seat a new connection in place of any former one; answers its generation."""
        self.generation += 1
        self.attempt = attempt
        self.connection = connection
        self.lost_at = None
        self.excused = 0.0
        self.back_in = None
        self.restored = False
        self.state = "connected"
        self.changed()
        return self.generation

    def arrive(self, instance: str, order: int) -> None:
        """A page has joined, the same as before or another."""
        page = page_of(self.instance)
        if self.instance and page != page_of(instance):
            self.former = (*self.former, page)[-MAX_FORMER:]
        self.instance = instance
        self.order = order
        self.answered = Answered()
        self.refused = None

    def media(self) -> dict[str, bool]:
        return {"audio": self.audio, "video": self.video, "screen": self.screen}

    def set_media(self, media: Media) -> bool:
        """Take over what the message names; answers whether anything changed."""
        audio = self.audio if media.audio is None else media.audio
        video = self.video if media.video is None else media.video
        screen = self.screen if media.screen is None else media.screen
        if audio is self.audio and video is self.video and screen is self.screen:
            return False
        self.audio, self.video, self.screen = audio, video, screen
        self.changed()
        return True

    def changed(self) -> None:
        """To be called after any change to what others see."""
        self._encoded = None
        if self.listing is not None:
            self.listing.end()
            self.listing = None

    def view(self) -> dict[str, Any]:
        """The protocol's `<participant>`."""
        view = {
            "id": self.id,
            "name": self.name,
            "role": self.role,
            "media": self.media(),
            "hand": self.hand,
            "state": self.state,
            "instance": self.instance,
            "joined_at": rfc3339(self.joined_at),
        }
        if self.kind:
            view["kind"] = "bot"
        if self.kind == "recorder":
            view["recording"] = True
        return view

    def encoded(self) -> bytes:
        if self._encoded is None:
            # Copied, because orjson's bytes keep the 4 KiB they were built in.
            self._encoded = bytes(memoryview(orjson.dumps(self.view())))
        return self._encoded


class Listing:
    """Members of a room, encoded in the order they came. `count`: how many; `holds` as long as none of them has changed
    or gone, so that for who comes it need only be added to."""

    __slots__ = ("count", "encoded", "holds")

    def __init__(self) -> None:
        self.count = 0
        self.encoded = b""
        self.holds = True

    def end(self) -> None:
        self.holds = False
        self.encoded = b""

    def add(self, members: list[Member]) -> None:
        for member in members:
            member.listing = self
        self.count += len(members)
        self.encoded = b",".join([*filter(None, [self.encoded]), *[member.encoded() for member in members]])


class Room:
    """A meeting with at least one member. `frames`: its budget for what everyone is told, once there was one.

    `untold`: events, each with its number, that everyone is to be told and was not yet; `ahead`: of members who know
    of some of them all the same, the number of the last one (`telling`).
    """

    __slots__ = (
        "_audience",
        "_audiences",
        "_listing",
        "_members",
        "_users",
        "ahead",
        "frames",
        "id",
        "log",
        "title",
        "untold",
    )

    def __init__(self, id: str, title: str, log: Log) -> None:  # noqa: A002 - the protocol's name
        self.id = id
        self.title = title
        self.log = log
        self.frames: Budget | None = None
        self.untold: list[tuple[int, bytes]] = []
        self.ahead: dict[Member, int] = {}
        self._listing = Listing()
        self._members: dict[str, Member] = {}
        self._users: dict[str, Member] = {}
        self._audience: tuple[Handle, ...] | None = None
        self._audiences: tuple[tuple[Handle, ...], tuple[Handle, ...]] | None = None

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

    def remove(self, member: Member) -> None:
        del self._members[member.id]
        del self._users[member.user_id]
        self.ahead.pop(member, None)
        member.changed()
        if member.connection is not None:
            self.connections_changed()

    def connections_changed(self) -> None:
        """To be called when a member gained or lost its connection."""
        self._audience = self._audiences = None

    def audience(self) -> tuple[Handle, ...]:
        """The connections a broadcast goes to."""
        if self._audience is None:
            self._audience = tuple(m.connection for m in self._members.values() if m.connection is not None)
        return self._audience

    def audiences(self) -> tuple[tuple[Handle, ...], tuple[Handle, ...]]:
        """The same in two: those who take batches, and the others."""
        if self._audiences is None:
            here = [m for m in self._members.values() if m.connection is not None]
            self._audiences = (
                tuple(m.connection for m in here if BATCH in m.features),
                tuple(m.connection for m in here if BATCH not in m.features),
            )
        return self._audiences

    def roster(self) -> orjson.Fragment:
        """The members as a JSON array."""
        if not self._listing.holds:
            self._listing = Listing()
        if self._listing.count < len(self):
            self._listing.add(list(islice(self._members.values(), self._listing.count, None)))
        return orjson.Fragment(b"[%b]" % self._listing.encoded)


def rfc3339(at: float) -> str:
    """`2026-11-21T10:15:30.250Z` of seconds since the epoch."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
