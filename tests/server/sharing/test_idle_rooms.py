"""Rooms that were taken for nothing are given up again."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from server.cluster.engine.records import Ownership
from server.sharing.idle_rooms import IDLE, IdleRooms
from server.sharing.owned_room import OwnedRoom


class Rooms:
    """Stands for the rooms, and for the engine."""

    def __init__(self) -> None:
        self.rooms: dict[str, OwnedRoom] = {}
        self.used: set[str] = set()
        self.given_up: list[Ownership] = []
        self.idle = IdleRooms(cast(Any, self), cast(Any, self), self.used.__contains__)

    def takes(self, name: str) -> OwnedRoom:
        room = self.rooms[name] = OwnedRoom(name, "n_ann", lambda data: data, lambda room: None)
        room.line.took(7, "engine", "", 0, 0)
        return room

    def over(self, room: OwnedRoom) -> None:
        del self.rooms[room.id]

    async def drop(self, own: Ownership) -> None:
        self.given_up.append(own)

    async def at(self, *times: float) -> list[str]:
        """Which were given up when it was looked at these times."""
        for time in times:
            self.idle.look(time)
        await asyncio.sleep(0)
        return [own.room for own in self.given_up]


async def test_nobody_came() -> None:
    rooms = Rooms()
    rooms.takes("EMPTY")
    assert await rooms.at(0.0, IDLE - 0.1) == []
    assert await rooms.at(IDLE) == ["EMPTY"]
    assert rooms.given_up[0].term == 7
    assert not rooms.rooms


@pytest.mark.parametrize("why", ["seated", "connection", "established", "something to tell", "unsure"])
async def test_it_is_used(why: str) -> None:
    rooms = Rooms()
    room = rooms.takes("USED")
    match why:
        case "seated":
            rooms.used.add("USED")
        case "connection":
            room.connections["n_bob", 1] = cast(Any, SimpleNamespace())
        case "established":
            room.line.took(8, "engine", "an epoch", 1, 1)
        case "something to tell":
            room.line.add(effects=[cast(Any, "told")])
        case _:
            room.line.lost_sight()
    assert await rooms.at(0.0, IDLE) == []
    assert "USED" in rooms.rooms


async def test_somebody_came_meanwhile() -> None:
    rooms = Rooms()
    rooms.takes("SOON")
    await rooms.at(0.0)
    rooms.used.add("SOON")
    await rooms.at(IDLE / 2)
    rooms.used.clear()
    assert await rooms.at(IDLE, 2 * IDLE - 0.1) == []
    assert await rooms.at(2 * IDLE) == ["SOON"]
