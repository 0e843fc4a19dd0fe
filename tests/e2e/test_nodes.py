"""A call between two browsers whose servers are different nodes, one of which is killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from tests.databases.daemon import HOST
from tests.e2e import in_charge
from tests.e2e import test_chat as chat
from tests.e2e.browsers import BROWSERS, Browsers
from tests.e2e.person import Person, all_hear_and_watch, meet
from tests.process import ServerProcess
from tests.server.nginx import PASSING, Nginx
from tests.server.sharing.started import nodes_in

pytestmark = [pytest.mark.elsewhere, pytest.mark.only(browser="firefox", reason="it starts both itself")]


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[tuple[ServerProcess, ...]]:
    async with nodes_in(tmp_path) as nodes:
        yield tuple(await nodes.start(2))


@pytest.fixture
async def fronts(nodes: tuple[ServerProcess, ...]) -> AsyncIterator[tuple[Nginx, ...]]:
    """One for each node, which passes on to the other when its own is gone."""
    one, other = nodes
    async with (
        Nginx(one.port, PASSING, [f"{HOST}:{other.port} backup"]) as first,
        Nginx(other.port, PASSING, [f"{HOST}:{one.port} backup"]) as second,
    ):
        yield first, second


@pytest.fixture
async def pair(fronts: tuple[Nginx, ...], browsers: Browsers, people: list[Person]) -> list[Person]:
    """Two people, each with a browser and a node of their own."""
    for name, front in zip(BROWSERS, fronts, strict=True):
        context = await (await browsers.open(name)).new_context()
        people.append(await Person.arrive(context, name.capitalize(), front.url))
    return people


@pytest.mark.parametrize("dies", ["the owner", "the other"])
async def test_a_call_over_two_nodes_goes_on_when_one_is_killed(
    pair: list[Person], nodes: tuple[ServerProcess, ...], meeting: str, dies: str
) -> None:
    """The room is at the node of whoever came first. Nobody sees anybody leave, and picture and sound go on."""
    ada, bob = pair
    a, b = await meet(meeting, ada, bob)
    assert [await sockets(node) for node in nodes] == [1, 1]
    await all_hear_and_watch({a: ada, b: bob})
    await say(ada, bob, "before")

    await nodes[0 if dies == "the owner" else 1].kill()
    left = ada if dies == "the owner" else bob
    await left.hears("resumed")
    for person in pair:
        person.forgive_lost_sockets()
    await say(ada, bob, "after")
    await say(bob, ada, "after it")
    await in_charge.choose(ada, bob.name, "Turn off microphone")
    await bob.told("turned off your microphone")
    await ada.sees(b, audio="off", state="connected")
    await bob.watches_on(a)
    for person in pair:
        assert not person.events("participant_left")
        assert await person.peer_connections() == 1


async def sockets(node: ServerProcess) -> int:
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{node.url}/metrics")).text
    (count,) = [line.split()[1] for line in metrics.splitlines() if line.startswith("reconvene_connections ")]
    return int(float(count))


async def say(one: Person, other: Person, text: str) -> None:
    for person in (one, other):
        if not await chat.panel(person).is_visible():
            await person.press("Chat")
    await chat.send(one, text)
    await expect(chat.texts(other).last).to_have_text(text)
