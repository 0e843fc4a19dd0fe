"""Whoever reads slowly at one node, and is sent much from another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from server.realtime.socket_writer import BEHIND
from server.runtime.metrics import Metrics
from server.sharing.edge_sockets import EdgeSockets
from server.sharing.owned_connection import OwnedConnection
from signalling.nodes import wire
from tests.server.client import playing
from tests.server.raw import TEXT, Raw
from tests.server.sharing.nodes import Nodes

ROOM = "SLOW-READER"
DATA = "x" * 30_000

MOST = 1000
"""Signals: more than the kernel keeps, and a server before it closes."""


async def signal_of(reader: Raw) -> object:
    while (received := await reader.frame()).opcode != TEXT:
        pass
    message = json.loads(received.payload)
    assert message["type"] == "signal"
    return message["data"]


async def test_nobody_is_disconnected_by_signals_from_another_node(nodes: Nodes) -> None:
    owner, edge = await nodes.start(2, RECONVENE_MESSAGE_RATE="0", RECONVENE_HEARTBEAT="60")
    async with playing(owner) as one, await Raw.open(edge.port, receive_buffer=4096) as slow:
        ann = await one.joined(ROOM, "Ann", create=True)
        slow_id = (await slow.joined(ROOM))["you"]["id"]
        await ann.expect("participant_joined")
        sent = 0
        while True:
            number = await ann.send("signal", to=slow_id, data=DATA)
            if (answer := await ann.next())["type"] != "ack":
                break
            sent += 1
            assert sent < MOST
        assert {"code": "busy", "id": number}.items() <= answer.items()
        assert answer["retry_after"] > 0
        await ann.nothing()
        # It has got everything, and gets more when it has read that.
        for _ in range(sent):
            assert await signal_of(slow) == DATA
        while answer["type"] == "error":
            number = await ann.send("signal", to=slow_id, data="at last")
            answer = await ann.next()
        assert answer == {"type": "ack", "id": number}
        assert await signal_of(slow) == "at last"


def test_how_far_a_socket_has_read_is_told_to_owners_that_know_what_that_is() -> None:
    """One of an earlier release would log an entry that cannot be read. The next owner hears it all the same."""
    told: list[tuple[str, int]] = []

    def post(nodes: Sequence[str], entry: bytes) -> None:
        message, _ = wire.decode(entry)
        if isinstance(message, wire.Read):
            told.append((nodes[0], message.mark))

    knows: set[str] = set()
    nobody: Any = None
    parts: list[Any] = [
        "me",
        nobody,
        nobody,
        Metrics(),
        nobody,
        nobody,
        post,
        knows.__contains__,
        *[nobody] * 3,
    ]
    sockets = EdgeSockets(*parts)
    socket: Any = SimpleNamespace(number=7, is_behind=False, is_held=False, tell=lambda frame: None)
    sockets.connections[7], sockets._find = socket, lambda room: None  # type: ignore[method-assign] # told here
    sockets._do(sockets._edge.opened(7, ROOM))
    for term, owner in enumerate(("old", "new"), 1):
        sockets._do(sockets._edge.found(ROOM, owner, term))
        if owner == "old":
            sockets.heard(wire.Answer(ROOM, 7, mark=100), b"{}")
            sockets.look()
            assert told == []
            knows.add("new")
    sockets.look()
    assert told == [("new", 100)]
    socket.is_behind = True
    for mark in (200, 300):
        sockets.heard(wire.Answer(ROOM, 7, mark=mark), b"{}")
    sockets.look()
    socket.is_behind = False
    sockets.look()
    sockets.look()
    assert told == [("new", 100), ("new", 0), ("new", 300)]
    sockets.connections.clear()
    sockets._unread[7] = 400
    sockets.look()
    assert not sockets._unread


def test_what_is_on_its_way_counts_as_unread() -> None:
    """Much comes at once, before an edge could tell that a socket is behind."""

    class Elsewhere:
        def is_behind(self, _: OwnedConnection) -> bool:
            return False

    nobody: Any = Elsewhere()
    connection = OwnedConnection(nobody, nobody, "n_2", 7)
    first = connection.sends(100)
    assert first == 100
    connection.has_read(first)
    sent = [first]
    while not connection.is_behind:
        sent.append(connection.sends(10_000))
    assert BEHIND < connection.sent <= BEHIND + 10_100
    asked = [mark for mark in sent if mark]
    assert len(asked) == 4
    connection.has_read(asked[1])
    assert not connection.is_behind
    connection.has_read(0)
    assert connection.is_behind
    # What an earlier owner has sent.
    connection.has_read(10 * BEHIND)
    assert connection.is_behind
    connection.asks_anew()
    assert not connection.is_behind
    assert connection.sends(1) == connection.sent
