"""Which connection sits where, and which has been taken over."""

from __future__ import annotations

from signalling.rooms.event_log import Log
from signalling.rooms.hands import Hands
from signalling.rooms.member import Member
from signalling.rooms.room import Room
from signalling.rooms.seats import Seats


def test_a_newer_connection_takes_the_place() -> None:
    seats, room, ann = (
        Seats(),
        Room("ABC123", "", Log("e_1", max_age=60.0), Hands()),
        Member("p_1", "ann", 0.0),
    )
    room.add(ann)
    seats.take(room, ann, "older", 1)
    assert seats.current("older") is not None
    assert list(room.audience()) == ["older"]
    seats.take(room, ann, "newer", 2)
    assert seats.current("older") is None
    assert seats["older"].is_taken_over
    current = seats.current("newer")
    assert current is not None
    assert (current.member, ann.attempt) == (ann, 2)
    assert list(room.audience()) == ["newer"]
    assert seats.current("nobody") is None
