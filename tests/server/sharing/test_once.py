"""What one node has to do for all, and what is counted by all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import pytest

from server.http.elsewhere import About, what_about
from server.network.client_address import Client
from server.network.limits import Limits
from server.runtime.metrics import Metrics
from server.sharing.guesses import EVERY, Guesses
from server.sharing.sealing import NotSealed, Seal
from signalling.nodes import wire
from signalling.protocol.errors import Refused

ANN = Client("192.0.2.7", "192.0.2.7")


class Node:
    """Counts guesses, and tells the others. Stands for its membership."""

    def __init__(self, seal: Seal) -> None:
        self.limits = Limits({"passwords": 5, "requests": 5}, Metrics())
        self.others: list[Any] = []
        self.told = Counter[str]()
        self.guesses = Guesses(self.limits, seal, cast(Any, self))

    def post(self, nodes: Sequence[Node], entry: bytes) -> None:
        message, sealed = wire.decode(entry)
        assert isinstance(message, wire.Guessed)
        assert b"192.0.2.7" not in sealed
        for node in nodes:
            node.told["messages"] += 1
            node.guesses.heard(sealed)

    def may_try(self) -> bool:
        try:
            self.limits.check("passwords", ANN, "192.0.2.7 ROOM")
        except Refused:
            return False
        return True


@pytest.fixture
def nodes() -> list[Node]:
    seal = Seal("a secret that all nodes share")
    found = [Node(seal) for _ in range(3)]
    for node in found:
        node.others = [other for other in found if other is not node]
    return found


def test_who_tries_at_several_nodes_is_counted_by_all(nodes: list[Node]) -> None:
    for number, node in enumerate(nodes[:2]):
        for _ in range(3 - number):
            node.limits.count("passwords", ANN, "192.0.2.7 ROOM")
    assert all(node.may_try() for node in nodes)
    for node in nodes:
        node.guesses.tell(10.0)
    assert not any(node.may_try() for node in nodes)
    # What was told is not told again, and what was heard is not passed on.
    for node in nodes:
        node.guesses.tell(20.0)
    assert [node.told["messages"] for node in nodes] == [1, 1, 2]


def test_others_are_told_once_a_second(nodes: list[Node]) -> None:
    one, other = nodes[:2]
    one.limits.count("passwords", ANN)
    one.guesses.tell(10.0)
    one.limits.count("passwords", ANN)
    one.guesses.tell(10.0 + EVERY / 2)
    assert other.told["messages"] == 1
    one.guesses.tell(10.0 + EVERY)
    assert other.told["messages"] == 2


def test_floods_are_counted_by_each_node_alone(nodes: list[Node]) -> None:
    nodes[0].limits.count("requests", ANN)
    nodes[0].guesses.tell(10.0)
    assert not nodes[1].told


def test_what_nobody_who_knows_the_secret_has_said_counts_nothing(nodes: list[Node]) -> None:
    stranger = Seal("quite another secret")
    for sealed in (b"[]", stranger.seal(b'[["passwords","192.0.2.7 ROOM",1,1000]]')):
        with pytest.raises(NotSealed):
            nodes[0].guesses.heard(sealed)
    assert nodes[0].may_try()
    with pytest.raises(NotSealed):
        nodes[0].guesses.heard(Seal("a secret that all nodes share").seal(b"{}"))


@pytest.mark.parametrize(
    ("asked", "about"),
    [
        ("PATCH /api/meetings/abc-def", About("ABC-DEF", takes=True)),
        ("DELETE /api/meetings/ABC-DEF", About("ABC-DEF", takes=True)),
        ("POST /api/meetings/ABC-DEF/end", About("ABC-DEF", takes=True)),
        ("GET /api/meetings/ABC-DEF/settings", About("ABC-DEF", takes=False)),
        ("GET /api/meetings/ABC-DEF/knocks", About("ABC-DEF", takes=False)),
        ("POST /api/meetings/ABC-DEF/knocks/k_1/admit", About("ABC-DEF", takes=True)),
        ("GET /api/meetings/ABC-DEF/participants/p_1", About("ABC-DEF", takes=False)),
        ("POST /api/meetings/ABC-DEF/participants/p_1/remove", About("ABC-DEF", takes=True)),
        ("GET /api/meetings/ABC-DEF/removed", About("ABC-DEF", takes=False)),
        ("POST /api/meetings/ABC-DEF/invites", About("ABC-DEF", takes=True)),
        ("POST /api/echo", About("", takes=True)),
        ("POST /api/zoom/sync", About("", takes=True)),
        ("GET /api/zoom/sync/j_1", About("", takes=True)),
        # The record and the engine tell any node.
        ("GET /api/meetings", None),
        ("POST /api/meetings", None),
        ("GET /api/meetings/ABC-DEF", None),
        ("GET /api/meetings/ABC-DEF/attendance", None),
        ("GET /api/meetings/ABC-DEF/audit", None),
        ("GET /api/echo", None),
        ("POST /api/goodbye", None),
        ("POST /api/zoom/events", None),
        ("GET /", None),
        # Whatever it is, it is no meeting's.
        ("PATCH /api/meetings/a", None),
    ],
)
def test_where_a_request_is_answered(asked: str, about: About | None) -> None:
    method, path = asked.split(" ")
    assert what_about({"method": method, "path": path}) == about
    below = {"method": method, "path": f"/meet{path}", "root_path": "/meet"}
    assert what_about(below) == about
