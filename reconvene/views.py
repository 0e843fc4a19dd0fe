"""What a program is shown of a meeting: who is there, who waits to be let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from signalling.protocol.rights import Role


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in the meeting, as they were when this was made. `audio`, `video`, `screen`: what they send.

    `state` is `reconnecting` while their connection is lost. `instance`: another one is another page, which begins new
    peer connections. `hand_at`: since when the hand is up. `kind` is `bot` for a program, and empty for a person.
    `recording`: it records the meeting. `guest`: nobody has identified this person, on a server that an application
    tells who people are. `obeys` is false of a client that may go on sending what is turned off for it. `picture`: an
    address.
    `may`: the rights (`audio`, `video`, `screen`, `chat`, `hand`) in which they differ from the meeting's default.
    """

    id: str
    name: str
    role: Role
    audio: bool
    video: bool
    screen: bool
    hand: bool
    state: Literal["connected", "reconnecting"]
    instance: str
    joined_at: datetime
    hand_at: datetime | None = None
    kind: Literal["", "bot"] = ""
    recording: bool = False
    guest: bool = False
    obeys: bool = True
    picture: str | None = None
    may: Mapping[str, bool] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Participant:
        """From the protocol's `<participant>`."""
        media, hand_at = entry["media"], entry.get("hand_at")
        return cls(
            entry["id"],
            entry["name"],
            entry["role"],
            media["audio"],
            media["video"],
            media["screen"],
            entry["hand"],
            entry["state"],
            entry["instance"],
            datetime.fromisoformat(entry["joined_at"]),
            datetime.fromisoformat(hand_at) if hand_at else None,
            entry.get("kind", ""),
            entry.get("recording", False),
            entry.get("guest", False),
            entry.get("obeys", True),
            entry.get("picture"),
            entry.get("may", {}),
        )


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody who waits to be let in, since `at`. `anonymous`: the name is only what they say."""

    id: str
    name: str
    at: datetime
    anonymous: bool

    @classmethod
    def of(cls, knock: Mapping[str, Any]) -> Knock:
        """From the protocol's `<knock>`."""
        return cls(knock["id"], knock["name"], datetime.fromisoformat(knock["at"]), knock["anonymous"])
