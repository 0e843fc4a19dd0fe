"""The rooms that this node owns: how it comes to have them, and how it loses them."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError
from server.cluster.engine.records import Held, RoomState, Taken
from server.identity.ids import new_id
from server.realtime.write_guard import WriteGuard
from server.runtime import clock
from server.runtime.background import endless
from server.sharing.committing import Committing
from server.sharing.lost_rooms import LostRooms
from server.sharing.lots import lot
from server.sharing.marks import Marks
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
from signalling.state.parts import UnknownVersion

log = structlog.get_logger()

AGAIN = 0.25


class Hears(Owner, Protocol):
    """The gateway, as these rooms see it."""

    def came_from(self, connection: OwnedConnection, sealed: bytes) -> bytes:
        """Note where the client is; returns the frame. Raises `NotSealed`."""

    def lost_owned(self, connection: OwnedConnection) -> None:
        """It is gone, whether its member knows or not."""

    def has_socket(self, number: int, room_id: str) -> bool:
        """Whether this node has that connection, for that room, or has yet to tell the owner that it is lost."""

    def carry_out(self, effects: Sequence[Effect]) -> None: ...
    def part_revoked(self, room: str) -> None:
        """Remove from it whoever was revoked meanwhile."""

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
        lost_rooms: LostRooms,
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
        self._given: set[asyncio.Task[None]] = set()
        self.marks = Marks(engine, membership)
        self._adopting: OwnedRoom | None = None
        self.committing: Committing
        self.guard: WriteGuard
        self.lost_rooms = lost_rooms
        self.handover = Handover(hub, self._name, self._find, self._touched)

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

    def owns(self, room_id: str) -> bool:
        return room_id in self.rooms

    @property
    def are_coming(self) -> bool:
        """Whether rooms may be this node's soon."""
        return bool(self._taking)

    def _touched(self, room_id: str) -> None:
        """Something of it is to be committed, whether it has effects or not."""
        if (room := self.rooms.get(room_id)) is not None:
            room.touched()

    def _took(self, room_id: str, done: asyncio.Task[Any]) -> None:
        del self._taking[room_id]
        if not done.cancelled():
            done.exception()

    async def _take(self, room_id: str) -> tuple[str, int] | None:
        incarnation = await self._membership.settled()
        node = self._membership.id
        if self._membership.is_leaving and self._membership.takers:
            return await self._leave_to_others(room_id)
        told = await self._engine.take(room_id, node)
        if isinstance(told, Held):
            return told.node, told.term
        if not isinstance(told, Taken):
            # The engine is new, or takes this node for dead: the next beat tells.
            return None
        # Who owns the room tells this node's sockets at once, and would be ahead of the last owner's entries.
        if told.previous_term and not await self.marks.are_reached():
            return None
        state = await self._engine.load(room_id) if told.head.epoch else None
        if node != self._membership.id:
            return None
        self._begin(room_id, told, state, incarnation)
        return node, told.head.term

    async def _leave_to_others(self, room_id: str) -> tuple[str, int] | None:
        """This node stops: another one takes the room."""
        head = await self._engine.head(room_id)
        if head is not None and head.node in self._membership.others:
            return head.node, head.term
        # They may have died meanwhile. Then it is this node's, when it is asked for again.
        if takers := self._membership.takers:
            to = max(takers, key=lambda node: lot(node, room_id))
            self._membership.post([to], wire.encode(wire.Given(room_id, self._membership.id)))
        return None

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
            if not told.previous_term:
                self._restore(room)
            return
        self.taken_over += 1
        log.info(
            "room taken over",
            meeting=room_id,
            term=head.term,
            last_owner=told.previous,
            people=len(state.members),
            same_epoch=told.is_complete,
        )
        self._adopt(room, state, told)

    def _restore(self, room: OwnedRoom) -> None:
        """The engine knows nothing of it. It may have lost it, and the last owner is dead."""
        found = self.lost_rooms.people_of(room.id)
        if found:
            log.info("room restored from the record", meeting=room.id, people=len(found))
            self._hub.restore(found, clock.monotonic())
            self.committing.stirred(room)

    def _adopt(self, room: OwnedRoom, state: RoomState, told: Taken) -> None:
        now, at = clock.monotonic(), self._membership.at()
        last_beat = self._membership.last_beat(told.previous, at)
        has_died = told.previous not in {self._membership.id, *self._membership.others}

        def lost_at(name: Any) -> float:
            """With its edge or, if that is there, with the last owner."""
            beat = last_beat
            if name is not None and name[0] not in {self._membership.id, *self._membership.others}:
                beat = self._membership.last_beat(name[0], beat)
            return min(now, now - (at - beat))

        self._adopting = room
        try:
            room.withdrawn = withdrawn_of(state)
            paused = max(0.0, at - last_beat) if has_died else 0.0
            effects = self.handover.adopt(
                parts_of(state), now, at, lost_at, paused=paused, is_copy=told.is_complete
            )
        except UnknownVersion as error:
            # Of nodes that were all stopped before the first of this release started. Its people join anew.
            log.warning("a room was left by another release", meeting=room.id, reason=str(error))
            room.line.epoch = ""
            return
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
            unbridged = wire.Unbridged(room.id)
            room.tell_nodes(self._membership.others, unbridged)
            self._gateway.tell_here(unbridged)
        self._gateway.carry_out(effects)
        self._gateway.part_revoked(room.id)
        self.committing.stirred(room)

    def _name(self, connection: OwnedConnection) -> list[Any]:
        name = [connection.edge, connection.number, connection.done, connection.has]
        if connection.vouched_until < math.inf:
            # By the clock that all share. What is over is null.
            ahead = self._membership.at() - clock.monotonic()
            name += [connection.renew_login_at + ahead, connection.vouched_until + ahead]
        return name

    def _find(self, name: Any) -> OwnedConnection | None:
        """The connection of that name; None: its edge is gone, and it with it."""
        edge, number, done, place, *login = name
        room = self._adopting
        if room is None or not self._is_there(edge, number, room.id):
            return None
        connection = OwnedConnection(self._gateway, room, edge, number, done)
        room.adopted(connection, place)
        if login:
            ahead = self._membership.at() - clock.monotonic()
            renew_at, until = (math.inf if at is None else at - ahead for at in login)
            connection.renew_login_at, connection.vouched_until = renew_at, until
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
        room.was_taken_away = True
        self._forget(room)
        self._is_elsewhere(room)
        # Its own sockets do not know what of theirs was done.
        self._gateway.tell_here(wire.Unbridged(room.id))
        self._gateway.tell_here(wire.NotMine(room.id, room.node))

    def gave(self, room: OwnedRoom) -> None:
        """Another node has it, with all that happened."""
        self._forget(room)
        self._is_elsewhere(room)

    def _is_elsewhere(self, room: OwnedRoom) -> None:
        self.handover.drop(room.id)
        self.guard.is_elsewhere(room.id)

    def given(self, room_id: str) -> None:
        """Its last owner has given it to this node."""
        task = endless(self._take_given(room_id))
        self._given.add(task)
        task.add_done_callback(self._given.discard)

    async def _take_given(self, room_id: str) -> None:
        node = self._membership.id
        while node == self._membership.id:
            with contextlib.suppress(EngineError):
                if await self.take(room_id) is not None:
                    return
            await asyncio.sleep(AGAIN)

    def lose_all(self) -> None:
        for room in list(self.rooms.values()):
            self.lose(room)

    def over(self, room: OwnedRoom) -> None:
        """The engine has nothing of it, and nobody is in it."""
        self._forget(room)

    def _forget(self, room: OwnedRoom) -> None:
        self.rooms.pop(room.id, None)
        self._terms.pop(room.id, None)
        room.lose()
