"""What is done to a cluster while people talk."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.chaos.cluster import Cluster, Node

AFTER = 8.0
"""Seconds after a blow until the next: longer than the longest pause that is promised."""
TOGETHER = 5
"""So many nodes are killed before everybody is back."""


@dataclass
class Stage:
    """`is_small`: a blow of each kind, and no more. `all_back`: wait until everybody is, with an end."""

    cluster: Cluster
    chance: random.Random
    say: Callable[[str], None]
    is_small: bool
    all_back: Callable[[], Awaitable[bool]]

    def times(self, count: int) -> range:
        return range(1, 2 if self.is_small else count + 1)

    async def after(self) -> None:
        await asyncio.sleep(AFTER)


@dataclass(frozen=True)
class Act:
    """`is_whole`: everybody misses nothing, and nobody has to begin with a snapshot. `divides`: it needs networks of
    our own."""

    run: Callable[[Stage], Awaitable[None]]
    is_whole: bool = True
    divides: bool = False

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def told(self) -> str:
        return (self.run.__doc__ or "").splitlines()[0]


async def kills(stage: Stage) -> None:
    """kill -9 of random nodes, and of all but one at times"""
    async with asyncio.TaskGroup() as restarts:
        count = 2 if stage.is_small else 50
        for number in range(1, count + 1):
            while len(stage.cluster.up) < 2:  # noqa: ASYNC110 - as an operator looks
                await asyncio.sleep(0.1)
            node = stage.chance.choice(stage.cluster.up)
            stage.say(f"kill -9 {number} of {count}: node {node.number}")
            await node.kill()
            restarts.create_task(_start_after(stage.chance.choice((0.2, 2.0)), node))
            await asyncio.sleep(stage.chance.choice((0.2, 1.5, 5.0)))
            if number % TOGETHER == 0:
                await stage.all_back()
    await stage.after()


async def _start_after(seconds: float, node: Node) -> None:
    await asyncio.sleep(seconds)
    await node.start()


async def zombies(stage: Stage) -> None:
    """SIGSTOP of a random node for 10 s, and SIGCONT: it was taken for dead meanwhile"""
    for _ in stage.times(3):
        node = stage.chance.choice(stage.cluster.up)
        stage.say(f"node {node.number} is stopped for 10 s")
        node.signal(signal.SIGSTOP)
        await asyncio.sleep(10)
        stage.say(f"node {node.number} goes on")
        node.signal(signal.SIGCONT)
        await stage.after()


async def engine_killed(stage: Stage) -> None:
    """The engine is killed, and started with its AOF"""
    for _ in stage.times(3):
        await _restart(stage, stage.chance.choice((0.2, 1.0, 4.0)))


async def engine_emptied(stage: Stage) -> None:
    """The engine is killed, and started empty"""
    for _ in stage.times(3):
        await _restart(stage, stage.chance.choice((0.2, 1.0, 4.0)), empty=True)


async def engine_away(stage: Stage) -> None:
    """The engine is away for a minute, for all"""
    await _restart(stage, 10.0 if stage.is_small else 60.0)


async def _restart(stage: Stage, seconds: float, *, empty: bool = False) -> None:
    engine = stage.cluster.engine
    stage.say(f"the engine is killed for {seconds} s{', and forgets everything' if empty else ''}")
    await engine.kill()
    if empty:
        engine.forget()
    await asyncio.sleep(seconds)
    await engine.start()
    stage.say("the engine is back")
    await stage.after()


async def rolling(stage: Stage) -> None:
    """All nodes are stopped and started, one after the other"""
    for _ in stage.times(2):
        for node in stage.cluster.nodes:
            stage.say(f"node {node.number} is told to stop")
            await node.stop()
            await node.start()
            await asyncio.sleep(1.0)


async def cut_from_the_engine(stage: Stage) -> None:
    """What a node and the engine send each other is dropped for 20 s"""
    for _ in stage.times(3):
        node, ports = stage.chance.choice(stage.cluster.up), _ports(stage)
        assert node.site is not None
        stage.say(f"node {node.number} does not reach the engine")
        for port in ports:
            await node.site.drop(port)
        await asyncio.sleep(20)
        for port in ports:
            await node.site.pass_again(port)
        stage.say(f"node {node.number} reaches the engine again")
        await stage.after()


def _ports(stage: Stage) -> list[int]:
    return [stage.cluster.engine.port, stage.cluster.sentinel.port]


async def unplugged(stage: Stage) -> None:
    """A node's network is down for 15 s"""
    for _ in stage.times(3):
        node = stage.chance.choice(stage.cluster.up)
        assert node.site is not None
        stage.say(f"node {node.number} is unplugged")
        await node.site.unplug()
        await asyncio.sleep(15)
        await node.site.plug_in()
        stage.say(f"node {node.number} is plugged in")
        await stage.after()


async def failover(stage: Stage) -> None:
    """The engine dies, and Sentinel takes a replica that was cut off a second before"""
    await _fail_over(stage)


async def failover_and_death(stage: Stage) -> None:
    """The same, and a node dies with the engine: of its rooms the last writes are nowhere"""
    await _fail_over(stage, stage.chance.choice(stage.cluster.up))


async def _fail_over(stage: Stage, also: Node | None = None) -> None:
    cluster = stage.cluster
    await cluster.start_replica()
    await asyncio.sleep(1)
    stage.say("the replica is cut off from its primary")
    await cluster.part_replica()
    await asyncio.sleep(1)
    stage.say(f"the engine is killed{f', and node {also.number}' if also else ''}")
    await cluster.engine.kill()
    if also is not None:
        await also.kill()
    await cluster.promoted()
    stage.say("the replica is the primary")
    await cluster.part_replica(again=True)
    cluster.engine = cluster.replica
    if also is not None:
        await also.start()
    await stage.after()


ACTS = [
    Act(kills),
    Act(zombies),
    Act(rolling),
    Act(engine_killed, is_whole=False),
    Act(engine_emptied, is_whole=False),
    Act(engine_away, is_whole=False),
    Act(cut_from_the_engine, divides=True),
    Act(unplugged, divides=True),
    Act(failover, is_whole=False),
    Act(failover_and_death, is_whole=False),
]
