"""Nodes that stop while people talk, and what of it they see."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tests.process import ServerProcess
from tests.server.pages import Page, together
from tests.server.proxy import Proxy
from tests.server.sharing.nodes import Nodes

ROOM = "ROLLING"
PAUSE = 0.01
"""Seconds between two signals of a person."""


class Talk:
    """Everyone sends numbered signals to everyone else."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages
        self._said = dict.fromkeys(pages, 0)
        self._is_over = False

    async def _speak(self, page: Page) -> None:
        for number in itertools.count(1):
            if self._is_over:
                return
            for other in self._pages:
                if other is not page:
                    page.signal(other.id, [page.id, number])
            self._said[page] = number
            await asyncio.sleep(PAUSE)

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """In the end everyone has heard everything, once and in order."""
        async with asyncio.TaskGroup() as group:
            for page in self._pages:
                group.create_task(self._speak(page))
            yield
            self._is_over = True
        for page in self._pages:
            expected = {other.id: self._said[other] for other in self._pages if other is not page}
            await _has_heard(page, sum(expected.values()))
            heard: dict[str, list[Any]] = {other: [] for other in expected}
            for who, number in page.signals():
                heard[who].append(number)
            assert heard == {other: list(range(1, last + 1)) for other, last in expected.items()}
            await page.settles(lambda _: True)


async def _has_heard(page: Page, signals: int) -> None:
    await page.sees(lambda: len(page.signals()) >= signals)


def ways_to(servers: Sequence[ServerProcess]) -> Sequence[Proxy]:
    return [Proxy(server.port) for server in servers]


async def test_a_node_that_stops_hands_its_rooms_over(nodes: Nodes) -> None:
    """Those at other nodes notice nothing, and those of its own come back to the same room."""
    owner, other = await nodes.start(2, RECONVENE_MESSAGE_RATE="0")
    async with Proxy(owner.port) as way:
        at_owner = [Page(f"ws://127.0.0.1:{way.port}/ws", ROOM, f"Ann {n}") for n in range(2)]
        elsewhere = [Page(other.ws_url, ROOM, f"Bob {n}") for n in range(2)]
        async with together([at_owner[0]], 1), together([*at_owner[1:], *elsewhere], 4):
            async with Talk([*at_owner, *elsewhere]).going_on():
                way.target = other.port
                assert await owner.stop() == 0
                await asyncio.gather(*(page.hears("resumed") for page in at_owner))
            for page in (*at_owner, *elsewhere):
                assert not page.unsettling()
                assert not any("snapshot" in each.detail for each in page.heard if each.name == "resumed")
            assert [page.count("away") for page in elsewhere] == [0, 0]
    assert owner.lines("room given to another node", meeting=ROOM)
    assert other.lines("room taken over", meeting=ROOM, same_epoch=True)
    assert not [line for server in (owner, other) for line in server.logs if line["level"] == "error"]


async def test_all_nodes_are_stopped_and_started_one_after_the_other(nodes: Nodes) -> None:
    servers = await nodes.start(2, RECONVENE_MESSAGE_RATE="0")
    ways = ways_to(servers)
    async with ways[0], ways[1]:
        urls = [f"ws://127.0.0.1:{way.port}/ws" for way in ways]
        pages = [Page(urls[n % 2], ROOM, f"Ann {n}") for n in range(4)]
        async with together([pages[0]], 1), together(pages[1:], 4):
            async with Talk(pages).going_on():
                for number, server in enumerate((*servers, servers[0])):
                    others = [way for way in ways if way.target == server.port]
                    for way in others:
                        way.target = servers[(number + 1) % 2].port
                    assert await server.stop() == 0
                    gone = [page for page in pages if not page.is_joined]
                    await asyncio.gather(*(page.joined() for page in gone))
                    await server.start()
            for page in pages:
                assert not page.unsettling()
                assert not any("snapshot" in each.detail for each in page.heard if each.name == "resumed")
