"""The rooms that this node owns: how it comes to have them, what edges say of them, and how it loses them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.records import Held, RoomState, Settling, Taken
from server.identity.ids import new_id
from server.runtime import clock
from server.sharing.committing import Committing
from server.sharing.membership import Membership
from server.sharing.owned_connection import OwnedConnection, Owner
from server.sharing.owned_room import OwnedRoom
from server.sharing.room_state import parts_of, withdrawn_of
from server.sharing.sealing import Seal
from signalling.nodes import wire
from signalling.protocol.errors import CloseCode
from signalling.protocol.features import ICE
from signalling.rooms.effects import Effect
from signalling.rooms.hub import Hub
from signalling.state.handover import Handover
from signalling.state.parts import State

log = structlog.get_logger()


class Hears(Owner, Protocol):
    """The gateway, as these rooms see it."""

    def came_from(self, connection: OwnedConnection, sealed: bytes) -> bytes:
        """Note where the client is; returns the frame. Raises `NotSealed`."""

    def lost_owned(self, connection: OwnedConnection) -> None:
        """It is gone, whether its member knows or not."""

    def has_socket(self, number: int, room_id: str) -> bool:
        """Whether this node has that connection, for that room."""

    def carry_out(self, effects: Sequence[Effect]) -> None: ...
    def tell_here(self, message: wire.ToEdge) -> None:
        """This node's own edge."""


