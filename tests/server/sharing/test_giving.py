"""A node that stops waits for the joins that are on their way, and lets them go on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from server.sharing.giving import Giving


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
