"""A node that stops waits for the joins that are on their way, and lets them go on."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from server.sharing.giving import Giving


async def test_joins_go_on_while_a_node_without_rooms_waits_for_them() -> None:
    pending = {"ann"}

    async def leaves() -> None:
        asyncio.get_running_loop().call_soon(pending.clear)

    membership: Any = SimpleNamespace(leaves=leaves, takers=["n_other"])
    rooms: Any = SimpleNamespace(rooms={})
    nobody: Any = None
    giving = Giving(nobody, membership, rooms, nobody, nobody, "n_this", nobody, lambda: len(pending))
    await giving.give_all(within=0.5)
    assert not pending