class OwnedRooms:
    """`terms`: those of joins (`JoinOrder.terms`)."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        membership: Membership,
        seal: Seal,
        gateway: Hears,
        terms: dict[str, int],
    ) -> None:
        self.rooms: dict[str, OwnedRoom] = {}
        self.taken_over = 0
        self._engine = engine
        self._hub = hub
        self._membership = membership
        self._seal = seal
        self._gateway = gateway
        self._terms = terms
        self._taking: dict[str, asyncio.Task[tuple[str, int] | None]] = {}
        self._adopting: OwnedRoom | None = None
        self.committing: Committing
        self.handover = Handover(hub, _name, self._find)

    # How rooms come and go.

    async def take(self, room_id: str) -> tuple[str, int] | None:
        """Who owns the room, and since which term: this node, if nobody else does. None: it cannot be said now. Raises
        `EngineUnavailable`."""
        room = self.rooms.get(room_id)
        if room is not None:
            return self._membership.id, room.line.term
        task = self._taking.get(room_id)
        if task is None:
            task = self._taking[room_id] = asyncio.get_running_loop().create_task(self._take(room_id))
            task.add_done_callback(lambda done: self._took(room_id, done))
        return await asyncio.shield(task)

    def _took(self, room_id: str, done: asyncio.Task[Any]) -> None:
        del self._taking[room_id]
        if not done.cancelled():
            done.exception()

    async def _take(self, room_id: str) -> tuple[str, int] | None:
        incarnation = await self._membership.settled()
        node = self._membership.id
        told = await self._engine.take(room_id, node)
        if isinstance(told, Held):
            return told.node, told.term
        if not isinstance(told, Taken):
            if not isinstance(told, Settling):
                self._membership.buried()
            return None
        state = await self._engine.load(room_id) if told.head.epoch else None
        if node != self._membership.id:
            return None
        self._begin(room_id, told, state, incarnation)
        return node, told.head.term

    def _begin(self, room_id: str, told: Taken, state: RoomState | None, incarnation: str) -> None:
        head = told.head
        room = OwnedRoom(room_id, self._membership.id, self._seal.seal, self.committing.stirred)
        self.rooms[room_id] = room
        self._terms[room_id] = head.term
        epoch = head.epoch if told.is_complete and state is not None else ""
        room.line.took(head.term, incarnation, epoch, head.revision, head.seq)
        if told.previous_term:
            room.tell_nodes(self._membership.others, wire.Owned(room_id, head.term, room.node))
        if state is None:
            return
        room.withdrawn = withdrawn_of(state)
        self.taken_over += 1
        log.info(
            "room taken over",
            meeting=room_id,
            term=head.term,
            last_owner=told.previous,
            people=len(state.members),
            same_epoch=told.is_complete,
        )
        self._adopt(room, parts_of(state), told)

    def _adopt(self, room: OwnedRoom, parts: State, told: Taken) -> None:
        now, at = clock.monotonic(), self._membership.at()
        lost_at = min(now, now - (at - self._membership.last_beat(told.previous, at)))
        self._adopting = room
        try:
            effects = self.handover.adopt(parts, now, at, lost_at, is_copy=told.is_complete)
        except Exception:
            # Its people join anew.
            log.exception("a room's state cannot be read", meeting=room.id)
            room.line.epoch = ""
            return
        finally:
            self._adopting = None
        for connection in list(room.connections.values()):
            if connection.waits:
                # How it is let in, the last owner knew.
                connection.close(CloseCode.GOING_AWAY)
        for member in self._hub.rooms[room.id]:
            if member.connection is not None and ICE in member.features:
                # Since when it has them, the last owner knew.
                member.connection.renew_ice_at = now
        if not told.is_complete:
            self.handover.begin_anew(room.id, new_id("e"))
            unbridged = wire.Unbridged(room.id, room.line.term)
            room.tell_nodes(self._membership.others, unbridged)
            self._gateway.tell_here(unbridged)
        self._gateway.carry_out(effects)
        self.committing.stirred(room)

    def _find(self, name: Any) -> OwnedConnection | None:
        """The connection of that name; None: its edge is gone, and it with it."""
        edge, number, done, place = name
        room = self._adopting
        if room is None or not self._is_there(edge, number, room.id):
            return None
        connection = OwnedConnection(self._gateway, room, edge, number, done)
        room.adopted(connection, place)
        return connection

    def _is_there(self, edge: str, number: int, room_id: str) -> bool:
        if edge == self._membership.id:
            return self._gateway.has_socket(number, room_id)
        return edge in self._membership.others

    def lose(self, room: OwnedRoom) -> None:
        """Somebody else has it: nothing of what was not committed has happened, and nobody is told."""
        if self.rooms.get(room.id) is not room:
            return
        log.warning("room lost to another node", meeting=room.id, term=room.line.term)
        self._forget(room)
        self.handover.drop(room.id)
        # Its own sockets do not know what of theirs was done.
        self._gateway.tell_here(wire.Unbridged(room.id, room.line.term))
        self._gateway.tell_here(wire.NotMine(room.id, room.node))

    def lose_all(self) -> None:
        for room in list(self.rooms.values()):
            self.lose(room)

    def dropped(self, room: OwnedRoom) -> None:
        """The engine has no such room any more, and nobody is in it."""
        self._forget(room)

    def _forget(self, room: OwnedRoom) -> None:
        self.rooms.pop(room.id, None)
        self._terms.pop(room.id, None)
        room.lose()

    # What edges say.

    def received(self, message: wire.ToOwner, payload: bytes = b"") -> None:
        room = self.rooms.get(message.room)
        if room is None:
            self._astray(message)
        elif isinstance(message, wire.Frame):
            self._frame(room, message, payload)
        elif isinstance(message, wire.Lost):
            self._lost(room, message)
        else:
            self._here(room, message)

    def _astray(self, message: wire.ToOwner) -> None:
        """The sender takes this node for the owner. Perhaps it is, and does not know."""
        if isinstance(message, wire.Here):
            task = asyncio.get_running_loop().create_task(self._look(message.room, message.edge))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _look(self, room_id: str, edge: str) -> None:
        found = await self.take(room_id)
        room = self.rooms.get(room_id)
        if room is not None:
            owned = wire.Owned(room_id, room.line.term, room.node)
            self.tell(edge, owned)
        elif found is not None:
            self.tell(edge, wire.NotMine(room_id, self._membership.id))

    def tell(self, node: str, message: wire.ToEdge) -> None:
        """Without a commit."""
        if node == self._membership.id:
            self._gateway.tell_here(message)
        else:
            self._membership.post(node, wire.encode(message))

    def _connection(self, room: OwnedRoom, edge: str, number: int) -> OwnedConnection:
        found = room.connections.get((edge, number))
        if found is None:
            found = room.connections[edge, number] = OwnedConnection(self._gateway, room, edge, number)
        return found

    def _frame(self, room: OwnedRoom, frame: wire.Frame, payload: bytes) -> None:
        connection = self._connection(room, frame.edge, frame.conn)
        fate = connection.came(frame.n)
        if fate == "early" and not connection.taken:
            # Its edge was taken for dead here, and is not.
            self.tell(frame.edge, wire.Unbridged(room.id, room.line.term))
        elif fate == "next":
            data = self._gateway.came_from(connection, payload) if frame.sealed else payload
            connection.take(data)
        elif fate == "again" and frame.n <= connection.done:
            # Its answer is said once more, or is in the next batch anyhow.
            connection.told = min(connection.told, frame.n - 1)
            room.answers(connection)

    def _lost(self, room: OwnedRoom, lost: wire.Lost) -> None:
        connection = self._connection(room, lost.edge, lost.conn)
        if not connection.taken:
            connection.begins_with(lost.n)
        if connection.came(lost.n) == "early":
            return
        connection.ends(goodbye=lost.goodbye)
        self._gateway.lost_owned(connection)
        connection.told = min(connection.told, lost.n - 1)
        room.answers(connection)
        room.forget(connection)

    def _here(self, room: OwnedRoom, here: wire.Here) -> None:
        """All that the edge has; what it does not name is gone."""
        for connection in [each for each in room.connections.values() if each.edge == here.edge]:
            if connection.number not in here.conns:
                self._is_gone(room, connection)
        for number, first in here.conns.items():
            connection = self._connection(room, here.edge, number)
            connection.begins_with(first)
            if connection.has == "none" and number in here.placed:
                # Its place was given up by somebody who took its edge for dead. The page has to resume.
                connection.close(CloseCode.GOING_AWAY)

    def edge_gone(self, node: str) -> None:
        """The node is dead, and its sockets with it."""
        for room in list(self.rooms.values()):
            for connection in [each for each in room.connections.values() if each.edge == node]:
                self._is_gone(room, connection)

    def _is_gone(self, room: OwnedRoom, connection: OwnedConnection) -> None:
        connection.ends(goodbye=False)
        self._gateway.lost_owned(connection)
        connection.told = connection.done
        room.forget(connection)

    def ask_all(self) -> None:
        """Something that edges said is lost: they send again what is not answered."""
        for room in self.rooms.values():
            for node in self._membership.others:
                self.tell(node, wire.Owned(room.id, room.line.term, room.node))


def _name(connection: OwnedConnection) -> list[Any]:
    return [connection.edge, connection.number, connection.done, connection.has]
