"""Much at once is one write to each socket."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from server.carrier import Carrier
from server.frames import text_frame
from server.metrics import Metrics
from signalling.arrivals import Arrival
from signalling.effects import Broadcast, Send
from signalling.hub import Hub
from signalling.messages import Media


class Socket:
    """Notes what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.write = self.tell = self.writes.append


def carrier() -> tuple[Carrier, Metrics]:
    nothing: Any = SimpleNamespace(stay_ended=lambda *_: None, record=lambda _: None)
    metrics = Metrics()
    return Carrier(nothing, nothing, metrics), metrics


def test_a_room_is_told_in_order_and_before_single_members() -> None:
    carry, metrics = carrier()
    ann, bob, other = Socket(), Socket(), Socket()
    room, elsewhere = (ann, bob), (other,)
    carry.carry_out_together(
        [Broadcast(room, b"1"), Send(ann, b"ack"), Broadcast(elsewhere, b"x"), Broadcast(room, b"2")]
    )
    assert ann.writes == [text_frame(b"1") + text_frame(b"2"), text_frame(b"ack")]
    assert bob.writes == [text_frame(b"1") + text_frame(b"2")]
    assert other.writes == [text_frame(b"x")]
    assert metrics.delivered == 6


def test_half_of_a_large_room_lost_at_once_is_one_write_to_each_of_the_others() -> None:
    carry, metrics = carrier()
    hub = Hub(grace=30.0)
    sockets = [Socket() for _ in range(200)]
    for number, socket in enumerate(sockets):
        hub.join(_arrival(socket, number), 0.0)
    for socket in sockets[::2]:
        hub.lost(socket, 1.0)
    for now in (2.1, 31.1):
        carry.carry_out_together(hub.tick(now))
    assert [len(socket.writes) for socket in sockets[1::2]] == [2] * 100
    assert metrics.delivered == 2 * 100 * 100
    left = sockets[1].writes[1]
    assert left.count(b"participant_left") == 100
    assert left == sockets[199].writes[1]


def _arrival(socket: Socket, number: int) -> Arrival:
    return Arrival(
        connection=socket,
        message_id=1,
        room="R",
        title="",
        created=False,
        hosting=False,
        participant_id=f"p_{number}",
        user_id=f"u_{number}",
        name=f"n{number}",
        role="participant",
        session_id=f"s_{number}",
        session="t",
        token=None,
        instance=f"i{number}.j",
        epoch="e",
        rejoined=False,
        joined_at=0.0,
        media=Media(),
        ice_servers=[],
    )
