"""The gateway of a node that is one of several.

    sockets ─► EdgeSockets ─► owner, here or elsewhere ─► OwnedRooms ─► Gateway ─► hub ─► SharedCarrier
       ▲                                                                                      │
       └───────────────────────── an edge's messages ◄── committed ◄── Committing ◄───────────┘

The rooms that this node owns are handled as they are by a node alone; only that their connections are
`OwnedConnection`s, wherever the sockets are, and that nothing goes out before it is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, cast

import structlog

from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineError
from server.identity.tokens import Tokens
from server.realtime.admission import Admission
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.carrier import Carrier
from server.realtime.change_writer import ChangeWriter
from server.realtime.connection import Connection
from server.realtime.connection_owner import Buffer
from server.realtime.gateway import Gateway, rank_of
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from server.runtime.retry_after import AWAY_LEAST, away_for
from server.settings.config import Config
from server.settings.setting import ConfigError
from server.sharing import edge_sockets
from server.sharing.asking import Asking
from server.sharing.carrier import SharedCarrier
from server.sharing.committing import Committing
from server.sharing.cut_off import CutOff
from server.sharing.edge_sockets import EdgeSockets
from server.sharing.entries import Entries
from server.sharing.from_edges import FromEdges
from server.sharing.giving import Giving
from server.sharing.idle_rooms import IdleRooms
from server.sharing.lost_rooms import LostRooms
from server.sharing.membership import Membership
from server.sharing.orphans import Orphans
from server.sharing.out_of_reach import OutOfReach
from server.sharing.over_http import OverHttp
from server.sharing.owned_connection import OwnedConnection
from server.sharing.owned_rooms import OwnedRooms
from server.sharing.recovery import Recovery
from server.sharing.releasing import releasing
from server.sharing.sealing import Seal
from server.sharing.shared_limits import SharedLimits
from signalling.nodes import wire
from signalling.protocol.errors import CloseCode, Refused
from signalling.rooms.effects import Effect
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Goodbye
from storage.store import Store

log = structlog.get_logger()

BACK_WITHIN = 0.4
"""Seconds within which pages of a node that stops come back to others, if they are not very many."""


class ClusterGateway(Gateway):
    """`node`: this node's id, to begin with."""

    def __init__(
        self,
        config: Config,
        hub: Hub,
        store: Store,
        admission: Admission,
        writer: AttendanceWriter,
        changes: ChangeWriter,
        metrics: Metrics,
        engine: Engine,
        tokens: Tokens,
        seal: Seal,
        node: str,
        membership: type[Membership] = Membership,
    ) -> None:
        self._engine = engine
        self._lost_rooms = lost_rooms = LostRooms(store, hub.grace, admission.appearance.before)
        self._seal = seal
        self.membership = membership(engine, node, self)
        self.owned_rooms = OwnedRooms(
            *(engine, hub, self.membership, seal, self, admission.order.terms, lost_rooms)
        )
        super().__init__(config, hub, store, admission, writer, changes, metrics)
        rooms = self.owned_rooms
        self.from_edges = FromEdges(rooms, self.membership, self)
        self.edge = EdgeSockets(
            *(node, tokens, seal, metrics, rooms.take, self.from_edges.received, self.membership.post),
            self.membership.hears_reads,
            *(self._carrier.refuse, self._turned_away, self._answered),
        )
        committing = Committing(
            *(engine, hub, rooms.handover, self.membership),
            releasing(self.edge, self._shared),
            rooms.over,
            lambda room: recovery.begin(room),
        )
        rooms.committing, committing.joins = committing, admission.pending.asking
        recovery = Recovery(engine, self.membership, committing, rooms.lose)
        self.giving = Giving(
            *(engine, self.membership, rooms, self.from_edges, store, node, writer),
            lambda: self._joining.under_way,
        )
        self._orphans = Orphans(self.membership, rooms, lambda: self.edge.rooms)
        asking = Asking(engine, self.membership, seal, rooms, self._committed)
        self._over_http = OverHttp(
            *(engine, self.membership, rooms.rooms, asking), *(super().end_meeting, super().goodbye, hub.size)
        )
        self.other_nodes, self.outside.people = asking, self._over_http.people
        self._shared_limits = SharedLimits(self.limits, seal, self.membership)
        self._entries = Entries(rooms, self.from_edges, self.edge, self._over_http, self._shared_limits)
        self._idle = IdleRooms(engine, rooms, lambda room: room in hub.rooms or changes.is_behind(room))
        self._out_of_reach = OutOfReach(self.membership, self._excuse)
        self.cut_off = CutOff(store, self.membership, node, self._stands_alone)
        writer.held_up = changes.held_up = self._committed
        rooms.guard = writer.guard
        admission.pending.are_ours = lambda room: rooms.owns(room) and not self.cut_off.may_be_missed()
        writer.guard.may_be_missed = self.cut_off.may_be_missed

    def _make_carrier(self) -> Carrier:
        parts = self._hub, self._admission.pending, self._writer, self.hands, self._metrics
        self._shared = SharedCarrier(*parts)
        self._shared.rooms, self._shared.refused = self.owned_rooms.rooms, self._changes.refuse
        return self._shared

    async def begin(self, times: RecordClock) -> None:
        """Be a node among others. Raises `ConfigError`."""
        self._lost_rooms.now, self.cut_off.at = times.now, times.at
        try:
            await self.membership.start()
        except EngineError as error:
            raise ConfigError(f"RECONVENE_ENGINE cannot be used: {error}") from error
        if not self.membership.is_settled:
            self._lost_rooms.ask()
        self.cut_off.start()

    def _stands_alone(self, is_alone: bool) -> None:
        self.refuses_sockets = is_alone
        if is_alone:
            self.edge.close_all(CloseCode.GOING_AWAY)

    def unready(self) -> Refused | None:
        return self.cut_off.refusal() if self.refuses_sockets else super().unready()

    def _away_for(self) -> float:
        # Other nodes serve them at once, and nobody sees an absence that is short.
        least = BACK_WITHIN if self.membership.takers else AWAY_LEAST
        return away_for(self.connections, self._hub.grace, least)

    async def hand_over(self, within: float) -> None:
        await self.giving.give_all(within)

    async def stop(self, within: float) -> int:
        given_up = await super().stop(within)
        await self.giving.recorded(within)
        await self._over_http.stop(within)
        return given_up

    def is_first(self) -> bool:
        """Whether this node does what one has to do for all."""
        return self.membership.first == self.membership.id

    async def leave(self) -> None:
        """Be none any more."""
        await self.cut_off.stop()
        await self.membership.stop()

    def record_absent(self) -> None:
        """Whoever takes their rooms sees them return, or not."""

    # Called by connections: by sockets, and by those of the rooms that this node owns.

    def opened(self, connection: Connection) -> None:
        self.edge.connections[connection.number] = connection
        super().opened(connection)

    def received(self, connection: Connection | OwnedConnection, data: Buffer) -> None:
        if isinstance(connection, OwnedConnection):
            super().received(cast(Connection, connection), data)
            return
        try:
            self.edge.received(connection, data)
        except Exception:
            log.exception("frame failed", connection=connection.number)
            connection.close(CloseCode.INTERNAL_ERROR)

    def closing(self, connection: Connection | OwnedConnection) -> None:
        if isinstance(connection, OwnedConnection):
            self._lost(cast(Connection, connection))
        else:
            self.edge.lost(connection)

    def lost(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self.limits.closed(connection.client)
        self._metrics.closed[connection.close_code] += 1
        self.edge.lost(connection)
        self.edge.connections.pop(connection.number, None)

    def is_behind(self, connection: OwnedConnection) -> bool:
        """As this node knows by itself: only its own sockets."""
        socket = self.edge.connections.get(connection.number)
        return connection.edge == self.membership.id and socket is not None and socket.is_behind

    def came_from(self, connection: OwnedConnection, sealed: bytes) -> bytes:
        if connection.edge == self.membership.id:
            socket = self.edge.connections.get(connection.number)
            if socket is not None:
                connection.client = socket.client
            return sealed
        client, data = edge_sockets.client_of(self._seal.unseal(sealed))
        if client is not None:
            connection.client = client
        return data

    def lost_owned(self, connection: OwnedConnection) -> None:
        self._joining.lost(cast(Connection, connection))
        self._lost(cast(Connection, connection))

    def _answered(self, connection: Connection | OwnedConnection) -> None:
        if not isinstance(connection, OwnedConnection):
            super()._answered(connection)

    def _works(self, connection: Connection, task: asyncio.Task[None]) -> None:
        # It is not answered before it is done: whoever owns the room next would not know of it.
        connection.hold()
        task.add_done_callback(lambda _: connection.release())

    def _refusal_of(self, connection: Any, message: Any) -> Refused | None:
        if not isinstance(connection, OwnedConnection):
            return super()._refusal_of(connection, message)
        # At its edge it was looked how much that has to do.
        return None if connection.edge == self.membership.id else self.overload.refusal(rank_of(message))

    # Called by the rooms that this node owns.

    def carry_out(self, effects: Sequence[Effect]) -> None:
        self._carrier.carry_out(effects)
        self._carrier.tell_soon()

    def tell_here(self, message: wire.ToEdge) -> None:
        self.edge.heard(message, b"")

    def has_socket(self, number: int, room_id: str) -> bool:
        return self.edge.has(number, room_id)

    async def _committed(self, room_id: str, within: float) -> bool:
        """Wait until what has happened in the room is committed."""
        owned = self.owned_rooms
        return (room := owned.rooms.get(room_id)) is None or await owned.committing.committed(room, within)

    # Told by the membership.

    def entries(self, bodies: Sequence[bytes]) -> None:
        self._entries.read(bodies)

    def gap(self) -> None:
        self.edge.gap()
        self.from_edges.ask_all()

    def unsent(self) -> None:
        self.edge.ask_again()
        self.from_edges.ask_all()

    def gone(self, node: str) -> None:
        self.from_edges.edge_gone(node)
        self.edge.gone(node)

    def orphans(self, node: str, rooms: Sequence[str]) -> None:
        self._orphans.found(node, rooms)

    def another_engine(self) -> None:
        self._lost_rooms.ask()
        for room in list(self.owned_rooms.rooms.values()):
            self.owned_rooms.committing.unsure(room)

    def was_buried(self) -> None:
        self.owned_rooms.lose_all()
        self.edge.close_all(CloseCode.GOING_AWAY)
        self.edge.begin_anew(self.membership.id)

    def owned(self) -> Sequence[str]:
        return list(self.owned_rooms.rooms)

    # HTTP.

    def end_meeting(self, room: str) -> None:
        self._admission.pending.meeting_changed(room)
        self._over_http.end(room)

    def goodbye(self, said: Goodbye) -> None:
        self._over_http.goodbye(said)

    # The timer.

    def _tick(self, connections: Collection[Connection], now: float) -> None:
        if self._out_of_reach.lasts(now):
            return
        owned = [
            connection for room in self.owned_rooms.rooms.values() for connection in room.connections.values()
        ]
        super()._tick(cast(Collection[Connection], owned), now)
        self._idle.look(now)
        self.edge.look()
        self._shared_limits.tell(now)

    def _excuse(self, seconds: float, now: float) -> None:
        self._hub.stood_still(seconds, now)
        self._admission.expiry.paused(now)
