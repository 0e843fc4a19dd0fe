"""What somebody may do and is to be seen and heard with, as a client knows it. The page's `static/sdk/rights.js` is its
twin.

The server refuses what somebody may not send. Media go past it, so each receiver plays no more than the server says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from signalling.client.roster import FLAGS, Participant

Meeting = Mapping[str, Any]
"""The protocol's `<meeting>`."""


class Plays(NamedTuple):
    """What to play or record of a participant. `sound`: of a shared screen."""

    audio: bool
    video: bool
    screen: bool
    sound: bool


NOTHING = Plays(audio=False, video=False, screen=False, sound=False)


def in_charge(participant: Participant) -> bool:
    return bool(participant["role"] != "participant")


def may(participant: Participant, meeting: Meeting, right: str) -> bool:
    """Those in charge may do everything, the others what is allowed to them, or to everyone."""
    if in_charge(participant):
        return True
    own: bool | None = participant.get("may", {}).get(right)
    common: bool | None = meeting.get("settings", {}).get("may", {}).get(right)
    return common is not False if own is None else own


def plays(participant: Participant, meeting: Meeting) -> Plays:
    media = participant["media"]
    audio, video, screen = (bool(media[flag]) and may(participant, meeting, flag) for flag in FLAGS)
    return Plays(audio, video, screen, screen and may(participant, meeting, "audio"))
