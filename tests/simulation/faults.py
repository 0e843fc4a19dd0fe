"""What happens to everyone: links, the server, the store."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.simulation.network import Link
from tests.simulation.page import Page

if TYPE_CHECKING:
    from tests.simulation.world import World

Blow = Callable[["World"], Awaitable[None]]


def _link(world: World) -> tuple[Page, Link] | None:
    links = [(page, page.link) for page in world.pages() if page.is_live and page.link is not None]
    return world.chance.choice(links) if links else None


async def cut(world: World) -> None:
    if found := _link(world):
        page, link = found
        page_hears, server_hears = world.chance.choice(((True, True), (True, False), (False, True)))
        unheard = (
            "" if page_hears and server_hears else f", unheard by the {'server' if page_hears else 'page'}"
        )
        world.say(f"{page.name}'s link is cut{unheard}")
        link.cut(page_hears=page_hears, server_hears=server_hears)


async def stall(world: World) -> None:
    if found := _link(world):
        page, link = found
        seconds = world.chance.choice((0.3, 1.5, 4.0, 12.0))
        up, down = world.chance.choice(((True, True), (True, False), (False, True)))
        which = "" if up and down else " to the server" if up else " to the page"
        world.say(f"{page.name}'s link{which} stalls for {seconds} s")
        link.stall(seconds, up=up, down=down)


async def vanish(world: World) -> None:
    if found := _link(world):
        page, link = found
        world.say(f"{page.name}'s link is half-open")
        link.vanish()


async def kill_server(world: World) -> None:
    world.kill_server(world.chance.choice((0.1, 0.5, 2.0, 6.0)))


async def stop_server(world: World) -> None:
    world.stop_server(world.chance.choice((0.1, 0.5, 2.0)))


async def break_store(world: World) -> None:
    store, chance = world.store, world.chance
    how = chance.choice(("away", "forgets", "hangs", "loses"))
    world.say(f"the store {'is away' if how == 'away' else how}")
    world.store_failed = True
    setattr(store, how, True)
    seconds = chance.choice((0.3, 2.0, 7.0))
    world.outages.append((world.loop.time(), world.loop.time() + seconds))
    await sleep(seconds)
    setattr(store, how, False)
    world.say("the store is well again")


async def set_the_clock(world: World) -> None:
    """The server's, and with it the store's."""
    if world.store_is_well and world.server is not None:
        world.set_clock(world.chance.choice((-3600.0, -600.0, 600.0, 3600.0)))


async def end_meeting(world: World) -> None:
    """Not often, and not early: little happens after it."""
    is_late = world.loop.time() > world.length * 0.7
    if world.chance.random() < 0.2 and is_late and world.ended_at is None and world.is_settled:
        await world.end_meeting()


BLOWS: dict[Blow, float] = {
    cut: 3.0,
    stall: 2.0,
    vanish: 1.5,
    kill_server: 1.0,
    stop_server: 0.7,
    break_store: 0.8,
    set_the_clock: 0.3,
    end_meeting: 0.3,
}


async def blow(world: World) -> None:
    """Without end."""
    while True:
        await sleep(world.chance.expovariate(world.roughness))
        await world.pick_blow()(world)
