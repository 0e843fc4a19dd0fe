"""What happens in a meeting, as a program is told of it. Each event has the new value.

Where somebody is named (`by`, `sender`), it is by the participant's id. `by` is None when nobody in the meeting did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from reconvene.chat import ChatMessage
from reconvene.views import Knock, Participant
from signalling.protocol.rights import MeetingSettings

State = Literal["connecting", "waiting", "joined", "reconnecting", "left"]
"""`waiting`: to be let in."""


@dataclass(frozen=True, slots=True)
class StateChanged:
    state: State


@dataclass(frozen=True, slots=True)
class Waiting:
    """This program has to be let in again: its place was given up while it was away. `message`: for those who wait."""

    position: int
    message: str


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """`again`: they were in this meeting before, perhaps a moment ago, and take the place of their former self."""

    participant: Participant
    again: bool


@dataclass(frozen=True, slots=True)
class ParticipantChanged:
    participant: Participant
    before: Participant
    by: str | None


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """`reason`: `unseen` if they left while this program was away."""

    participant: Participant
    reason: Literal["left", "lost", "removed", "unseen"]
    by: str | None


@dataclass(frozen=True, slots=True)
class MeetingChanged:
    settings: MeetingSettings
    revision: int
    by: str | None


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """What another participant said to this one alone."""

    sender: str
    data: Any


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody in charge asks this program to turn on what `media` names: `audio`, `video`, `screen`."""

    sender: str
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Muted:
    """What `media` names is off: turned off `by` somebody, or not allowed to this program. Stop sending it."""

    media: tuple[str, ...]
    by: str | None


@dataclass(frozen=True, slots=True)
class Knocked:
    knock: Knock


@dataclass(frozen=True, slots=True)
class KnockEnded:
    knock: Knock
    reason: Literal["admitted", "denied", "left"]
    by: str | None


@dataclass(frozen=True, slots=True)
class MessageWritten:
    """Somebody wrote in the chat, this program included."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A message was edited, or deleted: then `text` is None."""

    id: str
    text: str | None


@dataclass(frozen=True, slots=True)
class MessagesErased:
    """All that a participant had written until then is deleted."""

    sender: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody showed a reaction to everyone, this program included."""

    sender: str
    emoji: str


@dataclass(frozen=True, slots=True)
class IceServersChanged:
    """For connections and ICE restarts from now on."""

    ice_servers: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class TokenExpiring:
    """The application's token expires in so many `seconds`. With `get_token` a newer one is asked for already."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The server refused a status or a signal. `code` is for programs, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Left:
    """The last event. `code`: `left` if this program left, `replaced`, `removed`, `meeting_ended`, `revoked`, or
    another error code of the protocol."""

    code: str
    message: str


Event = (
    StateChanged
    | Waiting
    | ParticipantJoined
    | ParticipantChanged
    | ParticipantLeft
    | MeetingChanged
    | SignalReceived
    | Asked
    | Muted
    | Knocked
    | KnockEnded
    | MessageWritten
    | MessageChanged
    | MessagesErased
    | Reacted
    | IceServersChanged
    | TokenExpiring
    | CommandRefused
    | Left
)
