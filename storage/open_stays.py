"""Stays that are open under a node. `server.realtime.reconciling` compares them with the members of the rooms."""

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
    """A stay that is open under the node although nobody is in it. `seen_at`: when somebody last was; None: nobody ever
    came, or came back."""

    room: str
    user_id: str
    participant_id: str
    session_id: str
    node_id: str
    seen_at: float | None


class OpenStays(Protocol):
    async def open_stays(self, node_id: str) -> Sequence[OpenStay]:
        """All stays that are open under the node, in no order."""

    async def abandon_stay(self, abandon: StayAbandon) -> None:
        """Close the stay at `seen_at`, never before it began or somebody came back to it; `estimated`.

        The reason is "lost", as somebody may come back to the stay. It is "left" when the stay had just begun and
        nobody was seen in it: nobody knows of it then. Does nothing when the stay is not open under the node.
        """
