"""What edges say to the rooms that this node owns: frames of clients in their order, and where they are."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from server.sharing.membership import Membership
from server.sharing.owned_connection import OwnedConnection
from server.sharing.owned_room import OwnedRoom
from server.sharing.owned_rooms import Hears, OwnedRooms
from signalling.nodes import wire
from signalling.protocol.errors import CloseCode

log = structlog.get_logger()


class FromEdges:
    def __init__(self, rooms: OwnedRooms, membership: Membership, gateway: Hears) -> None:
        self._rooms = rooms
        self._membership = membership
        self._gateway = gateway
        self._looking: set[tuple[str, str]] = set()
        self._strangers: set[str] = set()
        """Edges of which it is not known whether they live."""

    def received(self, message: wire.ToOwner, payload: bytes = b"") -> None:
        room = self._rooms.rooms.get(message.room)
        if isinstance(message, wire.Read):
            if room is not None and (who := room.connections.get((message.edge, message.conn))):
                who.has_read(message.mark)
        elif room is None:
            self._astray(message.room, message.edge)
        elif room.kept is not None:
            room.kept.append((message, payload))
        elif isinstance(message, wire.Frame):
            self._frame(room, message, payload)
        elif isinstance(message, wire.Lost):
            self._lost(room, message)
        else:
            self._here(room, message)

    def go_on(self, room: OwnedRoom) -> None:
        """With what was kept."""
        kept, room.kept = room.kept or (), None
        for message, payload in kept:
            self.received(message, payload)

    def _astray(self, room_id: str, edge: str) -> None:
        """The sender takes this node for the owner. Perhaps it is, and does not know."""
        if (room_id, edge) not in self._looking:
            self._looking.add((room_id, edge))
            task = asyncio.get_running_loop().create_task(self._look(room_id, edge))
            task.add_done_callback(partial(self._looked, room_id, edge))

    def _looked(self, room_id: str, edge: str, task: asyncio.Task[None]) -> None:
        self._looking.discard((room_id, edge))
        if not task.cancelled() and task.exception() is not None:
            # It asks again: what it has said is not answered.
            log.debug("it cannot be said whose a room is", meeting=room_id)

    async def _look(self, room_id: str, edge: str) -> None:
        found = await self._rooms.take(room_id)
        room = self._rooms.rooms.get(room_id)
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
            self._membership.post([node], wire.encode(message))

    def _connection(self, room: OwnedRoom, edge: str, number: int) -> OwnedConnection:
        found = room.connections.get((edge, number))
        if found is None:
            found = room.connections[edge, number] = OwnedConnection(self._gateway, room, edge, number)
            self._meets(edge)
        return found

    def _meets(self, edge: str) -> None:
        """A node that is not known to live is new, or dead, and what it said has come late: nobody tells its death."""
        if edge in self._strangers or edge == self._membership.id or edge in self._membership.others:
            return
        self._strangers.add(edge)
        asyncio.get_running_loop().call_later(self._membership.lease, self._knows, edge)

    def _knows(self, edge: str) -> None:
        self._strangers.discard(edge)
        if not self._membership.is_well:
            self._meets(edge)
        elif edge not in self._membership.others:
            self.edge_gone(edge)

    def _frame(self, room: OwnedRoom, frame: wire.Frame, payload: bytes) -> None:
        connection = self._connection(room, frame.edge, frame.conn)
        fate = connection.came(frame.n)
        if fate == "early" and not connection.taken:
            # Its edge was taken for dead here, and is not.
            self.tell(frame.edge, wire.Unbridged(room.id))
        elif fate == "next":
            data = self._gateway.came_from(connection, payload) if frame.sealed else payload
            connection.take(data)
        elif fate == "again" and frame.n <= connection.done:
            # Its answer is said once more, or is in the next batch anyhow.
            connection.again = True
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
            connection.asks_anew()
            if connection.has == "none" and number in here.placed:
                # Its place was given up by somebody who took its edge for dead. The page has to resume.
                connection.close(CloseCode.GOING_AWAY)

    def edge_gone(self, node: str) -> None:
        """The node is dead, and its sockets with it."""
        for room in list(self._rooms.rooms.values()):
            gone = [each for each in room.connections.values() if each.edge == node]
            for connection in gone:
                self._is_gone(room, connection)
            if gone:
                # If it lives after all, it takes them to be seated, and they miss what is told from here on.
                room.tell_nodes([node], wire.Unbridged(room.id))

    def _is_gone(self, room: OwnedRoom, connection: OwnedConnection) -> None:
        connection.ends(goodbye=False)
        self._gateway.lost_owned(connection)
        connection.told = connection.done
        room.forget(connection)

    def ask_all(self) -> None:
        """Something that edges said is lost: they send again what is not answered."""
        for room in self._rooms.rooms.values():
            for node in self._membership.others:
                self.tell(node, wire.Owned(room.id, room.line.term, room.node))
