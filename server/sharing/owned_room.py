"""A room that this node owns: its connections, its turn that is being gathered, and what is not committed of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from server.sharing.owned_connection import OwnedConnection
from signalling.nodes import wire
from signalling.nodes.owner import Parcel, Uncommitted
from signalling.protocol.errors import CloseCode
from signalling.rooms.effects import Effect
from signalling.rooms.hands import RECORDED

CREDENTIALS = tuple(b'{"type":"%b"' % kind for kind in (b"joined", b"resumed", b"waiting", b"authenticated"))
"""How messages begin that are sealed on their way."""


class Local(NamedTuple):
    """For the edge that this node is itself."""

    message: wire.ToEdge
    payload: bytes


class Hands(NamedTuple):
    """To be recorded of raised hands."""

    hands: RECORDED


class Awaited(NamedTuple):
    """Somebody waits until all before it is committed."""

    event: asyncio.Event


Held = Local | Hands | Awaited | Effect
"""What happens when a batch is committed."""


class _Out:
    """A message for one connection, or its answer alone."""

    __slots__ = ("connection", "mark", "n", "payload", "place")

    def __init__(self, connection: OwnedConnection, payload: bytes, mark: int = 0) -> None:
        self.connection = connection
        self.payload = payload
        self.mark = mark
        self.n = 0
        self.place: str | None = None


class _Cast(NamedTuple):
    to: Sequence[OwnedConnection]
    payload: bytes


class _Shut(NamedTuple):
    connection: OwnedConnection
    code: CloseCode


class Turn(NamedTuple):
    """What is to go out of one turn: entries for inboxes, and what is done here when they are in."""

    parcels: Sequence[Parcel]
    held: Sequence[Held]


class OwnedRoom:
    """`node`: this one. `seal`: of payloads. `stirred` is called when there is something to commit."""

    def __init__(
        self,
        room_id: str,
        node: str,
        seal: Callable[[bytes], bytes],
        stirred: Callable[[OwnedRoom], None],
    ) -> None:
        self.id = room_id
        self.node = node
        self.line: Uncommitted[Held] = Uncommitted()
        self.connections: dict[tuple[str, int], OwnedConnection] = {}
        self.withdrawn: list[int] = []
        self.is_lost = False
        """Somebody else owns it by now."""
        self.was_taken_away = False
        """Before all that happened in it was committed."""
        self.is_left = False
        """A connection has gone."""
        self.attempt = 0
        """Rises when the answers that are on their way count no more."""
        self._is_touched = False
        self.is_doubtful = False
        """It may have been given to another node: the answer is not known."""
        self.anew_in = ""
        """In which incarnation of the engine it was begun anew for what others may have shown, and that is not known to
        be there."""
        self.is_unbridged = False
        """Other nodes may have missed something, and have not heard so."""
        self.kept: list[tuple[wire.ToOwner, bytes]] | None = None
        """What edges say while it is being given to another node."""
        self.stays = asyncio.Event()
        """Not while it is about to be given to another node: orders over HTTP wait for that."""
        self.stays.set()
        self.orders = 0
        """Over HTTP, that are under way."""
        self.no_orders = asyncio.Event()
        self.no_orders.set()
        self.recovery: asyncio.Task[None] | None = None
        self._seal = seal
        self._stirred = stirred
        self._items: list[_Out | _Cast | _Shut | Held] = []
        self._last: dict[OwnedConnection, _Out] = {}
        self._answered: dict[OwnedConnection, None] = {}
        self._parcels: list[Parcel] = []
        self._awaited: dict[asyncio.Event, None] = {}
        """In order: who comes next is told next."""

    @property
    def is_stirred(self) -> bool:
        """Whether a turn is being gathered."""
        return bool(self._items or self._answered or self._parcels or self._is_touched)

    @property
    def answering(self) -> Sequence[OwnedConnection]:
        """Connections of which frames were carried out in this turn."""
        return [each for each in self._answered if each.done > each.told]

    # What happens in a turn.

    def touched(self) -> None:
        """Its state has changed."""
        self._is_touched = True
        self._stirred(self)

    def send(self, connection: OwnedConnection, payload: bytes) -> None:
        out = self._last[connection] = _Out(connection, payload, connection.sends(len(payload)))
        self._items.append(out)
        self.answers(connection)

    def cast(self, to: Sequence[OwnedConnection], payload: bytes) -> None:
        self._items.append(_Cast(to, payload))
        self._stirred(self)

    def shut(self, connection: OwnedConnection, code: CloseCode) -> None:
        self._items.append(_Shut(connection, code))
        self._stirred(self)

    def later(self, effect: Held) -> None:
        self._items.append(effect)
        self._stirred(self)

    def answers(self, connection: OwnedConnection) -> None:
        """Frames of it may be carried out, and what it has may have changed."""
        self._answered[connection] = None
        self._stirred(self)

    def awaited(self) -> asyncio.Event:
        """What happens when all that has happened by now is committed, or the room is lost."""
        event = asyncio.Event()
        self._awaited[event] = None
        self.later(Awaited(event))
        return event

    def reached(self, event: asyncio.Event) -> None:
        self._awaited.pop(event, None)
        event.set()

    @contextlib.contextmanager
    def order(self) -> Iterator[None]:
        """One over HTTP. Until it is carried out, the room stays where it is."""
        self.orders += 1
        self.no_orders.clear()
        try:
            yield
        finally:
            self.orders -= 1
            if not self.orders:
                self.no_orders.set()

    def made_sure(self) -> None:
        """The engine has what this node knows of it, and nobody else has the room."""
        self.is_doubtful, self.anew_in = False, ""

    def unbridged(self, nodes: Sequence[str]) -> None:
        """Something that these were told is lost."""
        if not self.is_lost:
            self.tell_nodes(nodes, wire.Unbridged(self.id))

    def tell_nodes(self, nodes: Sequence[str], message: wire.ToEdge) -> None:
        """Before all else in this turn."""
        if others := [each for each in nodes if each != self.node]:
            self._parcels.append(Parcel(others, wire.encode(message)))
            self._stirred(self)

    def turn(self) -> Turn:
        """What was gathered. The next turn begins."""
        explicit = False
        for connection in self._answered:
            has, is_new = connection.has, connection.done > connection.told
            if not (is_new or connection.again or has != connection.place):
                continue
            # What an edge has heard before, it heeds no more: nothing new may be in it.
            out = self._last.get(connection) if is_new or not connection.again else None
            if out is None:
                out = _Out(connection, b"")
                self._items.append(out)
            if is_new or connection.again:
                out.n = connection.told = connection.done
                connection.again = False
            if has != connection.place:
                explicit = True
                out.place = has
        items, parcels, held = self._items, self._parcels, list[Held]()
        # Who has just come or gone is not all that an edge takes to be seated.
        is_cast = any(isinstance(item, _Cast) for item in items)
        seated = self._seated() if is_cast and not explicit else {}
        self._items, self._last, self._answered, self._parcels = [], {}, {}, []
        self._is_touched = False
        for item in items:
            if isinstance(item, _Out):
                self._out(item, parcels, held)
            elif isinstance(item, _Cast):
                self._cast(item, seated, parcels, held)
            elif isinstance(item, _Shut):
                who = item.connection
                message = wire.Shut(self.id, who.number, item.code)
                self._put(who.edge, message, b"", parcels, held)
            else:
                held.append(item)
        return Turn(parcels, held)

    def _out(self, out: _Out, parcels: list[Parcel], held: list[Held]) -> None:
        who, payload = out.connection, out.payload
        sealed = who.edge != self.node and payload.startswith(CREDENTIALS)
        if sealed:
            payload = self._seal(payload)
        if out.place is not None:
            who.place = out.place
        message = wire.Answer(self.id, who.number, out.n, out.place, sealed, out.mark)
        self._put(who.edge, message, payload, parcels, held)

    def _seated(self) -> dict[str, set[int]]:
        """By edge, the numbers of those who have a seat."""
        found: dict[str, set[int]] = {}
        for each in self.connections.values():
            if each.place == "seat":
                found.setdefault(each.edge, set()).add(each.number)
        return found

    def _cast(
        self, cast: _Cast, seated: Mapping[str, set[int]], parcels: list[Parcel], held: list[Held]
    ) -> None:
        edges: dict[str, list[int]] = {}
        for connection in cast.to:
            edges.setdefault(connection.edge, []).append(connection.number)
        whole: list[str] = []
        for edge, numbers in edges.items():
            if edge == self.node:
                held.append(Local(wire.Told(self.id, numbers), cast.payload))
            elif seated.get(edge) == set(numbers):
                whole.append(edge)
            else:
                told = wire.Told(self.id, numbers)
                parcels.append(Parcel([edge], wire.encode(told, cast.payload)))
        if whole:
            parcels.append(Parcel(whole, wire.encode(wire.Told(self.id), cast.payload)))

    def _put(
        self, edge: str, message: wire.ToEdge, payload: bytes, parcels: list[Parcel], held: list[Held]
    ) -> None:
        if edge == self.node:
            held.append(Local(message, payload))
        else:
            parcels.append(Parcel([edge], wire.encode(message, payload)))

    # Connections.

    def adopted(self, connection: OwnedConnection, place: str) -> None:
        """Another owner had it, and its edge knows its place."""
        self.connections[connection.edge, connection.number] = connection
        connection.place = place
        connection.joined, connection.waits = place == "seat", place == "wait"

    def forget(self, connection: OwnedConnection) -> None:
        """Its edge has heard, or will, that its last frame is answered."""
        self.connections.pop((connection.edge, connection.number), None)
        self.is_left = True

    def lose(self) -> list[OwnedConnection]:
        """Returns the connections, to which nothing is written any more."""
        self.is_lost = True
        self.attempt += 1
        self.line.forgets()
        self._items, self._last, self._answered, self._parcels = [], {}, {}, []
        self._is_touched = False
        connections, self.connections = list(self.connections.values()), {}
        for connection in connections:
            connection.closing = True
        for event in tuple(self._awaited):
            self.reached(event)
        self.stays.set()
        return connections
