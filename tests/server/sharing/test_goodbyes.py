"""A goodbye over HTTP, and the end of a meeting, come to whoever owns the room, now or next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import Head
from server.sharing.over_http import OverHttp
from signalling.nodes import wire
from signalling.rooms.inputs import Goodbye
from tests.simulation.clock import VirtualLoop

ROOM = "ROOM-1"
GOODBYE = Goodbye(ROOM, "u_ann", "i_ann", 2, 3.0)


class Node:
    """`me`, which knows `other` and `third`. The engine says that the room is `owner`'s, or is away (None)."""

    def __init__(self) -> None:
        self.owner: str | None = "other"
        self.term = 7
        self.rooms: dict[str, Any] = {}
        self.done: list[Goodbye] = []
        self.ended: list[str] = []
        self.told: list[str] = []
        self.said: wire.OverHttp = wire.Said(ROOM, "u_ann", "i_ann", 3.0, 2)
        membership = SimpleNamespace(others=["other", "third"], lease=4.0, post=self._post)
        self.membership: Any = membership
        nobody: Any = None
        parts: list[Any] = [self, membership, self.rooms, nobody, self.ended.append, self.done.append, len]
        self.http = OverHttp(*parts)

    async def people(self, room: str) -> int:
        if self.owner is None:
            raise EngineUnavailable("the engine is away")
        return 3

    async def head(self, room: str) -> Head:
        if self.owner is None:
            raise EngineUnavailable("the engine is away")
        return Head(self.owner, self.term, "e_1", 0, 0)

    def _post(self, nodes: list[str], entry: bytes) -> None:
        assert wire.decode(entry)[0] == self.said
        self.told += nodes

    def takes(self) -> None:
        self.owner, self.term, self.rooms[ROOM] = "me", self.term + 1, SimpleNamespace(kept=None)


def dies(node: Node) -> None:
    node.membership.others = ["third"]


def goes_to_the_third(node: Node) -> None:
    dies(node)
    node.owner, node.term = "third", 8


def is_taken_here(node: Node) -> None:
    dies(node)
    node.takes()


def is_there(node: Node) -> None:
    node.owner = "other"


@pytest.mark.parametrize(
    ("begins", "happens", "told", "done"),
    [
        pytest.param("other", [], ["other"], 0, id="its owner lives"),
        pytest.param("other", [(1.0, goes_to_the_third)], ["other", "third"], 0, id="its owner is dead"),
        pytest.param("other", [(1.0, is_taken_here)], ["other"], 1, id="this node is the next"),
        pytest.param("other", [(1.0, dies), (6.0, is_taken_here)], ["other"], 1, id="the next comes late"),
        pytest.param(None, [(2.0, is_there)], ["other"], 0, id="the engine is away"),
        pytest.param("", [], [], 0, id="nobody is in it"),
    ],
)
def test_a_goodbye_finds_the_owner(
    begins: str | None, happens: list[tuple[float, Callable[[Node], None]]], told: list[str], done: int
) -> None:
    loop, node = VirtualLoop(), Node()
    node.owner = begins
    for at, what in happens:
        loop.call_at(at, what, node)
    loop.call_soon(node.http.goodbye, GOODBYE)
    loop.run_until_complete(asyncio.sleep(30.0))
    assert (node.told, node.done) == (told, [GOODBYE] * done)
    loop.close()


def test_a_room_that_is_about_to_be_given_takes_none() -> None:
    """What it commits no more, the next owner hears; so does whoever was asked too late."""
    loop, node = VirtualLoop(), Node()
    node.takes()
    node.rooms[ROOM].kept = []
    loop.call_at(1.0, node.rooms.clear)
    loop.call_at(1.0, goes_to_the_third, node)
    said = wire.Said(ROOM, "u_ann", "i_ann", 3.0, 2)
    loop.call_soon(node.http.heard, said, b"")
    loop.run_until_complete(asyncio.sleep(30.0))
    assert (node.told, node.done) == (["third"], [])
    loop.close()


def test_the_end_of_a_meeting_that_is_about_to_be_given_is_told_where_it_goes() -> None:
    """And by a node that is told of it, and has yet to take the room, it is not forgotten."""
    loop, node = VirtualLoop(), Node()
    node.said = wire.Ended(ROOM)
    node.takes()
    node.rooms[ROOM].kept = []
    loop.call_at(1.0, node.rooms.clear)
    loop.call_at(1.0, goes_to_the_third, node)
    loop.call_soon(node.http.end, ROOM)
    loop.run_until_complete(asyncio.sleep(30.0))
    assert (node.told, node.ended) == (["third"], [])
    node.owner = "me"
    loop.call_soon(node.http.heard, wire.Ended(ROOM), b"")
    loop.call_later(1.0, node.takes)
    loop.run_until_complete(asyncio.sleep(30.0))
    assert (node.told, node.ended) == (["third"], [ROOM])
    loop.close()


async def test_how_many_are_in_a_meeting_is_told_as_far_as_it_is_known() -> None:
    """A meeting that is made, or asked for, while the engine is away is not refused for the count."""
    node = Node()
    assert await node.http.people(ROOM) == 3
    node.owner = None
    assert await node.http.people(ROOM) == len(ROOM)
