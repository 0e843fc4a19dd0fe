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
from server.sharing import shared_limits
from server.sharing.sealing import NotSealed, Seal
from server.sharing.shared_limits import EVERY, SharedLimits
from signalling.nodes import wire
from signalling.protocol.errors import Refused

ANN = Client("192.0.2.7", "192.0.2.7")


class Node:
    """Counts, and tells the others. Stands for its membership."""

    def __init__(self, seal: Seal) -> None:
        self.limits = Limits({"passwords": 5, "requests": 500, "meetings": 5}, Metrics())
        self.others: list[Any] = []
        self.told = Counter[str]()
        self.shared = SharedLimits(self.limits, seal, cast(Any, self))

    def post(self, nodes: Sequence[Node], entry: bytes) -> None:
        message, sealed = wire.decode(entry)
        assert isinstance(message, wire.Counted)
        assert b"192.0.2.7" not in sealed
        for node in nodes:
            node.told["messages"] += 1
            node.shared.heard(sealed)

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
        node.shared.tell(10.0)
    assert not any(node.may_try() for node in nodes)
    # What was told is not told again, and what was heard is not passed on.
    for node in nodes:
        node.shared.tell(20.0)
    assert [node.told["messages"] for node in nodes] == [1, 1, 2]


def test_others_are_told_once_a_second(nodes: list[Node]) -> None:
    one, other = nodes[:2]
    one.limits.count("passwords", ANN)
    one.shared.tell(10.0)
    one.limits.count("passwords", ANN)
    one.shared.tell(10.0 + EVERY / 2)
    assert other.told["messages"] == 1
    one.shared.tell(10.0 + EVERY)
    assert other.told["messages"] == 2


def test_floods_are_counted_by_all_but_for_crumbs(nodes: list[Node]) -> None:
    """A hundredth of a limit is told at once, less when it has become one."""
    one, other = nodes[:2]
    for _ in range(4):
        one.limits.count("requests", ANN)
    one.shared.tell(10.0)
    assert not other.told
    for node in (one, other):
        for _ in range(250):
            node.limits.count("requests", ANN)
        node.shared.tell(20.0)
    assert other.told["messages"] == 1
    for node in nodes:
        with pytest.raises(Refused):
            node.limits.check("requests", ANN)


def test_a_flood_from_everywhere_is_not_kept_without_end(
    nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_limits, "MOST", 10)
    monkeypatch.setattr(shared_limits, "MOST_KEPT", 40)
    one, other = nodes[:2]
    for second in range(20):
        for number in range(30):
            one.limits.count("passwords", ANN, f"{second} {number}")
        one.shared.tell(10.0 + second)
        assert len(one.shared._untold) <= 40
    # The latest are told yet, also to those who were told of others first.
    for _ in range(5):
        one.limits.count("passwords", ANN, "192.0.2.7 ROOM")
    for second in range(30, 40):
        one.shared.tell(float(second))
    assert not other.may_try()


def test_what_was_not_used_is_given_back_by_all(nodes: list[Node]) -> None:
    one, other = nodes[:2]
    for _ in range(5):
        one.limits.count("meetings", ANN)
    one.shared.tell(10.0)
    with pytest.raises(Refused):
        other.limits.check("meetings", ANN)
    one.limits.give_back("meetings", ANN)
    one.shared.tell(20.0)
    other.limits.take("meetings", ANN)
    # Nor is anything told of what was given back before it was told.
    other.limits.give_back("meetings", ANN)
    other.shared.tell(20.0)
    assert one.told["messages"] == 0


def test_what_nobody_who_knows_the_secret_has_said_counts_nothing(nodes: list[Node]) -> None:
    stranger = Seal("quite another secret")
    for sealed in (b"[]", stranger.seal(b'[["passwords","192.0.2.7 ROOM",1,1000]]')):
        with pytest.raises(NotSealed):
            nodes[0].shared.heard(sealed)
    assert nodes[0].may_try()
    with pytest.raises(NotSealed):
        nodes[0].shared.heard(Seal("a secret that all nodes share").seal(b"{}"))


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
