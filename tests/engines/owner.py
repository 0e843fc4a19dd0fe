"""A node in tests of engines, and what it has of one room."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence

from server.cluster.engine.engine import Engine
from server.cluster.engine.records import (
    Beaten,
    Commit,
    Committed,
    Entry,
    Fenced,
    Lost,
    Message,
    Ownership,
    RoomState,
    Taken,
)
from tests.engines.places import alive

ROOM = "ABC-DEF"


class Owner:
    """`node` takes `room`, and begins an epoch named for it."""

    def __init__(self, engine: Engine, node: str, room: str = ROOM) -> None:
        self.engine = engine
        self.node = node
        self.room = room
        self.epoch = f"epoch of {node}"
        self.incarnation = ""
        self.term = 0
        self.seq = 0
        self.revision = 0

    @property
    def own(self) -> Ownership:
        return Ownership(self.room, self.node, self.term, self.epoch, self.revision)

    async def live(self) -> Beaten:
        """Beat until rooms may be taken."""
        beaten = await alive(self.engine, self.node)
        self.incarnation = beaten.incarnation
        return beaten

    async def take(self) -> Taken:
        taken = await self.engine.take(self.room, self.node)
        assert isinstance(taken, Taken), taken
        self.term, self.seq, self.revision = taken.head.term, taken.head.seq, taken.head.revision
        self.epoch = taken.head.epoch or self.epoch
        return taken

    async def begin(self, **members: bytes) -> None:
        """Live, take the room, and establish a new epoch in it."""
        await self.live()
        await self.take()
        told = await self.engine.establish(self.own, RoomState(self.seq, members=members))
        assert told == Committed(self.revision)

    def make(
        self,
        *payloads: bytes,
        members: Mapping[str, bytes | None] | None = None,
        fields: Mapping[str, bytes | None] | None = None,
        messages: Sequence[Message] = (),
        withdrawn: Sequence[int] = (),
        cut: int = 0,
    ) -> Commit:
        """A commit of the next events, as the room was left."""
        entries = [Entry(seq, payload, 1000.5) for seq, payload in enumerate(payloads, self.seq + 1)]
        return Commit(
            *(self.room, self.term, self.revision, self.seq, self.incarnation),
            entries,
            members or {},
            fields or {},
            messages,
            withdrawn,
            cut,
        )

    def call(self, commit: Commit) -> Awaitable[Committed | Fenced | Lost]:
        """Send it, and go on from there without waiting."""
        self.seq += len(commit.entries)
        self.revision += bool(commit.entries or commit.members or commit.fields)
        return self.engine.commit(commit)

    async def commit(self, *payloads: bytes, members: Mapping[str, bytes | None] | None = None) -> None:
        told = await self.call(self.make(*payloads, members=members))
        assert told == Committed(self.revision), told

    async def payloads(self) -> list[bytes]:
        """Those in the log."""
        return [entry.payload for entry in await self.engine.log(self.room, 0)]
