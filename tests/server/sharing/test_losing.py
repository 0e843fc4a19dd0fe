"""What becomes of what is not committed, when somebody else has the room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from server.cluster.engine.records import Commit, Committed, Fenced, Head, RoomState
from server.realtime.write_guard import WriteGuard
from server.runtime import clock
from server.sharing.committing import Committing
from server.sharing.cut_off import CutOff
from server.sharing.from_edges import FromEdges
from server.sharing.membership import Membership
from server.sharing.owned_connection import OwnedConnection
from server.sharing.owned_room import Held, Local, OwnedRoom
from server.sharing.owned_rooms import OwnedRooms
from server.sharing.room_state import ABOUT, WITHDRAWN, room_state
from signalling.nodes import wire
from signalling.nodes.owner import Parcel
from storage.store import Store
from tests.signalling.state.roaming import Roaming


class Engine:
    """Answers commits with what it is told."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)

    def commit(self, _commit: Commit) -> asyncio.Future[object]:
        answer = asyncio.get_running_loop().create_future()
        answer.set_result(self._answers.pop(0))
        return answer


async def released(*answers: object) -> tuple[list[Held], list[OwnedRoom]]:
    """What is released of as many batches, and the rooms of which sight was lost."""
    seen: list[Held] = []
    unsure: list[OwnedRoom] = []
    parts: list[Any] = [Engine(*answers), SimpleNamespace(rooms={}), None, SimpleNamespace(id="me")]
    parts += [lambda room, held: seen.extend(held), unsure.append, unsure.append]
    committing = Committing(*parts)
    room = OwnedRoom("ROOM-1", "me", bytes, lambda room: None)
    room.line.took(5, "engine", "e_1", 0, 0)
    for number in range(len(answers)):
        room.line.add(effects=[Local(wire.Told("ROOM-1", [number]), b"")])
    committing.send(room)
    for _ in range(3):
        await asyncio.sleep(0)
    if unsure:
        room.lose()
    return seen, unsure


async def test_what_is_committed_is_released_and_what_is_refused_is_not() -> None:
    seen, unsure = await released(Committed(1), Fenced(), Fenced())
    assert [each.message for each in seen if isinstance(each, Local)] == [wire.Told("ROOM-1", [0])]
    assert len(unsure) == 1


@pytest.mark.parametrize(
    ("told", "is_told"), [(Head("me", 5, "", 0, 0), True), (Head("other", 6, "", 0, 0), False), (None, False)]
)
async def test_where_nothing_is_established_it_is_asked_whose_the_room_is(
    told: Head | None, is_told: bool
) -> None:
    """Before anything of it is released: nobody would refuse it."""
    seen: list[Held] = []
    unsure: list[OwnedRoom] = []

    async def head(room: str) -> Head | None:
        return told

    parts: list[Any] = [SimpleNamespace(head=head), SimpleNamespace(rooms={}), None, SimpleNamespace(id="me")]
    parts += [lambda room, held: seen.extend(held), unsure.append, unsure.append]
    committing = Committing(*parts)
    room = OwnedRoom("ROOM-1", "me", bytes, lambda room: None)
    room.line.took(5, "engine", "", 0, 0)
    room.line.drop(effects=[Local(wire.Told("ROOM-1", [1]), b"")])
    committing.send(room)
    assert not seen
    for _ in range(3):
        await asyncio.sleep(0)
    assert (bool(seen), bool(unsure)) == (is_told, not is_told)


async def test_whoever_waits_for_a_room_that_is_lost_waits_no_longer() -> None:
    room = OwnedRoom("ROOM-1", "me", bytes, lambda room: None)
    event = room.awaited()
    assert not event.is_set()
    room.lose()
    assert event.is_set()


