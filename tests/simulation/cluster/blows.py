"""What happens to nodes and to the engine that they share."""

from __future__ import annotations

import functools
from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from tests.simulation.cluster.node import NodeServer
from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.cluster.world import ClusterWorld

WARNINGS = {
    "the engine is away",
    "room lost to another node",
    "taken for dead by the others, sockets are closed",
    "entries of the inbox are lost",
    "the engine came back as another one",
    "the server stood still",
    "taken for dead perhaps, stays are recorded anew",
    "errand of the heartbeat fails",
}
"""What nodes say of it."""

Blow = Callable[[World], Awaitable[None]]


async def slow(world: ClusterWorld) -> None:
    usual, now = world.engine.latency, world.trouble.choice((0.1, 0.4, 0.9))
    world.say(f"the engine is slow: {now} s")
    world.engine.latency = now
    await sleep(world.trouble.choice((0.5, 2.0)))
    world.engine.latency = usual


async def swallow(world: ClusterWorld) -> None:
    """It carries out what it is told, and its answers are lost."""
    world.say("the engine's answers are lost")
    world.engine.swallows = True
    await sleep(world.trouble.choice((0.05, 0.5, 1.5)))
    world.engine.swallows = False
    for server in world.listening:
        server.engine.break_connection()


async def go_away(world: ClusterWorld) -> None:
    world.say("the engine is away")
    world.engine.away = True
    await sleep(world.trouble.choice((0.3, 1.5, 4.0)))
    world.engine.away = False
    world.say("the engine is back")


async def suspend(world: ClusterWorld) -> None:
    if not world.listening:
        return
    server, seconds = world.trouble.choice(world.listening), world.trouble.choice((0.5, 1.5, 4.0))
    world.say(f"server {server.number} is stopped for {seconds} s")
    for link in server.links:
        link.fault()
    server.suspend()
    await sleep(seconds)
    world.say(f"server {server.number} goes on")
    server.go_on()


async def cut_off(world: ClusterWorld) -> None:
    if not world.listening:
        return
    server, seconds = world.trouble.choice(world.listening), world.trouble.choice((0.5, 1.5, 5.0))
    world.say(f"server {server.number} does not reach the engine for {seconds} s")
    world.cut_off_at.append(world.loop.time())
    server.engine.cut_off = True
    await sleep(seconds)
    server.engine.cut_off = False


async def restart(world: ClusterWorld) -> None:
    empty = world.trouble.random() < 0.5
    world.say(f"the engine starts again{', empty' if empty else ''}")
    world.engine.restart(empty=empty)


async def fail_over(world: ClusterWorld) -> None:
    lost = world.trouble.choice((0, 1, 3, 10))
    world.say(f"the engine's replica takes over, without the last {lost} writes")
    world.engine.fail_over(lost)


def _noted(blow: Callable[[ClusterWorld], Awaitable[None]]) -> Blow:
    @functools.wraps(blow)
    async def strike(world: World) -> None:
        here = cast("ClusterWorld", world)
        here.trouble_at.append(here.loop.time())
        await blow(here)

    return strike


BLOWS: dict[Blow, float] = {
    _noted(slow): 0.6,
    _noted(swallow): 0.6,
    _noted(go_away): 0.5,
    _noted(suspend): 0.8,
    _noted(cut_off): 0.5,
    _noted(restart): 0.3,
    _noted(fail_over): 0.3,
}


def heal(world: ClusterWorld) -> None:
    engine = world.engine
    engine.away = engine.swallows = False
    engine.latency = min(engine.latency, 0.02)
    for server in world.servers:
        if isinstance(server, NodeServer) and not server.killed:
            server.engine.cut_off = False
            server.go_on()
            server.engine.break_connection()
