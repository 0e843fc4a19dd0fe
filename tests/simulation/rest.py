"""When a simulated meeting has come to rest: nothing is going on, and the record agrees with the rooms."""

from __future__ import annotations

from asyncio import sleep
from typing import TYPE_CHECKING

from tests.simulation import store_checks

if TYPE_CHECKING:
    from tests.simulation.world import World


def restless(world: World) -> str:
    """What is still going on; empty when nothing is."""
    server = world.server
    if server is None:
        return "no server listens"
    if busy := world.busy():
        return busy
    if world.admin.is_busy:
        return "the admin is not done"
    live = [page for page in world.pages() if page.is_live]
    for page in live:
        if page.client.phase not in {"joined", "knocking"}:
            return f"{page.name} is {page.client.phase}"
        if page.client.membership.unanswered and not page.is_knocking:
            return f"{page.name} waits for answers to {page.client.membership.unanswered} commands"
        if page.link is None or page.link.is_dead or not page.link.is_quiet:
            return f"{page.name}'s connection is dead or busy"
    connections = sum(each.gateway.connections for each in world.servers if each.listening)
    if connections != len(live):
        return f"the server has {connections} connections, there are {len(live)} pages"
    if any(member.connection is None for room in server.hub.rooms.values() for member in room):
        return "someone is away"
    if server.gateway.joins:
        return "joins are under way"
    asks_again = server.gateway._joining._held.ask_again
    if any(handle.callback == asks_again for handle in world.loop.waiting()):
        return "a join is to be asked for again"
    if server.hub.keeps_back:
        return "something is still to be told"
    if server.changes.count:
        return f"{server.changes.count} changes are not recorded"
    if server.gateway.hands.count:
        return f"{server.gateway.hands.count} hands are not recorded"
    if not world.was_hindered and any(each.told_twice for each in world.servers):
        return "a command was told that was recorded before"
    if any(room.is_wrong for room in server.hub.rooms.values()):
        return "what was refused is not put right"
    if server.writer.count:
        return f"{server.writer.count} entries are not recorded"
    if others := store_checks.open_stays_elsewhere(world.store.connection, server.node.id):
        return f"stays are open under a server that is gone: {others}"
    present = sorted(member.user_id for room in server.hub.rooms.values() for member in room)
    if (stays := store_checks.open_stays(world.store.connection)) != present:
        return f"the stays of {stays} are open in the record, {present} are there"
    return ""


async def come_to(world: World) -> None:
    """Longer than anything may take: a dead socket, a server that was killed unseen, grace, a dead node."""
    longest = world.loop.time() + 3 * world.grace + 1.6 * world.heartbeat + 30
    # Whoever has written much while nothing was answered is let through at a pace.
    longest += 2.0 * max((page.client.membership.unanswered for page in world.pages()), default=0)
    while (going_on := restless(world)) and world.loop.time() < longest:  # noqa: ASYNC110 - anything may end it
        await sleep(0.5)
    if going_on:
        world.complain(f"it does not come to rest: {going_on}")
    world.say("all is quiet" if not going_on else "it is still not quiet")


def heal(world: World) -> None:
    """Nothing is in the way any more."""
    world.say("everything is well from now on")
    world.application.calm_down()
    world.calm_down()
    store = world.store
    store.away = store.hangs = store.forgets = store.loses = False
    world.downtime = min(world.downtime, 0.5)
    for person in world.people:
        person.wake_up()
        person.go_online()
        for page in person.pages:
            # Others have to find out by themselves.
            if page.is_live and page.is_put_away:
                page.run(page.client.hurry(person.now()))
