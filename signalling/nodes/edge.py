"""An edge's side of its connections: what of them is not answered yet, and who owns their rooms.

    opened ─► said, said, … ─► lost            what a client does
    found, received, gone, gap                 what is heard of the owner

Every frame of a client has a number and is kept until the owner has answered it. Whoever owns the room next is sent
everything again that is not, in order. The node that owns a room is an edge of it too, in the same way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from signalling.nodes import wire
from signalling.protocol.errors import CloseCode

MOST = 64 * 1024
"""Bytes of a connection that may be unanswered. Beyond it, the edge stops reading, until half of them are answered."""

FRAME = 64
"""Bytes that a frame counts besides its own."""


class Post(NamedTuple):
    """Send this to a node's inbox, in order."""

    node: str
    message: wire.ToOwner
    payload: bytes = b""


class Find(NamedTuple):
    """Find out who owns the room, or take it; then call `found`."""

    room: str


class Write(NamedTuple):
    """Write a message to connections. `mark`: call `read` with it when that is read, but for little."""

    to: Sequence[int]
    payload: bytes
    sealed: bool = False
    mark: int = 0


class Place(NamedTuple):
    """The connection has a seat, waits to be let in, or neither ("seat", "wait", "none")."""

    conn: int
    place: str


class Answered(NamedTuple):
    """Nothing that the connection has sent is unanswered."""

    conn: int


class Close(NamedTuple):
    conn: int
    code: CloseCode


class Pause(NamedTuple):
    """Stop reading from the connection, or go on (`is_over`)."""

    conn: int
    is_over: bool


EdgeEffect = Post | Find | Write | Place | Answered | Close | Pause


class Pending(NamedTuple):
    """A frame that is not answered. `goodbye`: None unless it is the last of its connection."""

    n: int
    data: bytes
    sealed: bool
    goodbye: bool | None = None


class Connection:
    """One client's, in one room. `last`: the number of its last frame."""

    __slots__ = ("is_lost", "is_paused", "last", "number", "pending", "place", "size")

    def __init__(self, number: int) -> None:
        self.number = number
        self.last = 0
        self.pending: deque[Pending] = deque()
        self.size = 0
        self.place = "none"
        self.is_paused = False
        self.is_lost = False

    @property
    def first(self) -> int:
        """The number of the first frame that is not answered."""
        return self.pending[0].n if self.pending else self.last + 1


class RoomOfEdge:
    """`owner`: "" while nobody is known. `term`: the highest that was heard of."""

    __slots__ = ("connections", "id", "is_asked", "owner", "term")

    def __init__(self, id: str) -> None:  # noqa: A002 - the protocol's name
        self.id = id
        self.owner = ""
        self.term = 0
        self.is_asked = False
        self.connections: dict[int, Connection] = {}


