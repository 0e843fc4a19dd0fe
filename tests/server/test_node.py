"""The node's heartbeat, while the store is away and after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from server.metrics import Metrics
from server.node import Node
from storage import open_store
from storage.store import Store, StoreUnavailable
from tests.storage.script import Script


class FailingStore:
    """The real store, whose heartbeats fail while it is `down`."""

    def __init__(self, real: Store) -> None:
        self.real = real
        self.down = False
        self.ahead = 0.0
        """Seconds by which its clock is ahead."""
        self.beats: asyncio.Queue[bool] = asyncio.Queue()
        """Whether each heartbeat was written."""

    async def clock(self) -> float:
        return await self.real.clock() + self.ahead

    async def heartbeat(self, node_id: str, at: float) -> None:
        self.beats.put_nowait(not self.down)
        if self.down:
            raise StoreUnavailable("away")
        await self.real.heartbeat(node_id, at)

    async def close_dead_nodes(self, dead_before: float) -> int:
        return await self.real.close_dead_nodes(dead_before)

    async def stop_node(self, node_id: str, at: float) -> int:
        return await self.real.stop_node(node_id, at)

    async def beat(self, written: bool, times: int = 1) -> None:
        """Wait for so many heartbeats from now on, and for whatever followed the one before the last."""
        for _ in range(times):
            while await self.beats.get() is not written:
                pass


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FailingStore]:
    real = open_store(f"sqlite:///{tmp_path}/r.db")
    await real.open()
    yield FailingStore(real)
    await real.close()


@pytest.mark.parametrize(("ahead", "told"), [(0.0, 0), (60.0, 1), (-60.0, 1)])
async def test_a_clock_that_differs_from_the_stores_is_told_at_the_start(
    store: FailingStore, ahead: float, told: int
) -> None:
    store.ahead = ahead
    node = Node(cast(Store, store), Metrics())
    with capture_logs() as lines:
        await node.start()
        await node.stop(2000.0)
    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert [round(line["seconds"]) for line in warnings] == [-ahead] * told


async def test_an_outage_is_one_warning_and_one_line_when_it_is_over(store: FailingStore) -> None:
    metrics, revived = Metrics(), asyncio.Event()
    node = Node(cast(Store, store), metrics, interval=0.01, dead_after=1000)
    node.on_revived = revived.set
    with capture_logs() as lines:
        await node.start()
        store.down = True
        await store.beat(False, times=5)
        assert not metrics.store_available
        store.down = False
        await store.beat(True, times=2)
        assert metrics.store_available
        await node.stop(1.0)
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("warning", "heartbeat could not be written"),
        ("info", "heartbeat is written again"),
        ("info", "node stopped"),
    ]
    assert not revived.is_set(), "nobody can have taken this node for dead"


async def test_after_a_silence_others_take_for_death_the_stays_are_to_be_recorded_anew(
    store: FailingStore,
) -> None:
    node = Node(cast(Store, store), Metrics(), interval=0.01, dead_after=0.05)
    revivals: asyncio.Queue[None] = asyncio.Queue()
    node.on_revived = lambda: revivals.put_nowait(None)
    await node.start()
    store.down = True
    await store.beat(False, times=7)  # which takes at least six intervals
    assert revivals.empty()
    store.down = False
    async with asyncio.timeout(10):
        await revivals.get()
    await node.stop(1.0)


async def test_a_stop_closes_the_nodes_stays_at_the_time_it_is_given(store: FailingStore) -> None:
    node = Node(cast(Store, store), Metrics())
    await node.start()
    script = Script(store.real)
    await script.join("ann", 1000.0, node=node.id)
    await script.join("bob", 1000.0, node="n_other")
    await node.stop(1100.0)
    await node.stop(1200.0)
    (of_ann,), (of_bob,) = await script.stays("ann"), await script.stays("bob")
    assert (of_ann.left_at, of_ann.reason, of_ann.estimated) == (1100.0, "lost", False)
    assert of_bob.left_at is None
