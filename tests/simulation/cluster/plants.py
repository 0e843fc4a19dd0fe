"""Bugs of several nodes, to plant as those in `mutations` are; each with a seed that finds it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from server.cluster.engine.records import Taken
from server.realtime.attendance_writer import AttendanceWriter
from server.realtime.chat_writer import ChatWriter
from server.realtime.hand_writer import HandWriter
from server.realtime.room_queues import RoomQueues
from server.realtime.write_guard import WriteGuard
from server.sharing.committing import Committing
from server.sharing.cut_off import CutOff
from server.sharing.from_edges import FromEdges
from server.sharing.gateway import ClusterGateway
from server.sharing.giving import Giving
from server.sharing.owned_room import OwnedRoom
from server.sharing.owned_rooms import OwnedRooms
from signalling.nodes import edge as edges
from signalling.nodes import wire
from signalling.nodes.edge import Edge
from signalling.nodes.owner import Batch, Counts, Uncommitted
from signalling.rooms.change import Outcome
from signalling.rooms.flow import Flow

Plant = Callable[[pytest.MonkeyPatch], None]


def released_before_it_is_committed(patch: pytest.MonkeyPatch) -> None:
    send = Committing._send

    def at_once(self: Committing, room: OwnedRoom, batch: Batch[Any]) -> None:
        self._release(room, batch.effects)
        send(self, room, batch)

    patch.setattr(Committing, "_send", at_once)
    patch.setattr(Committing, "happened", lambda self, room, batch: None)


def any_frame_counts(patch: pytest.MonkeyPatch) -> None:
    def came(self: Counts, n: int) -> str:
        self.taken = max(self.taken, n)
        return "next"

    patch.setattr(Counts, "came", came)


def frames_are_not_sent_again(patch: pytest.MonkeyPatch) -> None:
    found = Edge.found
    patch.setattr(Edge, "found", lambda self, *owner: found(self, *owner)[:1])


def answers_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    """What is not answered is never known, so everything is sent again."""
    received = Edge.received

    def forgetful(self: Edge, message: wire.ToEdge, payload: bytes) -> list[edges.EdgeEffect]:
        if isinstance(message, wire.Answer) and message.n:
            message = wire.Answer(message.room, message.conn, 0, message.place, message.sealed)
        return received(self, message, payload)

    patch.setattr(Edge, "received", forgetful)


def dead_edges_keep_their_seats(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FromEdges, "edge_gone", lambda self, node: None)
    patch.setattr(OwnedRooms, "_is_there", lambda self, *who: True)


def a_lost_answer_means_it_happened(patch: pytest.MonkeyPatch) -> None:
    go_on = Uncommitted._go_on
    patch.setattr(Uncommitted, "_go_on", lambda self, happened, epoch: go_on(self, len(self), epoch))


def an_engine_that_has_lost_something_is_asked_again(patch: pytest.MonkeyPatch) -> None:
    """For ever."""
    patch.setattr(Uncommitted, "is_behind", lambda self, epoch, revision: False)


def a_gap_is_not_bridged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Edge, "gap", lambda self: [])
    patch.setattr(Edge, "unbridged", lambda self, room: [])


def rooms_are_not_given(patch: pytest.MonkeyPatch) -> None:
    async def keep(self: Giving, within: float) -> None:
        pass

    patch.setattr(Giving, "give_all", keep)


def a_room_that_is_given_begins_anew(patch: pytest.MonkeyPatch) -> None:
    begin = OwnedRooms._begin

    def anew(self: OwnedRooms, room_id: str, told: Taken, *state: Any) -> None:
        was_given = told.previous == told.head.node
        begin(self, room_id, replace(told, is_complete=told.is_complete and not was_given), *state)

    patch.setattr(OwnedRooms, "_begin", anew)


def deleted_text_stays_in_the_engine(patch: pytest.MonkeyPatch) -> None:
    """Whoever takes the room over blanks what it is told of."""
    add = Uncommitted.add

    def adds(self: Uncommitted[Any], *what: Any, **more: Any) -> None:
        add(self, *what, **{**more, "withdrawn": (), "cut": 0})

    patch.setattr(Uncommitted, "add", adds)


def what_the_owner_has_forgotten_stays_in_the_engine(patch: pytest.MonkeyPatch) -> None:
    """Also if it is deleted then."""
    add = Uncommitted.add

    def adds(self: Uncommitted[Any], *what: Any, **more: Any) -> None:
        add(self, *what, **{**more, "cut": 0})

    patch.setattr(Uncommitted, "add", adds)


def a_node_that_is_cut_off_keeps_its_sockets(patch: pytest.MonkeyPatch) -> None:
    async def look(self: CutOff) -> None:
        pass

    patch.setattr(CutOff, "_look", look)


def who_is_revoked_while_nobody_has_the_room_goes_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ClusterGateway, "part_revoked", lambda self, room: None)


def what_has_no_effects_is_not_committed(patch: pytest.MonkeyPatch) -> None:
    """Like a goodbye of who is away: it waits until something else happens."""
    patch.setattr(OwnedRoom, "touched", lambda self: None)


def zombies_write_hands(patch: pytest.MonkeyPatch) -> None:
    """A node that was stopped goes on recording hands that others may have recorded anew since."""
    write = HandWriter._write

    async def at_once(self: HandWriter, *what: Any) -> bool:
        self._guard = WriteGuard()
        return await write(self, *what)

    patch.setattr(HandWriter, "_write", at_once)
    patch.setattr(HandWriter, "forget", lambda self, room: None)


def zombies_write_stays(patch: pytest.MonkeyPatch) -> None:
    """The same of whoever came back."""
    write = AttendanceWriter._write

    async def at_once(self: AttendanceWriter, *what: Any) -> None:
        self.guard = WriteGuard()
        await write(self, *what)

    patch.setattr(AttendanceWriter, "_write", at_once)
    patch.setattr(AttendanceWriter, "_forget_returns", lambda self, room: None)


def zombies_write_messages(patch: pytest.MonkeyPatch) -> None:
    """The same of what was written in the chat."""
    write = ChatWriter._write

    async def at_once(self: ChatWriter, *what: Any) -> Sequence[Outcome]:
        self._guard = WriteGuard()
        return await write(self, *what)

    patch.setattr(ChatWriter, "_write", at_once)
    patch.setattr(RoomQueues, "forget", lambda self, room: [])


def any_number_of_bytes_may_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Flow, "check_waiting", lambda *which: None)


PLANTS: dict[str, tuple[Plant, int]] = {
    plant.__name__: (plant, seed)
    for plant, seed in (
        (released_before_it_is_committed, 24),
        (any_frame_counts, 15),
        (frames_are_not_sent_again, 7),
        (answers_are_not_counted, 1),
        (dead_edges_keep_their_seats, 62),
        (a_lost_answer_means_it_happened, 3),
        (a_gap_is_not_bridged, 3),
        (an_engine_that_has_lost_something_is_asked_again, 38),
        (rooms_are_not_given, 5),
        (a_room_that_is_given_begins_anew, 5),
        (deleted_text_stays_in_the_engine, 5),
        (what_the_owner_has_forgotten_stays_in_the_engine, 5),
        (a_node_that_is_cut_off_keeps_its_sockets, 4),
        (who_is_revoked_while_nobody_has_the_room_goes_on, 2128),
        (what_has_no_effects_is_not_committed, 62009),
        (zombies_write_hands, 48),
        (zombies_write_stays, 87),
        (zombies_write_messages, 1378),
        (any_number_of_bytes_may_wait, 44),
    )
}


@contextlib.contextmanager
def planted(name: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        PLANTS[name][0](patch)
        yield
