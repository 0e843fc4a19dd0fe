"""The node's heartbeat, while the store is away and after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from server.cluster.node import DEAD_AFTER, Node
from server.runtime import clock
from server.runtime.clock import RecordClock
from server.runtime.metrics import Metrics
from storage import open_store
from storage.errors import StoreUnavailable
from storage.store import Store
from tests.storage.script import Script


class FailingStore:
    """The real store, whose heartbeats fail while it is `down`."""

    def __init__(self, real: Store) -> None:
        self.real = real
        self.down = False
        self.judges = True
        """Whether dead nodes can be closed."""
        self.ahead = 0.0
        """Seconds by which its clock is ahead."""
        self.beaten_at: list[float] = []
        self.judged: list[tuple[float, float | None]] = []
        self.beats: asyncio.Queue[bool] = asyncio.Queue()
        """Whether each heartbeat was written."""

    async def clock(self) -> float:
        return await self.real.clock() + self.ahead

    async def heartbeat(self, node_id: str, at: float, engine_seen_at: float | None = None) -> None:
        self.beats.put_nowait(not self.down)
        if self.down:
            raise StoreUnavailable("away")
        self.beaten_at.append(at)
        await self.real.heartbeat(node_id, at)

    async def close_dead_nodes(self, dead_before: float, ahead_of: float | None = None) -> int:
        self.judged.append((dead_before, ahead_of))
        if not self.judges:
            raise StoreUnavailable("locked")
        return await self.real.close_dead_nodes(dead_before, ahead_of)

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
    node = Node(cast(Store, store), Metrics(), RecordClock())
    with capture_logs() as lines:
        await node.start()
        await node.stop(2000.0)
    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert [round(line["seconds"]) for line in warnings] == [-ahead] * told


async def test_an_outage_is_one_warning_and_one_line_when_it_is_over(store: FailingStore) -> None:
    metrics, revived = Metrics(), asyncio.Event()
    node = Node(cast(Store, store), metrics, RecordClock(), interval=0.01, dead_after=1000)
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


async def test_what_fails_behind_a_heartbeat_is_called_by_its_name_and_holds_up_nothing_else(
    store: FailingStore,
) -> None:
    metrics = Metrics()
    node = Node(cast(Store, store), metrics, RecordClock(), interval=0.01, dead_after=1000)
    heard: asyncio.Queue[None] = asyncio.Queue()

    async def hear() -> None:
        heard.put_nowait(None)

    async def beats(times: int) -> None:
        for _ in range(times):
            await heard.get()

    with capture_logs() as lines:
        await node.start()
        node.errands["hear"] = hear
        await beats(1)
        store.judges = False
        await beats(4)
        assert metrics.store_available
        store.judges = True
        await beats(2)
        await node.stop(1.0)
    # A busy machine may say more, of the heartbeat itself.
    told = [(line["log_level"], line["event"], line["errand"]) for line in lines if "errand" in line]
    assert told == [
        ("warning", "errand of the heartbeat fails", "close dead nodes"),
        ("info", "errand of the heartbeat succeeds again", "close dead nodes"),
    ]


async def test_an_errand_that_is_added_while_others_are_run_stops_no_heart(store: FailingStore) -> None:
    node = Node(cast(Store, store), Metrics(), RecordClock(), interval=0.01, dead_after=1000)
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await goes_on.wait()

    await node.start()
    node.errands["slow"] = slow
    await begun.wait()
    node.errands["late"] = slow
    goes_on.set()
    await store.beat(True, times=3)
    await node.stop(1.0)


async def test_after_a_silence_others_take_for_death_the_stays_are_to_be_recorded_anew(
    store: FailingStore,
) -> None:
    node = Node(cast(Store, store), Metrics(), RecordClock(), interval=0.01, dead_after=0.05)
    revivals: asyncio.Queue[None] = asyncio.Queue()
    node.on_revived = lambda: revivals.put_nowait(None)
    await node.start()
    store.down = True
    await store.beat(False)
    while not revivals.empty():  # a busy machine is silent by itself now and then
        revivals.get_nowait()
    await store.beat(False, times=7)  # which takes at least six intervals
    assert revivals.empty()
    store.down = False
    async with asyncio.timeout(10):
        await revivals.get()
    await node.stop(1.0)


async def test_a_stop_closes_the_nodes_stays_at_the_time_it_is_given(store: FailingStore) -> None:
    record = RecordClock()
    node = Node(cast(Store, store), Metrics(), record)
    await node.start()
    script = Script(store.real)
    await script.join("ann", 1000.0, node=node.id)
    await script.join("bob", 1000.0, node="n_other")
    now = clock.monotonic()
    await node.stop(now)
    await node.stop(now + 100.0)
    (of_ann,), (of_bob,) = await script.stays("ann"), await script.stays("bob")
    assert (of_ann.left_at, of_ann.reason, of_ann.estimated) == (record.at(now), "lost", False)
    assert of_bob.left_at is None


@pytest.mark.parametrize("by", [-3600.0, 3600.0])
async def test_a_clock_that_was_set_is_told_once_and_nobody_is_judged_by_it_for_a_while(
    store: FailingStore, by: float
) -> None:
    record = RecordClock()
    node = Node(cast(Store, store), Metrics(), record, interval=0.01, dead_after=1000.0)
    told: asyncio.Queue[float] = asyncio.Queue()
    node.on_clock_set = told.put_nowait
    with capture_logs() as lines:
        await node.start()
        store.ahead = by
        async with asyncio.timeout(10):
            assert await told.get() == pytest.approx(by, abs=0.5)
        judged = len(store.judged)
        await store.beat(True, times=3)
        await node.stop(clock.monotonic())
    assert told.empty()
    assert len(store.judged) == judged, "those that live have not all beaten by the clock as it goes now"
    assert store.beaten_at[-1] - store.beaten_at[0] == pytest.approx(by, abs=5.0)
    warnings = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert warnings.count("the clock was set, stays that go on keep their length") == 1


async def test_nodes_whose_machines_clocks_differ_write_the_same_time_and_take_nobody_for_dead(
    store: FailingStore,
) -> None:
    """Nodes judge each other by the store's clock, whatever their own clocks show."""
    store.ahead = 3600.0
    node = Node(cast(Store, store), Metrics(), RecordClock())
    await node.start()
    assert store.beaten_at[0] - time.time() == pytest.approx(3600.0, abs=5.0)
    assert store.judged[0][0] - store.beaten_at[0] == pytest.approx(-DEAD_AFTER)
    await node.stop(clock.monotonic())


async def test_a_node_that_died_before_the_clock_was_set_back_is_found_dead(store: FailingStore) -> None:
    script = Script(store.real)
    ahead = time.time() + 3600.0
    await store.real.heartbeat("n_dead", ahead)
    await script.join("ann", ahead - 60.0, node="n_dead")
    node = Node(cast(Store, store), Metrics(), RecordClock(), interval=0.01, dead_after=0.1)
    await node.start()
    (stay,) = await script.stays("ann")
    assert stay.left_at is None, "it may live, and not have noticed yet"
    async with asyncio.timeout(10):
        while not any(ahead_of is not None for _, ahead_of in store.judged):
            await store.beat(True)
        await store.beat(True)
    await node.stop(clock.monotonic())
    (stay,) = await script.stays("ann")
    assert (stay.left_at, stay.reason, stay.estimated) == (ahead, "lost", True)
