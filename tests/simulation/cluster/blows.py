"""What happens to nodes and to the engine that they share."""

from __future__ import annotations

import math
from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.simulation.clock import lots
from tests.simulation.cluster.node import LEASE, NodeServer

if TYPE_CHECKING:
    from tests.simulation.cluster.world import ClusterWorld

WARNINGS = {
    "the engine is away",
    "this node alone does not reach the engine, sockets are closed",
    "room lost to another node",
    "taken for dead by the others, sockets are closed",
    "entries of the inbox are lost",
    "the engine came back as another one",
    "the server stood still",
    "taken for dead perhaps, stays are recorded anew",
    "errand of the heartbeat fails",
}
"""What nodes say of it."""

WENT_BACK = "the engine has lost what was committed"
"""What they say when it did, and did not tell."""

LONG = 14.0
"""Seconds after which a node that is cut off alone has no sockets any more."""

Blow = Callable[["ClusterWorld"], Awaitable[None]]


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
    await _suspend(world, world.trouble.choice(world.listening), world.trouble.choice((0.5, 1.5, 4.0)))


async def _suspend(world: ClusterWorld, server: NodeServer, seconds: float) -> None:
    world.say(f"server {server.number} is stopped for {seconds} s")
    for link in server.links:
        link.fault()
    server.suspend()
    if seconds >= LEASE:
        world.suspended_at.append(world.loop.time())
    await sleep(seconds)
    world.say(f"server {server.number} goes on")
    server.go_on()


async def cut_off(world: ClusterWorld) -> None:
    if not world.listening:
        return
    server, seconds = world.trouble.choice(world.listening), world.trouble.choice((0.5, 1.5, LONG))
    world.say(f"server {server.number} does not reach the engine for {seconds} s")
    server.engine.cut_off = True
    if await _lasts(world, seconds):
        _sends_its_people_elsewhere(world, server)
    server.engine.cut_off = False


async def _lasts(world: ClusterWorld, seconds: float) -> bool:
    """Whether it was long, and nothing else hindered."""
    hindered = False
    for second in range(math.ceil(seconds)):
        world.cut_off_at.append(world.loop.time())
        world.trouble_at.append(world.loop.time())
        await sleep(min(1.0, seconds - second))
        store, others = world.store, [each for each in world.listening if each.cluster.membership.is_well]
        hindered = hindered or not others or store.away or store.hangs or store.forgets
    return seconds == LONG and not hindered


def _sends_its_people_elsewhere(world: ClusterWorld, server: NodeServer) -> None:
    still_there = [each for each in server.cluster.edge.connections.values() if not each.closing]
    if server.listening and not server.stopped and still_there:
        world.complain(f"server {server.number} was cut off alone, and kept its sockets")


async def restart(world: ClusterWorld) -> None:
    empty = world.trouble.random() < 0.5
    world.say(f"the engine starts again{', empty' if empty else ''}")
    world.engine.restart(empty=empty)


async def fail_over(world: ClusterWorld) -> None:
    lost = world.trouble.choice((0, 1, 3, 10))
    world.say(f"the engine's replica takes over, without the last {lost} writes")
    world.losses += [world.loop.time()] if lost else []
    world.engine.fail_over(lost)


async def deploy(world: ClusterWorld) -> None:
    """The owner of the room, or another node, or all of them one after the other."""
    servers = world.trouble.choice((world.owners, world.listening, world.listening))
    for server in servers if world.trouble.random() < 0.2 else servers[:1]:
        if server.listening:
            world.drain_server(server, world.trouble.choice((0.2, 1.0)))
            await server.ended.wait()
        await sleep(1.5)


async def kill(world: ClusterWorld) -> None:
    world.kill_server(world.trouble.choice((0.2, 1.0, 4.0)))


HINDERS: dict[Blow, float] = {
    slow: 0.6,
    swallow: 0.6,
    go_away: 0.5,
    suspend: 0.8,
    cut_off: 0.5,
    restart: 0.3,
    fail_over: 0.3,
}
OTHERS: dict[Blow, float] = {kill: 0.8, deploy: 1.0}


async def blow(world: ClusterWorld) -> None:
    """Without end. Each run has its own mood."""
    chance = world.trouble
    pace, weights = chance.choice((0.03, 0.1, 0.2)), HINDERS | OTHERS
    moods = [weight * chance.choice((0.0, 0.3, 1.0, 3.0)) + 1e-6 for weight in weights.values()]
    while True:
        await sleep(chance.expovariate(pace))
        strike = chance.choices(list(weights), moods)[0]
        if strike in HINDERS:
            world.trouble_at.append(world.loop.time())
        await strike(world)


async def go_back(world: ClusterWorld) -> None:
    """Without end, in some of the runs. Chance is its own, so that a run without is what it was."""
    chance = lots("an engine that goes back", world.seed)
    while world.may_go_back:
        await sleep(chance.expovariate(0.1))
        lost = chance.choice((1, 3, 10))
        world.say(f"the engine loses what was committed with the last {lost} writes, and does not tell")
        world.trouble_at.append(world.loop.time())
        world.losses.append(world.loop.time())
        world.engine.go_back(lost)


async def stop_with_hands(world: ClusterWorld) -> None:
    """Without end, in some of the runs: a node is stopped while it has hands to record, and wakes when others have
    them. Chance is its own."""
    chance = lots("nodes that stop with hands", world.seed)
    acts = chance.random() < 0.1
    while acts:
        await sleep(chance.expovariate(20.0))
        await _stop_unrecorded(world, lambda server: server.cluster.hands.count)


async def stop_with_messages(world: ClusterWorld) -> None:
    """The same with what was written in the chat, and the engine loses it meanwhile: only the node that wakes knows."""
    chance = lots("nodes that stop with messages", world.seed)
    acts = world.may_go_back and chance.random() < 0.5
    while acts:
        await sleep(chance.expovariate(20.0))
        if await _stop_unrecorded(world, lambda server: server.changes.count, loses=10):
            return


async def _stop_unrecorded(world: ClusterWorld, count: Callable[[NodeServer], int], loses: int = 0) -> bool:
    """Whether a node had something to record. The store is away just then: a call that is on its way would not wait for
    the node to wake."""
    store = world.store
    if not world.store_is_well or not any(count(each) for each in world.listening):
        return False
    world.store_failed = store.away = True
    world.outages.append((world.loop.time(), world.loop.time() + store.latency))
    await sleep(store.latency)
    stopped = [each for each in world.listening if count(each)][:1]
    for server in stopped:
        world.trouble_at.append(world.loop.time())
        world.loop.call_soon(setattr, store, "away", False)
        if loses:
            world.losses.append(world.loop.time())
            world.engine.go_back(loses)
        await _suspend(world, server, 6.0)
    store.away = False
    return bool(stopped)


def heal(world: ClusterWorld) -> None:
    engine = world.engine
    engine.away = engine.swallows = False
    engine.latency = min(engine.latency, 0.02)
    for server in world.servers:
        if isinstance(server, NodeServer) and not server.killed:
            server.engine.cut_off = False
            server.go_on()
            if world.trouble_at:
                server.engine.break_connection()
