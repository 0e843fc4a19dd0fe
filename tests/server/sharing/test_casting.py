"""To whom an edge hands on what some are told: an entry without names is for all that it has seated."""

from __future__ import annotations

from typing import Any

from server.sharing.owned_connection import OwnedConnection
from server.sharing.owned_room import OwnedRoom
from signalling.nodes import wire


def room_of(*numbers: int) -> tuple[OwnedRoom, list[OwnedConnection]]:
    """A room with these connections, which an edge has seated."""
    room = OwnedRoom("ROOM-1", "me", bytes, lambda room: None)
    nobody: Any = None
    connections = [OwnedConnection(nobody, room, "edge", number) for number in numbers]
    for connection in connections:
        room.adopted(connection, "seat")
    return room, connections


def told(room: OwnedRoom) -> list[bytes]:
    return [parcel.body for parcel in room.turn().parcels]


def test_who_is_named_alone_hears_it_alone_also_when_gone_in_the_same_turn() -> None:
    room, (ann, bob) = room_of(1, 2)
    room.cast([ann], b"private")
    room.forget(ann)
    assert [each is bob for each in room.connections.values()] == [True]
    assert told(room) == [wire.encode(wire.Told("ROOM-1", [1]), b"private")]


def test_what_all_are_told_names_nobody() -> None:
    room, connections = room_of(1, 2)
    room.cast(connections, b"public")
    assert told(room) == [wire.encode(wire.Told("ROOM-1"), b"public")]
