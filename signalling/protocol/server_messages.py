"""What the server sends: one frozen type per message. `signalling.rooms.server_messages` makes frames from them.

Clients ignore fields and types they do not know. An optional field with nothing to say is left out: `UNSET` here.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from signalling.protocol.chat import ChatChanged, ChatErased, ChatMessage, ChatPage, Reaction
from signalling.protocol.errors import ErrorCode
from signalling.protocol.fields import Media, MessageId, Number
from signalling.protocol.knocks import Knock, Knocked, KnockEnded, Waiting
from signalling.protocol.rights import MeetingSettings, Rights, Role

State = Literal["connected", "reconnecting"]

LeftReason = Literal["left", "lost", "removed"]

EndReason = Literal["ended"]


class MediaState(msgspec.Struct, frozen=True):
    """What someone sends."""

    audio: bool
    video: bool
    screen: bool


class Participant(msgspec.Struct, frozen=True):
    """`joined_at`: when this stay began (RFC 3339, UTC). Only programs have `kind` and `recording` (true).

    `guest` (true): nobody has identified this person, on a server that an application tells who people are. `obeys`
    (false): this client does not turn off what it is told to. `picture`: an address, from the application.

    `may`: the rights in which this participant differs from the meeting's default. `hand_at`: when the hand was raised
    (as `joined_at`, by the server's clock), while it is up; hands are ordered by it."""

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
    guest: bool | UnsetType = UNSET
    obeys: bool | UnsetType = UNSET
    picture: str | UnsetType = UNSET
    may: Rights | UnsetType = UNSET
    hand_at: str | UnsetType = UNSET


class ParticipantChange(msgspec.Struct, frozen=True):
    """What has changed of one participant. `media` is whole if any of it changed, and so is `may`. `hand_at` comes with
    `hand`: null when it is down."""

    id: str
    media: MediaState | UnsetType = UNSET
    hand: bool | UnsetType = UNSET
    state: State | UnsetType = UNSET
    obeys: bool | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    may: Rights | UnsetType = UNSET
    hand_at: str | UnsetType | None = UNSET
    name: str | UnsetType = UNSET


class Muted(Media, frozen=True, omit_defaults=True):
    """What the client has to turn off (false)."""

    hand: bool | None = None


class ParticipantId(msgspec.Struct, frozen=True):
    id: str


class Meeting(msgspec.Struct, frozen=True):
    """`host`: whether the recipient is the host. `created`: whether this join created the meeting. `revision` rises
    with each change of `settings`; the server leaves both out until there is one."""

    id: str
    title: str
    host: bool
    created: bool
    settings: MeetingSettings | UnsetType = UNSET
    revision: Number | UnsetType = UNSET


class MeetingChange(msgspec.Struct, frozen=True):
    """The whole settings, in place of those before."""

    settings: MeetingSettings
    revision: Number


class IceServer(msgspec.Struct, frozen=True):
    """An `RTCIceServer` (W3C webrtc-pc). Operators may add fields of their own."""

    urls: str | list[str]
    username: str | UnsetType = UNSET
    credential: str | UnsetType = UNSET


class Snapshot(msgspec.Struct, frozen=True):
    """The whole room, in the order people came. It replaces what the client knew. `knocks`: for those in charge."""

    meeting: Meeting
    participants: list[Participant]
    knocks: list[Knock] | UnsetType = UNSET


# Answers, and messages about one connection


class Joined(msgspec.Struct, frozen=True, tag_field="type", tag="joined"):
    """`participants`: everyone, `you` included. `seq`: the last event that this list includes. `heartbeat`, `grace` and
    `lasted` are seconds; `lasted`: for how long somebody has been in the meeting, without a gap (before 0.8
    it was not told). `token`: a new identity token for the client to keep."""

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
    knocks: list[Knock] | UnsetType = UNSET
    muted: Muted | UnsetType = UNSET
    lasted: float | UnsetType = UNSET


class Resumed(msgspec.Struct, frozen=True, tag_field="type", tag="resumed"):
    """The missed events follow, `replayed` in number, up to `seq`; or there is a `snapshot` as of `seq`. `session`: a
    new one, if the one before is to be replaced. `muted`: what the client has to turn off (false), because it may not
    send it, or because somebody in charge turned it off. It and `lasted` are the same in `joined`."""

    id: MessageId
    epoch: str
    seq: Number
    replayed: Number
    ice_servers: list[IceServer]
    session: str | UnsetType = UNSET
    snapshot: Snapshot | UnsetType = UNSET
    muted: Muted | UnsetType = UNSET
    lasted: float | UnsetType = UNSET


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack"):
    """`again` (true): the command had taken effect before."""

    id: MessageId
    again: bool | UnsetType = UNSET


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
    """They replace those that came before, for connections and ICE restarts from now on."""

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
    """Someone comes who was in this meeting before, whether or not they are still in the room."""

    seq: Number
    participant: Participant


class ParticipantUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="participant_updated"):
    """`by`: who did that to the participant, if it was somebody else in the meeting. The same in what follows."""

    seq: Number
    participant: ParticipantChange
    by: str | UnsetType = UNSET


class ParticipantLeft(msgspec.Struct, frozen=True, tag_field="type", tag="participant_left"):
    seq: Number
    participant: ParticipantId
    reason: LeftReason
    by: str | UnsetType = UNSET


class MeetingUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="meeting_updated"):
    seq: Number
    meeting: MeetingChange
    by: str | UnsetType = UNSET


class MeetingEnded(msgspec.Struct, frozen=True, tag_field="type", tag="meeting_ended"):
    seq: Number
    reason: EndReason


class RelayedSignal(msgspec.Struct, frozen=True, tag_field="type", tag="signal"):
    """What another participant said to this one alone. `data` stays the bytes that came."""

    seq: Number
    sender: str = msgspec.field(name="from")
    data: msgspec.Raw


class Asked(msgspec.Struct, frozen=True, tag_field="type", tag="ask"):
    """Somebody in charge asks this participant to turn on what `media` names as true."""

    seq: Number
    sender: str = msgspec.field(name="from")
    media: Media


Event = (
    ParticipantJoined
    | ParticipantRejoined
    | ParticipantUpdated
    | ParticipantLeft
    | MeetingUpdated
    | MeetingEnded
    | RelayedSignal
    | Asked
    | Knocked
    | KnockEnded
    | ChatMessage
    | ChatChanged
    | ChatErased
)


class Batch(msgspec.Struct, frozen=True, tag_field="type", tag="batch"):
    """Several events in one frame, in order, from number `first` to number `seq`."""

    first: Number
    seq: Number
    events: list[Event]


ServerMessage = (
    Joined
    | Resumed
    | Waiting
    | Ack
    | Error
    | Pong
    | GoingAway
    | IceServers
    | TokenExpiring
    | Authenticated
    | ChatPage
    | Reaction
    | Event
    | Batch
)
