"""A node that stops waits for the joins that are on their way, and lets them go on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from server.cluster.engine.records import Held
from server.sharing.giving import Giving
from server.sharing.owned_room import OwnedRoom
from server.sharing.owned_rooms import OwnedRooms


@pytest.mark.parametrize("what", ["joins", "rooms that it is just taking"])
async def test_joins_go_on_while_a_node_without_rooms_waits_for_them(what: str) -> None:
    pending = {"ann"} if what == "joins" else set[str]()

    async def leaves() -> None:
        def settle() -> None:
            pending.clear()
            rooms.are_coming = False

        asyncio.get_running_loop().call_soon(settle)

    membership: Any = SimpleNamespace(leaves=leaves, takers=["n_other"])
    rooms: Any = SimpleNamespace(rooms={}, are_coming=what != "joins")
    nobody: Any = None
    giving = Giving(nobody, membership, rooms, nobody, nobody, "n_this", nobody, lambda: len(pending))
    await giving.give_all(within=60.0)
    assert not pending
    assert not rooms.are_coming


async def test_a_room_stays_where_it_is_when_whoever_could_take_it_dies_meanwhile() -> None:
    takers = ["n_other"]
    went_on: list[OwnedRoom] = []
    room = OwnedRoom("ROOM-1", "n_this", bytes, lambda room: None)
    room.line.took(5, "engine", "e_1", 0, 0)

    async def nothing(*_: object) -> None:
        pass

    async def committed(*_: object) -> bool:
        takers.clear()
        return True

    parts: list[Any] = [None, SimpleNamespace(leaves=nothing, takers=takers)]
    parts += [
        SimpleNamespace(
            rooms={"ROOM-1": room}, are_coming=False, committing=SimpleNamespace(committed=committed)
        )
    ]
    parts += [SimpleNamespace(go_on=went_on.append), None, "n_this", SimpleNamespace(settle_room=nothing)]
    await Giving(*parts, *[lambda: 0]).give_all(within=60.0)
    assert (went_on, room.line.phase) == ([room], "owned")


async def test_a_node_that_stops_takes_what_nobody_is_left_to_take() -> None:
    """Whoever could have taken it died while the engine was asked whose it is."""
    takers = ["n_other"]

    async def head(room: str) -> None:
        takers.clear()

    async def settled() -> str:
        return "engine"

    async def take(room: str, node: str) -> Held:
        return Held("n_this", 7)

    posted: list[object] = []
    membership = SimpleNamespace(id="n_this", is_leaving=True, takers=takers, others=[], settled=settled)
    membership.post = lambda *what: posted.append(what)
    engine = SimpleNamespace(head=head, take=take)
    nobody: Any = None
    parts: list[Any] = [engine, nobody, membership, nobody, nobody, {}, nobody]
    rooms = OwnedRooms(*parts)
    assert await rooms.take("ROOM-1") is None
    assert await rooms.take("ROOM-1") == ("n_this", 7)
    assert not posted