def test_a_room_that_is_lost_is_here_no_more_and_nothing_of_it_is_done() -> None:
    """Its own sockets come back to whoever has it. One that this node has again by then stays."""
    stage, told = Roaming(30.0), list[wire.ToEdge]()
    stage.join("ann", room="ROOM-1")
    stage.silence()
    room, later = (OwnedRoom("ROOM-1", "me", bytes, lambda room: None) for _ in range(2))
    parts: list[Any] = [None, stage.hub, None, None, SimpleNamespace(tell_here=told.append), {}, None]
    rooms, forgotten = OwnedRooms(*parts), list[str]()
    rooms.guard = WriteGuard()
    rooms.guard.tells(forgotten.append)
    rooms.rooms["ROOM-1"] = later
    rooms.lose(room)
    assert (list(rooms.rooms), list(stage.hub.rooms), told) == (["ROOM-1"], ["ROOM-1"], [])
    rooms.lose(later)
    assert (rooms.rooms, stage.hub.rooms) == ({}, {})
    assert told == [wire.Unbridged("ROOM-1"), wire.NotMine("ROOM-1", "me")]
    assert later.was_taken_away
    rooms.gave(OwnedRoom("ROOM-2", "me", bytes, lambda room: None))
    assert forgotten == ["ROOM-1", "ROOM-2"], "what is to be recorded of them, whoever has them records"


def another_release(state: RoomState) -> RoomState:
    """Its nodes were all stopped before this one started."""
    return replace(state, fields={ABOUT: state.fields[ABOUT].replace(b'"v":1', b'"v":2', 1)})


def nothing_of_the_room(state: RoomState) -> RoomState:
    return replace(state, fields={})


def no_list(state: RoomState) -> RoomState:
    return replace(state, fields={**state.fields, WITHDRAWN: b"["})


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (another_release, "a room was left by another release"),
        (nothing_of_the_room, "a room's state cannot be read"),
        (no_list, "a room's state cannot be read"),
    ],
)
def test_a_room_that_cannot_be_read_is_begun_anew(
    left: Callable[[RoomState], RoomState], reason: str
) -> None:
    """Whoever takes it goes on with it all the same, and its people join anew."""
    stage = Roaming(30.0)
    stage.join("ann", room="ROOM-1")
    state = stage.handover.state("ROOM-1", stage.now, stage.time)
    damaged = left(room_state(state.room, state.members, state.log, state.seq))
    here, known = Roaming(30.0), {"at": lambda: 0.0, "last_beat": lambda _, at: at}
    membership = SimpleNamespace(**known, id="me", others=[])
    parts: list[Any] = [None, here.hub, membership, None, None, {}, None]
    room = OwnedRoom("ROOM-1", "me", bytes, lambda room: None)
    room.line.took(5, "engine", "e_1", 0, 0)
    with capture_logs() as logs:
        OwnedRooms(*parts)._adopt(room, damaged, cast(Any, SimpleNamespace(previous="n_1", is_complete=True)))
    assert (room.line.epoch, here.hub.rooms) == ("", {})
    (said,) = logs
    assert said["event"] == reason
    assert ("exc_info" in said) == (left is not another_release)


async def test_whoever_has_not_heard_of_the_engine_for_a_lease_may_be_missed() -> None:
    membership = SimpleNamespace(seen_at=clock.monotonic(), lease=2.0)
    cut_off = CutOff(cast(Store, None), cast(Membership, membership), "me", lambda is_alone: None)
    assert not cut_off.may_be_missed()
    membership.seen_at -= 3.0
    assert cut_off.may_be_missed()


def test_a_node_that_lives_after_all_has_its_pages_resume() -> None:
    """It was taken for dead, and its places were given up: what was told from there on its pages have not heard."""
    told = SimpleNamespace(lost=list[int]())
    gateway: Any = SimpleNamespace(lost_owned=lambda connection: told.lost.append(connection.number))
    membership: Any = SimpleNamespace(id="me", others=["other"])
    rooms: Any = SimpleNamespace(rooms={})
    for name in ("ROOM-1", "ROOM-2"):
        room = rooms.rooms[name] = OwnedRoom(name, "me", bytes, lambda room: None)
        edge = "other" if name == "ROOM-1" else "third"
        room.connections[edge, 7] = OwnedConnection(gateway, room, edge, 7)
    FromEdges(rooms, membership, gateway).edge_gone("other")
    assert told.lost == [7]
    parcels = [list(room.turn().parcels) for room in rooms.rooms.values()]
    assert parcels == [[Parcel(["other"], wire.encode(wire.Unbridged("ROOM-1")))], []]
