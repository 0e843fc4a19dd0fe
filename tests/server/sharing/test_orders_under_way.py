"""Orders over HTTP, while their room is being given to another node, or is another's by then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import pytest

from server.cluster.engine.errors import EngineUnavailable
from server.cluster.engine.records import Head, Ownership, Taken
from server.runtime import clock
from server.sharing import giving
from server.sharing.asking import Asking
from server.sharing.carrier import SharedCarrier
from server.sharing.giving import Giving
from server.sharing.owned_room import OwnedRoom
from server.sharing.sealing import Seal
from signalling.nodes import wire
from signalling.protocol.errors import ErrorCode, Refused
from signalling.rooms.change import Actor, Change, Unsettled
from tests.simulation.clock import VirtualLoop

ROOM = "ROOM-1"


class Node:
    """`me`, which owns the room and is told to stop. The engine takes its time, and gives the room to `other`."""

    def __init__(self) -> None:
        self.room = OwnedRoom(ROOM, "me", bytes, lambda room: None)
        self.room.line.took(5, "engine", "e_1", 0, 0)
        self.rooms = {ROOM: self.room}
        self.owner_now: Head | None = Head("me", 5, "", 0, 0)
        self.is_away = False
        self.doubted: list[OwnedRoom] = []
        self.asked_at: list[float] = []
        self.replies: list[wire.Replied] = []
        membership = SimpleNamespace(
            id="me", others=["other"], takers=["other"], leaves=self._nothing, at=lambda: 0.0, post=self._post
        )
        rooms = SimpleNamespace(
            rooms=self.rooms, are_coming=False, committing=self, gave=self._gave, take=self._take
        )
        parts: list[Any] = [self, membership, Seal("a secret"), rooms, self.committed]
        self.asking = Asking(*parts)
        self.asking.answer = self._answer
        edges = SimpleNamespace(go_on=lambda room: setattr(room, "kept", None), tell=lambda *_: None)
        parts = [self, membership, rooms, edges, None, "me", SimpleNamespace(settle_room=self._nothing)]
        self.giving = Giving(*parts, *[lambda: 0])

    async def _nothing(self, *_: object) -> None:
        pass

    async def committed(self, *_: object) -> bool:
        return True

    def _gave(self, room: OwnedRoom) -> None:
        del self.rooms[room.id]
        room.lose()

    async def give(self, own: Ownership, to: str, message: bytes) -> Taken:
        self.asked_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.5)
        return Taken("me", 5, Head(to, 6, "e_1", 0, 0), is_complete=True)

    async def head(self, room: str) -> Head | None:
        if self.is_away:
            raise EngineUnavailable("the engine is away")
        return self.owner_now

    async def _take(self, room: str) -> tuple[str, int]:
        return "other", 6

    def unsure(self, room: OwnedRoom) -> None:
        self.doubted.append(room)
        self._gave(room)

    async def _answer(self, body: bytes) -> bytes:
        raise AssertionError("the room is another's")

    def _post(self, nodes: list[str], entry: bytes) -> None:
        message, _ = wire.decode(entry)
        assert isinstance(message, wire.Replied)
        self.replies.append(message)

    async def owner(self, within: float = 60.0) -> str:
        """`within`: seconds of real time."""
        return await self.asking.owner(ROOM, takes=True, until=clock.monotonic() + within)


def run(work: Awaitable[Any]) -> Any:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@pytest.mark.parametrize("takes", [1.0, 3 * giving.CARRIED_OUT_WITHIN])
def test_a_room_is_not_given_before_what_was_ordered_is_carried_out(takes: float) -> None:
    """However long that takes; it is answered as what it is: done."""

    async def order() -> None:
        node = Node()
        assert await node.owner() == "me"
        done = asyncio.ensure_future(node.asking.committed(ROOM, asyncio.sleep(takes, "done")))
        await asyncio.sleep(0)
        await node.giving.give_all(within=30.0)
        assert done.result() == "done"
        assert node.asked_at[0] >= takes
        assert not node.rooms

    run(order())


def test_an_order_that_comes_while_the_room_is_given_goes_where_the_room_goes() -> None:
    async def orders() -> None:
        node = Node()
        gives = asyncio.ensure_future(node.giving.give_all(within=30.0))
        await asyncio.sleep(0.1)
        assert node.asked_at
        owner = asyncio.ensure_future(node.owner())
        question = node.asking._seal.seal(b"\x82\xa5until\xcb\x7f\xf0" + bytes(6) + b"\xa4body\xc4\x00")
        node.asking.heard(wire.Asked("third", 1, ROOM), question)
        await asyncio.sleep(0.1)
        assert not owner.done()
        assert not node.replies
        await gives
        assert await owner == "other"
        await asyncio.gather(*node.asking.tasks)
        assert [reply.moved for reply in node.replies] == [True]

    run(orders())


def test_whoever_has_lost_a_room_and_does_not_know_passes_an_order_on() -> None:
    """Nothing was established in it, so nothing was refused."""

    async def order() -> None:
        node = Node()
        node.room.line.took(5, "engine", "", 0, 0)
        assert await node.owner() == "me"
        node.owner_now = Head("other", 6, "e_2", 0, 0)
        assert await node.owner() == "other"
        assert node.doubted == [node.room]

    run(order())


def test_whoever_cannot_ask_whose_a_room_is_takes_no_order() -> None:
    """What is read, it says as it knows it."""

    async def order() -> None:
        node = Node()
        node.is_away = True
        with pytest.raises(Refused) as refused:
            await node.owner(within=0.05)
        assert refused.value.code is ErrorCode.UNAVAILABLE
        assert await node.asking.owner(ROOM, takes=False, until=clock.monotonic() + 10.0) == "me"

    run(order())


def test_nothing_is_recorded_behind_whoever_has_the_room_by_then() -> None:
    nobody: Any = None
    pending: Any = SimpleNamespace(meeting_changed=lambda room: None)
    carrier, refused = SharedCarrier(nobody, pending, *[nobody] * 3), list[Unsettled]()
    carrier.rooms, carrier.refused = {}, refused.append
    late = Unsettled(ROOM, Actor("admin", ""), "key", Change("settings"), told=False)
    carrier._later(late)
    assert refused == [late]
