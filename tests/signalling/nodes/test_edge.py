"""An edge's side of its connections."""

from __future__ import annotations

from signalling.nodes import edge as edges
from signalling.nodes import wire
from signalling.nodes.edge import MOST, Edge
from signalling.protocol.errors import CloseCode

ROOM = "ABC-DEF"


def answered(edge: Edge, n: int, payload: bytes = b"", place: str | None = None) -> list[edges.EdgeEffect]:
    return edge.received(wire.Answer(ROOM, 1, n, place), payload)


def attached() -> Edge:
    edge = Edge("me")
    assert edge.opened(1, ROOM) == [edges.Find(ROOM)]
    edge.found(ROOM, "owner", 5)
    return edge


def test_frames_wait_until_the_owner_is_known_and_then_go_in_order() -> None:
    edge = Edge("me")
    edge.opened(1, ROOM)
    assert edge.said(1, b"join", sealed=True) == []
    assert edge.said(1, b"status") == []
    assert edge.found(ROOM, "owner", 5) == [
        edges.Post("owner", wire.Here("me", ROOM, {1: 1})),
        edges.Post("owner", wire.Frame("me", 1, ROOM, 1, sealed=True), b"join"),
        edges.Post("owner", wire.Frame("me", 1, ROOM, 2), b"status"),
    ]


def test_the_next_owner_gets_what_is_not_answered() -> None:
    edge = attached()
    for data in (b"one", b"two", b"three"):
        edge.said(1, data)
    assert answered(edge, 2) == []
    assert edge.received(wire.Owned(ROOM, 6, "next"), b"") == [
        edges.Post("next", wire.Here("me", ROOM, {1: 3})),
        edges.Post("next", wire.Frame("me", 1, ROOM, 3), b"three"),
    ]


def test_an_answer_counts_once() -> None:
    edge = attached()
    edge.said(1, b"one")
    assert answered(edge, 1, b"ack") == [edges.Write((1,), b"ack"), edges.Answered(1)]
    assert answered(edge, 1, b"ack") == []


def test_what_the_last_owner_has_told_counts_whoever_is_known_to_own_the_room_by_now() -> None:
    """The next one has begun behind it, and does not tell it again. Only who owns the room goes by the term."""
    edge = attached()
    edge.found(ROOM, "next", 6)
    assert edge.received(wire.Told(ROOM, [1]), b"event") == [edges.Write([1], b"event")]
    assert edge.received(wire.Owned(ROOM, 5, "before"), b"") == []
    assert edge.rooms[ROOM].owner == "next"


def test_everybody_who_is_seated_is_told() -> None:
    edge = attached()
    edge.opened(2, ROOM)
    answered(edge, 0, place="seat")
    assert edge.received(wire.Told(ROOM), b"event") == [edges.Write([1], b"event")]
    assert edge.received(wire.Told(ROOM, [1, 2, 3]), b"event") == [edges.Write([1, 2], b"event")]


def test_reading_stops_when_too_much_is_unanswered() -> None:
    edge = attached()
    size = MOST // 4
    effects = [effect for _ in range(5) for effect in edge.said(1, b"x" * size)]
    assert [each for each in effects if isinstance(each, edges.Pause)] == [edges.Pause(1, is_over=False)]
    assert not [each for each in answered(edge, 1) if isinstance(each, edges.Pause)]
    assert edges.Pause(1, is_over=True) in answered(edge, 4)


def test_a_lost_connection_is_forgotten_when_its_last_frame_is_answered() -> None:
    edge = attached()
    edge.said(1, b"one")
    assert edge.lost(1, goodbye=True) == [edges.Post("owner", wire.Lost("me", 1, ROOM, 2, goodbye=True))]
    assert edge.lost(1) == []
    # Whoever takes the room over here has yet to hear of it.
    assert edge.has(1, ROOM)
    answered(edge, 2)
    assert not edge.has(1, ROOM)
    assert ROOM not in edge.rooms


def test_a_dead_owner_is_looked_for_anew_once() -> None:
    edge = attached()
    assert edge.gone("somebody") == []
    assert edge.gone("owner") == [edges.Find(ROOM)]
    assert edge.gone("owner") == []
    assert edge.said(1, b"one") == []
    assert edge.not_found(ROOM) == [edges.Find(ROOM)]


def test_a_gap_closes_what_others_own() -> None:
    edge = attached()
    edge.opened(2, "MY-OWN")
    edge.found("MY-OWN", "me", 5)
    assert edge.gap() == [edges.Close(1, CloseCode.GOING_AWAY)]


def test_a_connection_that_turns_to_another_room_has_left_the_first() -> None:
    edge = attached()
    assert edge.opened(1, "ANOTHER") == [
        edges.Post("owner", wire.Lost("me", 1, ROOM, 1)),
        edges.Find("ANOTHER"),
    ]
    assert edge.room_of(1) == "ANOTHER"
    # It comes back too soon to be told from what it was.
    assert edges.Close(1, CloseCode.GOING_AWAY) in edge.opened(1, ROOM)


def test_the_owner_who_marks_what_it_sends_is_told_when_it_is_read() -> None:
    edge = attached()
    marked = edge.received(wire.Answer(ROOM, 1, mark=70_000), b"signal")
    assert marked[0] == edges.Write((1,), b"signal", mark=70_000)
    edge.found(ROOM, "next", 6)
    assert edge.read(1, 70_000) == [edges.Post("next", wire.Read("me", 1, ROOM, 70_000))]
    edge.lost(1)
    assert edge.read(1, 70_000) == []