class Edge:
    """All connections of one node. `node` is its id."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.rooms: dict[str, RoomOfEdge] = {}
        self._room_of: dict[int, str] = {}

    def room_of(self, conn: int) -> str | None:
        return self._room_of.get(conn)

    def has(self, conn: int, room_id: str) -> bool:
        """Whether the room's owner has more to hear of the connection."""
        room = self.rooms.get(room_id)
        return room is not None and conn in room.connections

    # What clients do.

    def opened(self, conn: int, room_id: str) -> list[EdgeEffect]:
        """The connection turns to a room, or is closed: look at `room_of`."""
        before = self._room_of.get(conn)
        if before == room_id:
            return []
        effects = [] if before is None else self.lost(conn)
        room = self.rooms.get(room_id)
        if room is None:
            room = self.rooms[room_id] = RoomOfEdge(room_id)
        if conn in room.connections:
            # It turned away, and comes back before the owner has answered that.
            return [*effects, Close(conn, CloseCode.GOING_AWAY)]
        room.connections[conn] = Connection(conn)
        self._room_of[conn] = room_id
        return effects + self._find(room)

    def said(self, conn: int, data: bytes, *, sealed: bool = False) -> list[EdgeEffect]:
        """A frame. The connection must have turned to a room."""
        room = self.rooms[self._room_of[conn]]
        return self._add(room, room.connections[conn], data, sealed, None)

    def lost(self, conn: int, *, goodbye: bool = False) -> list[EdgeEffect]:
        """The connection is gone, or turns away from its room."""
        room = self.rooms.get(self._room_of.pop(conn, ""))
        if room is None:
            return []
        connection = room.connections[conn]
        connection.is_lost = True
        return self._add(room, connection, b"", False, goodbye)

    def read(self, conn: int, mark: int) -> list[Post]:
        """The client has read all up to the mark, but for little; 0: it is behind."""
        room = self.rooms.get(self._room_of.get(conn, ""))
        if room is None or not room.owner:
            return []
        return [Post(room.owner, wire.Read(self.node, conn, room.id, mark))]

    def _add(
        self, room: RoomOfEdge, connection: Connection, data: bytes, sealed: bool, goodbye: bool | None
    ) -> list[EdgeEffect]:
        connection.last += 1
        pending = Pending(connection.last, data, sealed, goodbye)
        connection.pending.append(pending)
        connection.size += len(data) + FRAME
        effects: list[EdgeEffect] = []
        if room.owner:
            effects.append(self._post(room, connection, pending))
        if connection.size > MOST and not (connection.is_paused or connection.is_lost):
            connection.is_paused = True
            effects.append(Pause(connection.number, is_over=False))
        return effects

    def _post(self, room: RoomOfEdge, connection: Connection, pending: Pending) -> Post:
        who = self.node, connection.number, room.id, pending.n
        if pending.goodbye is not None:
            return Post(room.owner, wire.Lost(*who, pending.goodbye))
        return Post(room.owner, wire.Frame(*who, pending.sealed), pending.data)

    # What is heard of owners.

    def found(self, room_id: str, node: str, term: int) -> list[EdgeEffect]:
        """The room is that node's, under that term."""
        room = self.rooms.get(room_id)
        if room is None or term < room.term:
            return []
        room.owner, room.term, room.is_asked = node, term, False
        conns = {connection.number: connection.first for connection in room.connections.values()}
        placed = [each.number for each in room.connections.values() if each.place != "none"]
        effects: list[EdgeEffect] = [Post(node, wire.Here(self.node, room_id, conns, placed))]
        effects += [
            self._post(room, connection, pending)
            for connection in room.connections.values()
            for pending in connection.pending
        ]
        return effects

    def not_found(self, room_id: str) -> list[EdgeEffect]:
        """Nobody could be found out; asked again, if there is still somebody for whom."""
        room = self.rooms.get(room_id)
        if room is None:
            return []
        room.is_asked = False
        return self._find(room)

    def gone(self, node: str) -> list[EdgeEffect]:
        """The node owns nothing any more."""
        effects: list[EdgeEffect] = []
        for room in self.rooms.values():
            if room.owner == node:
                room.owner = ""
                effects += self._find(room)
        return effects

    def gap(self) -> list[EdgeEffect]:
        """Something that owners sent is lost: the pages find out by resuming what it was."""
        return [
            effect
            for room in list(self.rooms.values())
            if room.owner != self.node
            for effect in self.unbridged(room.id)
        ]

    def unbridged(self, room_id: str) -> list[EdgeEffect]:
        """The same in one room."""
        room = self.rooms.get(room_id)
        if room is None:
            return []
        here = [each for each in room.connections.values() if not each.is_lost]
        return [Close(each.number, CloseCode.GOING_AWAY) for each in here]

    def received(self, message: wire.ToEdge, payload: bytes) -> list[EdgeEffect]:
        room = self.rooms.get(message.room)
        if room is None:
            return []
        if isinstance(message, wire.NotMine):
            if message.node != room.owner:
                return []
            room.owner = ""
            return self._find(room)
        # Of whatever term it is: it was put here before another owner came, who has counted on it.
        if isinstance(message, wire.Told):
            to = message.to
            if to is None:
                to = [each.number for each in room.connections.values() if each.place == "seat"]
            here = [number for number in to if number in room.connections]
            return [Write(here, payload)] if here else []
        if isinstance(message, wire.Owned):
            return self.found(room.id, message.node, message.term)
        if isinstance(message, wire.Unbridged):
            return self.unbridged(room.id)
        connection = room.connections.get(message.conn)
        if connection is None:
            return []
        if isinstance(message, wire.Shut):
            return [] if connection.is_lost else [Close(connection.number, _code(message.code))]
        return list(self._answered(room, connection, message, payload))

    def _answered(
        self, room: RoomOfEdge, connection: Connection, message: wire.Answer, payload: bytes
    ) -> Iterator[EdgeEffect]:
        if message.n and message.n < connection.first:
            # It is said again of what was answered before.
            return
        pending, is_over = connection.pending, False
        while pending and pending[0].n <= message.n:
            answered = pending.popleft()
            connection.size -= len(answered.data) + FRAME
            is_over = is_over or answered.goodbye is not None
        if is_over:
            del room.connections[connection.number]
            if not room.connections:
                del self.rooms[room.id]
            return
        if connection.is_lost:
            return
        if message.place is not None:
            connection.place = message.place
            yield Place(connection.number, message.place)
        if payload:
            yield Write((connection.number,), payload, message.sealed, message.mark)
        if connection.is_paused and connection.size < MOST // 2:
            connection.is_paused = False
            yield Pause(connection.number, is_over=True)
        if not pending:
            yield Answered(connection.number)

    def _find(self, room: RoomOfEdge) -> list[EdgeEffect]:
        if room.owner or room.is_asked:
            return []
        room.is_asked = True
        return [Find(room.id)]


def _code(code: int) -> CloseCode:
    """A newer release may close with another one."""
    try:
        return CloseCode(code)
    except ValueError:
        return CloseCode.GOING_AWAY
