"""The client side for programs: they take part in meetings as the page does, without a browser.

async with reconvene.join("http://localhost:3000", "ABC123", name="Script") as meeting:
    async for event in meeting:
        print(event)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconvene.chat import Chat, ChatMessage
    from reconvene.errors import Refused, Unreachable, Unread
    from reconvene.events import (
        Asked,
        CommandRefused,
        Event,
        IceServersChanged,
        Knocked,
        KnockEnded,
        Left,
        MeetingChanged,
        MessageChanged,
        MessagesErased,
        MessageWritten,
        Muted,
        ParticipantChanged,
        ParticipantJoined,
        ParticipantLeft,
        Reacted,
        SignalReceived,
        State,
        StateChanged,
        TokenExpiring,
        Waiting,
    )
    from reconvene.meeting import Meeting, join
    from reconvene.moderation import Moderation
    from reconvene.views import Knock, Participant

__all__ = [
    "Asked",
    "Chat",
    "ChatMessage",
    "CommandRefused",
    "Event",
    "IceServersChanged",
    "Knock",
    "KnockEnded",
    "Knocked",
    "Left",
    "Meeting",
    "MeetingChanged",
    "MessageChanged",
    "MessageWritten",
    "MessagesErased",
    "Moderation",
    "Muted",
    "Participant",
    "ParticipantChanged",
    "ParticipantJoined",
    "ParticipantLeft",
    "Reacted",
    "Refused",
    "SignalReceived",
    "State",
    "StateChanged",
    "TokenExpiring",
    "Unreachable",
    "Unread",
    "Waiting",
    "join",
]


def __getattr__(name: str) -> Any:
    """Imported when it is first used, and kept: the commands, most of which join no meeting, begin sooner."""
    if name in __all__:
        for home in ("meeting", "events"):
            module = importlib.import_module(f"reconvene.{home}")
            if hasattr(module, name):
                value = globals()[name] = getattr(module, name)
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
