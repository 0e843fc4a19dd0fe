"""Much at once is one write to each socket."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from server.realtime.carrier import Carrier
from server.realtime.frames import text_frame
from server.runtime.metrics import Metrics
from signalling.protocol.features import BATCH
from signalling.protocol.fields import Media
from signalling.rooms.effects import Broadcast, Send, Together
from signalling.rooms.hub import Hub
from signalling.rooms.inputs import Arrival


class Socket:
    """Notes what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.write: Callable[[bytes], None] = self.writes.append

    def tell(self, frame: bytes) -> None:
        self.write(frame)


def carrier() -> tuple[Carrier, Metrics]:
    nothing: Any = SimpleNamespace(stay_ended=lambda *_: None, record=lambda _: None)
    metrics = Metrics()
    return Carrier(Hub(), nothing, nothing, nothing, metrics), metrics


def test_messages_that_go_together_are_one_write() -> None:
    carry, metrics = carrier()
    ann, bob = Socket(), Socket()
    carry.carry_out([Together((ann, bob), (b"1", b"2")), Send(ann, b"ack"), Broadcast((ann, bob), b"3")])
    assert ann.writes == [text_frame(b"1") + text_frame(b"2"), text_frame(b"ack"), text_frame(b"3")]
    assert bob.writes == [text_frame(b"1") + text_frame(b"2"), text_frame(b"3")]
    assert metrics.delivered == 7


@pytest.mark.parametrize("features", [frozenset({BATCH}), frozenset[str]()], ids=["batches", "singles"])
def test_half_of_a_large_room_lost_at_once_is_one_write_to_each_of_the_others(
    features: frozenset[str],
) -> None:
    carry, metrics = carrier()
    hub = Hub(grace=30.0)
    sockets = [Socket() for _ in range(200)]
    for number, socket in enumerate(sockets):
        hub.join(_arrival(socket, number, features), 0.0)
    hub.release(0.1)
    for socket in sockets[::2]:
        hub.lost(socket, 1.0)
    for now in (2.1, 31.1):
        carry.carry_out(hub.tick(now))
    assert [len(socket.writes) for socket in sockets[1::2]] == [2] * 100
    assert metrics.delivered == 2 * 100 * (1 if features else 100)
    left = sockets[1].writes[1]
    assert left.count(b"participant_left") == 100
    assert left == sockets[199].writes[1]


def test_what_follows_from_a_write_comes_behind_what_was_decided_before_it() -> None:
    """A socket that reads too slowly is closed while a room is told: what it has yet to say overtakes nothing."""
    carry, _ = carrier()
    slow, ann = Socket(), Socket()

    def overflow(frame: bytes) -> None:
        slow.writes.append(frame)
        carry.carry_out([Send(ann, b"behind")])

    slow.write = overflow
    carry.carry_out([Broadcast((slow, ann), b"1"), Send(ann, b"2")])
    assert ann.writes == [text_frame(b"1"), text_frame(b"2"), text_frame(b"behind")]
    assert slow.writes == [text_frame(b"1")]
    carry.carry_out([Send(ann, b"3")])
    assert ann.writes[-1] == text_frame(b"3")


def _arrival(socket: Socket, number: int, features: frozenset[str]) -> Arrival:
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
        features=features,
    )
