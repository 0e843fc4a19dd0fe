"""One participant in a room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from signalling.protocol.features import MODERATION
from signalling.protocol.fields import Kind, Media
from signalling.protocol.identifiers import page_of
from signalling.protocol.rights import ALL, Role
from signalling.protocol.server_messages import MediaState, Participant, State
from signalling.rooms.budget import Budget
from signalling.rooms.command_ids import CommandIds
from signalling.rooms.listing import Listing
from signalling.rooms.touched import Touched

Handle = Any
"""Whatever the caller uses for a connection: hashable, and opaque here."""

Order = tuple[int, int]
"""How late a join was asked for: the term of whoever owned the room then, and a count within it."""

MAX_FORMER = 8

_encode = msgspec.json.Encoder().encode


class Look(NamedTuple):
    """What others see of somebody beside the name. `guest`: nobody has identified this person, where somebody could
    have. `picture`: its address; "": there is none, None: nothing was said of it. `named`: by an application, so that
    nobody chooses another name."""

    guest: bool = False
    picture: str | None = None
    named: bool = False


UNSEEN = Look()


class Member:
    """One participant in a room.

    `generation` counts its connections; messages and closes of older ones are ignored.
    `attempt`: how often its page had asked for a seat when it got this one; earlier requests are void.
    `arrived_at`: number of the event that announced this instance, 0 if that was before this log.
    `order`: that of the join that made the instance; joins requested earlier are void. `former`: the last few pages
    that lost the place to a newer page; they do not get it back.
    `began_at`: when its stay began, by the store's current clock; `joined_at` stays as others were told.
    `lost_at`: when its connection was lost (the hub's clock), None while it has one. `excused`: seconds of its absence
    in which nobody could have come back. `back_in`: its page said goodbye, and has left after so many seconds of
    absence; None: no goodbye.
    `features`: what its page can do (`features.FEATURES`). `bytes`: its budget for signals, once it has sent one.
    `refused`: per addressee, the id of the signal that was refused with `busy` and has to come again first.
    `chat_budget`, `reactions` and `renames`: the same for what it writes, reactions, and other names.
    `chat_refused`: the id of the message that was refused with `busy` and has to come again first.
    `may`: the rights in which it differs from the meeting's default. `muted`: what somebody else turned off, or it may
    not send, since its page last said whether it sends this; "hand" if somebody has lowered it since it spoke of it.
    `hand_at`: when the hand was raised (epoch seconds, whole milliseconds), None while it is down.
    `restored`: known only from the store since the server restarted, and not back yet.
    `listing`: the listing that contains its current state. `place`: rises with the members of the room.
    `touched`: what the room notes changes in, if somebody asks for them. `unknown`: fields of a newer release, which
    are handed on as they are (`signalling.state`).
    """

    __slots__ = (
        "_encoded",
        "arrived_at",
        "attempt",
        "audio",
        "back_in",
        "began_at",
        "bytes",
        "chat_budget",
        "chat_refused",
        "command_ids",
        "connection",
        "excused",
        "features",
        "former",
        "generation",
        "hand_at",
        "id",
        "instance",
        "joined_at",
        "kind",
        "listing",
        "look",
        "lost_at",
        "may",
        "muted",
        "name",
        "order",
        "place",
        "reactions",
        "refused",
        "renames",
        "restored",
        "role",
        "screen",
        "session_id",
        "state",
        "touched",
        "unknown",
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
        self.audio = self.video = self.screen = False
        self.hand_at: float | None = None
        self.state: State = "connected"
        self.generation = 0
        self.attempt = 0
        self.arrived_at = 0
        self.order: Order = (0, 0)
        self.former: tuple[str, ...] = ()
        self.excused = 0.0
        self.back_in: float | None = None
        self.restored = False
        self.look = UNSEEN
        self.may = ALL
        self.muted: frozenset[str] = frozenset()
        self.command_ids = CommandIds()
        self.features: frozenset[str] = frozenset()
        self.bytes: Budget | None = None
        self.refused: dict[str, int] | None = None
        self.chat_budget: Budget | None = None
        self.chat_refused: int | None = None
        self.reactions: Budget | None = None
        self.renames: Budget | None = None
        self.connection: Handle | None = None
        self.lost_at: float | None = None
        self.listing: Listing | None = None
        self.place = 0
        self.touched: Touched | None = None
        self.unknown: Mapping[str, Any] | None = None
        self._encoded: bytes | None = None

    def connect(self, connection: Handle, attempt: int) -> int:
        """Seat a new connection in place of any former one; returns its generation."""
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

    def arrive(self, instance: str, order: Order) -> None:
        """A page has joined: the same page as before, or another."""
        page = page_of(self.instance)
        if self.instance and page != page_of(instance):
            self.former = (*self.former, page)[-MAX_FORMER:]
        self.instance = instance
        self.order = order
        self.command_ids = CommandIds()
        self.refused = None
        self.chat_refused = None

    @property
    def hand(self) -> bool:
        return self.hand_at is not None

    @property
    def raised_at(self) -> str | None:
        """As others are told."""
        return None if self.hand_at is None else rfc3339(self.hand_at)

    @property
    def obeys(self) -> bool:
        """Whether its page turns off what it is told to, as far as is known."""
        return self.generation == 0 or MODERATION in self.features

    def media(self) -> MediaState:
        return MediaState(self.audio, self.video, self.screen)

    def set_media(self, media: Media) -> bool:
        """Apply the flags that the message names; returns whether anything changed."""
        audio = self.audio if media.audio is None else media.audio
        video = self.video if media.video is None else media.video
        screen = self.screen if media.screen is None else media.screen
        if audio is self.audio and video is self.video and screen is self.screen:
            return False
        self.audio, self.video, self.screen = audio, video, screen
        self.changed()
        return True

    def changed(self) -> None:
        """Call this after any change to what others see."""
        self._encoded = None
        if self.touched is not None:
            self.touched.member(self)
        if self.listing is not None:
            self.listing.end()
            self.listing = None

    def touch(self) -> None:
        """Call this after a change that others do not see."""
        if self.touched is not None:
            self.touched.member(self)

    def view(self) -> Participant:
        return Participant(
            self.id,
            self.name,
            self.role,
            self.media(),
            self.hand,
            self.state,
            self.instance,
            rfc3339(self.joined_at),
            "bot" if self.kind else UNSET,
            self.kind == "recorder" or UNSET,
            self.look.guest or UNSET,
            UNSET if self.obeys else False,
            self.look.picture or UNSET,
            UNSET if self.may is ALL else self.may,
            UNSET if self.hand_at is None else rfc3339(self.hand_at),
        )

    def encoded(self) -> bytes:
        if self._encoded is None:
            # Copied, because the encoder's bytes keep half as much memory again.
            self._encoded = b"%b" % _encode(self.view())
        return self._encoded


def rfc3339(at: float) -> str:
    """Seconds since the epoch as `2026-11-21T10:15:30.250Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
