"""The protocol of an engine: what nodes share. Redis and Valkey implement it in `server.cluster.redis`.

Every method is atomic, and may raise `EngineUnavailable`. Then it may have happened, and may happen yet: a call that
was sent lies in a buffer perhaps. An owner of whose commit the answer was lost therefore takes the room again: the new
term keeps the old commits out, and the head that it is answered says which of them happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from server.cluster.engine.records import (
    Beaten,
    Buried,
    Commit,
    Committed,
    Entry,
    Fenced,
    Gone,
    Head,
    Held,
    Lost,
    Message,
    Ownership,
    Received,
    RoomState,
    Settling,
    Taken,
)


class Engine(Protocol):
    """One node's way to the engine. It connects again by itself."""

    async def open(self) -> None:
        """Connect. Raises `EngineRefused` with the reason when this engine can never serve, `EngineUnavailable`."""

    async def close(self) -> None:
        """Disconnect. Idempotent."""

    async def connected(self) -> str:
        """Wait until there is a connection. Returns the incarnation: the name of this engine since its start."""

    def commit(self, commit: Commit) -> Awaitable[Committed | Fenced | Lost]:
        """Put entries into the log, members and fields into the room, messages into inboxes, in one step.

        Commits go out in the order of the calls, without waiting for each other. Refused: `Fenced`, `Lost`. One of
        another incarnation than this is connected to is `Lost`. Once one of a room is refused or unavailable, so are
        those behind it that were counted on it.
        """

    def send(self, message: Message) -> Awaitable[object]:
        """Put a message into inboxes, without any room. It goes out behind the commits and messages before it."""

    async def take(self, room: str, node: str) -> Taken | Held | Settling | Buried:
        """Make the room the node's, if it is nobody's, the node's own, or that of a node whose lease is over.

        That node is buried: it never beats again. The term rises each time. What is in the room stays. A room that has
        no epoch yet needs `establish` before the first commit.
        """

    async def give(self, own: Ownership, to: str, message: bytes) -> Taken | Fenced | Lost | Gone:
        """Hand the room to a node that lives, and tell it by a message. The giver is fenced at once.

        `Taken.head` has the new owner, who takes the room before it does anything in it.
        """

    async def drop(self, own: Ownership) -> Committed | Fenced | Lost:
        """Delete the room, which is empty. Its term is remembered, so that no earlier owner brings it back.

        The revision of one in which nothing was established is `records.NOTHING`.
        """

    async def confirm(self, own: Ownership) -> Committed | Fenced | Lost | Buried:
        """Say that the room is as the engine has it, after the engine came back as another.

        `Lost`: the engine has less than the owner, who establishes the room. An owner whose lease was over meanwhile,
        or who gave the room and got no answer, establishes another epoch instead: others may have had the room.
        """

    async def establish(self, own: Ownership, state: RoomState) -> Committed | Fenced | Buried:
        """Write the whole room: a new epoch after a take, or what the engine has lost.

        Refused when there is a higher term. What the engine has of this term and epoch, and is not behind
        `own.revision`, stays; its revision is answered.
        """

    async def head(self, room: str) -> Head | None:
        """Whose the room is; None: nobody's for the last hour."""

    async def load(self, room: str) -> RoomState | None:
        """All of the room; None: nothing was established."""

    async def people(self, room: str) -> int:
        """How many members the room has."""

    async def log(self, room: str, after: int) -> Sequence[Entry]:
        """Entries behind `after` in order, at most `LOG_PAGE`. The first is not `after + 1` when that is gone."""

    async def beat(self, node: str, about: bytes, keep: Sequence[str] = ()) -> Beaten | Buried:
        """Renew the node's lease, and the lives of its inbox and of the rooms named in `keep`.

        Every room that is owned is named well within `ROOM_LIVES`. A node that did not beat for `ROOM_LIVES` takes a
        new id: by then nothing in the engine remembers that it was buried.
        """

    async def look(self) -> Beaten:
        """What a beat is told, but for the settling, without one."""

    async def rooms_of(self, node: str) -> Sequence[str]:
        """The rooms that the node owns, or owned when it died, in no order."""

    async def open_inbox(self, node: str) -> None:
        """Make the node's inbox, empty, and read it from now on."""

    async def receive(self) -> Received:
        """Wait for messages, also while the engine is away. Those received before are done with, and deleted.

        After a gap the inbox is open, and empty. Whoever reads asks the owners of its rooms where they are, and tells
        the edges of its own rooms to send again what they have not got answered. One reader at a time.
        """
