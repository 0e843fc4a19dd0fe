"""Stays that are open under a node: what `server.realtime.reconciling` compares with who is in the rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OpenStay:
    room: str
    user_id: str
    participant_id: str
    session_id: str
    instance: str
    joined_at: float


@dataclass(frozen=True, slots=True)
class StayAbandon:
    """A stay that is open under the node, and that nobody is in. `seen_at`: when somebody last was, after they came;
    None: nobody ever came to it, or came back."""

    room: str
    user_id: str
    participant_id: str
    session_id: str
    node_id: str
    seen_at: float | None


class OpenStays(Protocol):
    async def open_stays(self, node_id: str) -> Sequence[OpenStay]:
        """All that are open under the node, in no order."""

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        """Close the stay at `seen_at`, never before it began or somebody came back to it; `estimated`.

        Reason "lost", as someone may come back to it; "left" when it had just begun and nobody was seen in it, as then
        nobody knows of it. Nothing happens when it is not open under the node.
        """
