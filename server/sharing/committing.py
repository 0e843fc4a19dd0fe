"""Puts what happens in this node's rooms into the engine, turn by turn, and then lets it be noticed.

stirred ─► at the end of the loop's turn: fresh state ─► batch ─► commits, in order ─► release
                                                                    └─ refused, or no answer ─► Recovery
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any

import msgspec
import structlog

from server.cluster.engine.bounds import LOG_KEPT
from server.cluster.engine.engine import Engine
from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import Commit, Committed, Entry, Head, Message, Ownership, RoomState
from server.identity.ids import new_id
from server.runtime import clock
from server.runtime.happening import happens
from server.sharing.membership import Membership
from server.sharing.owned_room import Held, Local, OwnedRoom, Turn
from server.sharing.room_state import ABOUT, WITHDRAWN, room_state
from signalling.nodes import wire
from signalling.nodes.owner import Batch
from signalling.rooms.hub import Hub
from signalling.rooms.room import Room
from signalling.state.handover import Handover
from signalling.state.parts import Fresh

log = structlog.get_logger()


class Committing:
    """`release` carries out what was held. `over` is called with a room in which nobody is any more, `lost_sight` with
    one of which it is not known what the engine has. `joins`: who has asked for a place in one, and is not answered."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        handover: Handover,
        membership: Membership,
        release: Callable[[OwnedRoom, Sequence[Held]], None],
        over: Callable[[OwnedRoom], None],
        lost_sight: Callable[[OwnedRoom], None],
    ) -> None:
        self._engine = engine
        self.hub = hub
        self._handover = handover
        self._membership = membership
        self._release = release
        self._over = over
        self._lost_sight = lost_sight
        self._stirred: dict[OwnedRoom, None] = {}
        self._flush: asyncio.Handle | None = None
        self.joins: Callable[[str], Collection[str]] = lambda room: ()

    def stirred(self, room: OwnedRoom) -> None:
        self._stirred[room] = None
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_soon(self._flush_all)

    def _flush_all(self) -> None:
        self._flush = None
        stirred, self._stirred = self._stirred, {}
        for room in stirred:
            if not room.is_lost:
                try:
                    self.gather(room)
                    self.send(room)
                except Exception:
                    log.exception("a turn of a room failed", meeting=room.id)

    def gather(self, room: OwnedRoom) -> None:
        """Make a batch of what has happened."""
        found, line = self.hub.rooms.get(room.id), room.line
        if found is not None:
            _touch(self.hub, found, room)
        fresh = self._handover.fresh(room.id, clock.monotonic(), self._membership.at())
        turn = room.turn()
        if found is None or fresh is None:
            line.drop(turn.parcels, turn.held)
        elif fresh.whole and fresh.room is not None:
            room.withdrawn = []
            whole = room_state(fresh.room, fresh.members, fresh.log, fresh.seq)
            line.establish(found.log.epoch, fresh.seq, whole, turn.parcels, turn.held)
        else:
            self._add(room, fresh, turn)

    def _add(self, room: OwnedRoom, fresh: Fresh, turn: Turn) -> None:
        fields: dict[str, bytes | None] = {} if fresh.room is None else {ABOUT: fresh.room}
        if fresh.withdrawn or fresh.cut:
            oldest = max(fresh.seq - LOG_KEPT, fresh.cut - 1)
            room.withdrawn = [each for each in (*room.withdrawn, *fresh.withdrawn) if each > oldest]
            fields[WITHDRAWN] = msgspec.json.encode(room.withdrawn)
        members: dict[str, bytes | None] = {**fresh.members, **dict.fromkeys(fresh.gone)}
        count = fresh.seq - room.line.seq
        # Of very many events in one turn the log may have forgotten the first already.
        entries = [*[b""] * (count - len(fresh.log)), *fresh.log]
        if entries or members or fields or turn.parcels or turn.held:
            # Those of this turn are without what they said.
            gone = [each for each in fresh.withdrawn if each <= room.line.seq]
            room.line.add(
                turn.parcels,
                turn.held,
                entries=entries,
                members=members,
                fields=fields,
                withdrawn=gone,
                cut=fresh.cut,
            )

    def send(self, room: OwnedRoom) -> None:
        """Send what may be sent."""
        while batches := room.line.next():
            for batch in batches:
                self._send(room, batch)

    def _send(self, room: OwnedRoom, batch: Batch[Held]) -> None:
        line = room.line
        answer: Awaitable[Any]
        if batch.kind == "say":
            answer = self._engine.head(room.id)
        elif batch.kind == "commit":
            entries = [Entry(seq, payload, 0.0) for seq, payload in enumerate(batch.entries, batch.seq + 1)]
            messages = [Message(parcel.to, parcel.body) for parcel in batch.parcels]
            who = room.id, line.term, batch.revision, batch.seq, line.incarnation
            what = Commit(*who, entries, batch.members, batch.fields, messages, batch.withdrawn, batch.cut)
            answer = self._engine.commit(what)
        else:
            own = Ownership(room.id, self._membership.id, line.term, batch.epoch, batch.revision)
            is_drop = batch.kind == "drop"
            answer = self._engine.drop(own) if is_drop else self._engine.establish(own, batch.whole)
        future = asyncio.ensure_future(answer)
        future.add_done_callback(partial(self._answered, room, room.attempt))

    def _answered(self, room: OwnedRoom, attempt: int, answer: asyncio.Future[Any]) -> None:
        if answer.cancelled() or room.is_lost or attempt != room.attempt:
            if not answer.cancelled():
                answer.exception()
            return
        error = answer.exception()
        if error is not None and not isinstance(error, EngineUnavailable):
            log.error("a commit failed", meeting=room.id, exc_info=error)
        if error is None and self._is_in(room, answer.result()):
            batch = room.line.happened()
            self.happened(room, batch)
            if batch.kind == "drop":
                self._dropped(room)
            elif batch.kind == "say" and room.is_left and self._is_over(room):
                self._over(room)
            self.send(room)
            return
        self.unsure(room)

    def _is_in(self, room: OwnedRoom, told: object) -> bool:
        """Whether it has happened. What is only said has, if nobody else has taken the room."""
        if isinstance(told, Head):
            return (told.node, told.term) == (self._membership.id, room.line.term)
        return isinstance(told, Committed)

    def _dropped(self, room: OwnedRoom) -> None:
        """Nothing is in the engine; whoever came meanwhile needs another term."""
        room.attempt += 1
        if self._is_over(room):
            self._over(room)
        else:
            self._lost_sight(room)

    def _is_over(self, room: OwnedRoom) -> bool:
        is_used = room.connections or room.orders or room.id in self.hub.rooms or self.joins(room.id)
        return not (len(room.line) or room.is_stirred or is_used)

    def unsure(self, room: OwnedRoom) -> None:
        room.attempt += 1
        room.line.lost_sight()
        self._lost_sight(room)

    def happened(self, room: OwnedRoom, batch: Batch[Held]) -> None:
        """It is in the engine; the parcels too, if it was a commit."""
        if batch.kind != "commit":
            for parcel in batch.parcels:
                self._membership.post(parcel.to, parcel.body, partial(room.unbridged, parcel.to))
        self._release(room, batch.effects)

    async def committed(self, room: OwnedRoom, within: float) -> bool:
        """Wait until what has happened in the room by now is in the engine; False if that takes longer than `within`
        seconds."""
        if room.is_lost or not (len(room.line) or room.is_stirred):
            return True
        return await happens(room.awaited(), within)

    def begin_anew(self, room: OwnedRoom) -> None:
        """In another epoch. What the store is told of the last one, it is told; pages have to resume."""
        self.gather(room)
        for effect in room.line.begins_anew():
            if not isinstance(effect, Local):
                room.later(effect)
        self._handover.begin_anew(room.id, new_id("e"))
        room.later(Local(wire.Unbridged(room.id), b""))

    def whole(self, room: OwnedRoom) -> RoomState:
        """All of the room, with what is not committed. Raises `KeyError` if nobody is in it."""
        state = self._handover.state(room.id, clock.monotonic(), self._membership.at())
        return room_state(state.room, state.members, state.log, state.seq)


def _touch(hub: Hub, found: Room, room: OwnedRoom) -> None:
    """What changes is kept together with the number of the frame that changed it."""
    touched = found.touched
    if touched is None or not (
        touched.room or touched.members or touched.gone or found.log.seq > touched.seq
    ):
        return
    for connection in room.answering:
        seat = hub.seated(connection)
        if seat is not None:
            touched.members[seat.member] = None
        elif connection.waits:
            touched.room = True
