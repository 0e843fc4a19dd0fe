"""What the server sends: one frozen type per message. `signalling.rooms.server_messages` makes frames from them.

Clients ignore fields and types they do not know. An optional field with nothing to say is left out: `UNSET` here.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from signalling.protocol.client_messages import MAX_ID, MessageId
from signalling.protocol.errors import ErrorCode

Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
"""The number of an event within an epoch."""

Role = Literal["host", "cohost", "participant"]

State = Literal["connected", "reconnecting"]

LeftReason = Literal["left", "lost", "removed"]

EndReason = Literal["ended"]


class MediaState(msgspec.Struct, frozen=True):
    """What someone sends."""

    audio: bool
    video: bool
    screen: bool


class Participant(msgspec.Struct, frozen=True):
    """`joined_at`: when this stay began (RFC 3339, UTC). `kind` and `recording` (true) are of programs alone."""

    id: str
    name: str
    role: Role
    media: MediaState
    hand: bool
    state: State
    instance: str
    joined_at: str
    kind: Literal["bot"] | UnsetType = UNSET
    recording: bool | UnsetType = UNSET


class ParticipantChange(msgspec.Struct, frozen=True):
    """What is new of one participant. `media` is whole when any of it changed."""

    id: str
    media: MediaState | UnsetType = UNSET
    hand: bool | UnsetType = UNSET
    state: State | UnsetType = UNSET


class ParticipantId(msgspec.Struct, frozen=True):
    id: str


class Meeting(msgspec.Struct, frozen=True):
    """`host`: whether the reader is the host. `created`: whether this very join created the meeting."""

    id: str
    title: str
    host: bool
    created: bool


class IceServer(msgspec.Struct, frozen=True):
    """An `RTCIceServer` (W3C webrtc-pc). Operators may add fields of their own."""

    urls: str | list[str]
    username: str | UnsetType = UNSET
    credential: str | UnsetType = UNSET


class Snapshot(msgspec.Struct, frozen=True):
    """The whole room, in the order people came, to be put in place of what was known."""

    meeting: Meeting
    participants: list[Participant]


# Answers, and messages about one connection


class Joined(msgspec.Struct, frozen=True, tag_field="type", tag="joined"):
    """`participants`: everyone, `you` included. `seq`: the last event this list knows of. `heartbeat` and `grace` are
    seconds. `token`: the identity's, when the client is to keep a new one."""

    id: MessageId
    meeting: Meeting
    you: Participant
    rejoined: bool
    session: str
    epoch: str
    seq: Number
    participants: list[Participant]
    ice_servers: list[IceServer]
    heartbeat: float
    grace: float
    features: tuple[str, ...]
    token: str | UnsetType = UNSET


class Resumed(msgspec.Struct, frozen=True, tag_field="type", tag="resumed"):
    """So many events follow as were missed (`replayed`), up to `seq`; or there is a `snapshot` as of `seq`. `session`:
    in place of the one before, when that grows old."""

    id: MessageId
    epoch: str
    seq: Number
    replayed: Number
    ice_servers: list[IceServer]
    session: str | UnsetType = UNSET
    snapshot: Snapshot | UnsetType = UNSET


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack"):
    id: MessageId


class Error(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """`code` is for programs, `message` for people. `retry_after`: seconds."""

    code: ErrorCode
    message: str
    id: MessageId | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


class Pong(msgspec.Struct, frozen=True, tag_field="type", tag="pong"):
    """`t` stays the bytes that came."""

    id: MessageId | UnsetType = UNSET
    t: msgspec.Raw | UnsetType = UNSET


class GoingAway(msgspec.Struct, frozen=True, tag_field="type", tag="going_away"):
    """The server stops. `delay`: seconds after which to reconnect."""

    delay: float


class IceServers(msgspec.Struct, frozen=True, tag_field="type", tag="ice_servers"):
    """In place of those that came before, for connections that are made from now on."""

    ice_servers: list[IceServer]


class TokenExpiring(msgspec.Struct, frozen=True, tag_field="type", tag="token_expiring"):
    """The application's token expires. `in`: seconds within which a newer one is to be sent (`authenticate`)."""

    in_: float = msgspec.field(name="in")


class Authenticated(msgspec.Struct, frozen=True, tag_field="type", tag="authenticated"):
    """The newer token counts. `session`: in place of the one before."""

    id: MessageId
    session: str


# Events, for everyone in the room or for one participant


class ParticipantJoined(msgspec.Struct, frozen=True, tag_field="type", tag="participant_joined"):
    seq: Number
    participant: Participant


class ParticipantRejoined(msgspec.Struct, frozen=True, tag_field="type", tag="participant_rejoined"):
    """Of someone who was in this meeting before, whether or not they are in the room."""

    seq: Number
    participant: Participant


class ParticipantUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="participant_updated"):
    seq: Number
    participant: ParticipantChange


class ParticipantLeft(msgspec.Struct, frozen=True, tag_field="type", tag="participant_left"):
    seq: Number
    participant: ParticipantId
    reason: LeftReason


class MeetingEnded(msgspec.Struct, frozen=True, tag_field="type", tag="meeting_ended"):
    seq: Number
    reason: EndReason


class RelayedSignal(msgspec.Struct, frozen=True, tag_field="type", tag="signal"):
    """What another participant said to this one alone. `data` stays the bytes that came."""

    seq: Number
    sender: str = msgspec.field(name="from")
    data: msgspec.Raw


Event = (
    ParticipantJoined
    | ParticipantRejoined
    | ParticipantUpdated
    | ParticipantLeft
    | MeetingEnded
    | RelayedSignal
)


class Batch(msgspec.Struct, frozen=True, tag_field="type", tag="batch"):
    """Several events in one frame, in order, from number `first` to number `seq`."""

    first: Number
    seq: Number
    events: list[Event]


ServerMessage = (
    Joined
    | Resumed
    | Ack
    | Error
    | Pong
    | GoingAway
    | IceServers
    | TokenExpiring
    | Authenticated
    | Event
    | Batch
)
