"""A node among others, over the engine in memory, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import pytest

from server.cluster.engine.errors import EngineRefused, EngineUnavailable
from server.cluster.engine.one_format import Formats
from server.runtime import clock
from server.sharing.membership import Membership
from tests.engines.memory import MemoryEngine
from tests.engines.memory_server import MemoryServer
from tests.engines.space import Space
from tests.simulation.clock import VirtualLoop

LEASE = 4.0

REFUSAL = r"nodes of Reconvene 0\.9\.0 use it \((ann|bob) on here\).* start the release that they have"


class Ears:
    """What the rest of a node is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def entries(self, bodies: Sequence[bytes]) -> None:
        self.told += [body.decode() for body in bodies]

    def gap(self) -> None:
        self.told.append("gap")

    def unsent(self) -> None:
        self.told.append("unsent")

    def gone(self, node: str) -> None:
        self.told.append(f"gone {node}")

    def orphans(self, node: str, rooms: Sequence[str]) -> None:
        self.told.append(f"orphans of {node}: {' '.join(rooms)}")

    def another_engine(self) -> None:
        self.told.append("another engine")

    def was_buried(self) -> None:
        self.told.append("buried")

    def owned(self) -> Sequence[str]:
        return []


class Nodes:
    def __init__(self) -> None:
        self.server = MemoryServer(Space(lease=LEASE, settling=1.0))
        self.ears = {name: Ears() for name in ("ann", "bob")}
        self.engines = {name: MemoryEngine(self.server) for name in self.ears}
        self.members = {name: Membership(self.engines[name], name, self.ears[name]) for name in self.ears}

    async def start(self) -> None:
        for member in self.members.values():
            await member.start()
        await asyncio.sleep(2)
        assert list(self.members["ann"].others) == ["bob"]

    def dies(self, name: str) -> None:
        self.engines[name].is_dead = True
        for task in self.members[name]._tasks:
            task.cancel()


def play(monkeypatch: pytest.MonkeyPatch, story: Callable[[Nodes], Awaitable[None]]) -> None:
    loop = VirtualLoop()
    monkeypatch.setattr(clock, "monotonic", loop.time)

    async def told() -> None:
        nodes = Nodes()
        await nodes.start()
        await story(nodes)
        tasks = [task for member in nodes.members.values() for task in member._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    loop.run_until_complete(told())
    loop.close()


def test_whoever_stops_beating_is_gone_and_leaves_its_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(nodes: Nodes) -> None:
        await nodes.engines["bob"].take("ABC-DEF", "bob")
        nodes.dies("bob")
        await asyncio.sleep(LEASE + 2)
        assert nodes.ears["ann"].told[0] == "gone bob"
        assert set(nodes.ears["ann"].told[1:]) == {"orphans of bob: ABC-DEF"}
        assert list(nodes.members["ann"].others) == []

    play(monkeypatch, story)


def test_what_a_node_understands_it_says_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(nodes: Nodes) -> None:
        ann = nodes.members["ann"]
        assert [ann.hears_reads(node) for node in ("ann", "bob", "nobody")] == [True, True, False]
        earlier = MemoryEngine(nodes.server)
        await earlier.open()
        await earlier.open_inbox("earlier")
        await earlier.beat("earlier", b'{"wire":1,"state":1}', [])
        await asyncio.sleep(1.5)
        assert "earlier" in ann.others
        assert not ann.hears_reads("earlier")

    play(monkeypatch, story)


def test_an_outage_of_the_engine_is_nobodys_death(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it was, and whoever is back first: the others need time to say that they live."""

    async def story(nodes: Nodes) -> None:
        nodes.engines["bob"].cut_off = nodes.server.away = True
        await asyncio.sleep(3 * LEASE)
        nodes.server.away = False
        await asyncio.sleep(LEASE / 2)
        nodes.engines["bob"].cut_off = False
        await asyncio.sleep(2 * LEASE)
        assert not [each for each in nodes.ears["ann"].told if each.startswith(("gone", "orphans"))]
        assert list(nodes.members["ann"].others) == ["bob"]
        assert "buried" not in nodes.ears["bob"].told
        # What they had said to each other may be lost.
        assert "unsent" in nodes.ears["ann"].told

    play(monkeypatch, story)


@pytest.mark.parametrize("formats", [Formats(2, 1), Formats(1, 2)])
def test_whoever_does_not_understand_the_others_does_not_start(
    monkeypatch: pytest.MonkeyPatch, formats: Formats
) -> None:
    """Neither a newer release beside an older one, nor that beside the newer."""

    async def story(nodes: Nodes) -> None:
        cem = Membership(MemoryEngine(nodes.server), "cem", Ears())
        cem.secrets, theirs = ["a fingerprint"], cem.formats
        for member in nodes.members.values():
            member.about = lambda: {"version": "0.9.0", "host": "here"}
        for they_write, i_write in ((formats, theirs), (theirs, formats)):
            cem.formats = i_write
            for member in nodes.members.values():
                member.formats = they_write
            await asyncio.sleep(2)
            with pytest.raises(EngineRefused, match=REFUSAL):
                await cem.start()
        # It has not disturbed them.
        assert [node.id for node in (await nodes.engines["ann"].look()).nodes] == ["ann", "bob"]

    play(monkeypatch, story)


def test_an_engine_that_refuses_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(nodes: Nodes) -> None:
        async def beat(*_: object) -> NoReturn:
            raise EngineRefused("NOPERM")

        with monkeypatch.context() as refusing:
            refusing.setattr(nodes.engines["bob"], "beat", beat)
            await asyncio.sleep(2)
            assert not nodes.members["bob"].is_well
        await asyncio.sleep(2)
        assert nodes.members["bob"].is_well

    play(monkeypatch, story)


@pytest.mark.parametrize("failing", [0, 2])
def test_whoever_was_buried_goes_on_under_another_name(monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    """Even if the inbox of that name cannot be opened at first."""

    async def story(nodes: Nodes) -> None:
        opens, engine = nodes.engines["bob"].open_inbox, nodes.engines["bob"]
        refusals = iter([EngineUnavailable("no answer")] * failing)

        async def open_inbox(node: str) -> None:
            for refusal in refusals:
                raise refusal
            await opens(node)

        monkeypatch.setattr(engine, "open_inbox", open_inbox)
        await nodes.engines["bob"].take("ABC-DEF", "bob")
        nodes.engines["bob"].cut_off = True
        await asyncio.sleep(LEASE + 2)
        await nodes.engines["ann"].take("ABC-DEF", "ann")
        nodes.engines["bob"].cut_off = False
        await asyncio.sleep(2)
        assert nodes.ears["bob"].told.count("buried") == 1
        assert nodes.members["bob"].id != "bob"
        await asyncio.sleep(2)
        assert list(nodes.members["ann"].others) == [nodes.members["bob"].id]
        nodes.members["ann"].post([nodes.members["bob"].id], b"hello")
        await asyncio.sleep(2)
        assert "hello" in nodes.ears["bob"].told

    play(monkeypatch, story)


@pytest.mark.parametrize("lives", [True, False])
def test_an_engine_that_comes_back_empty_does_not_hide_the_dead(
    monkeypatch: pytest.MonkeyPatch, lives: bool
) -> None:
    """Whoever lives says so within a lease."""

    async def story(nodes: Nodes) -> None:
        if not lives:
            nodes.dies("bob")
        nodes.server.restart(empty=True)
        await asyncio.sleep(LEASE - 1)
        assert list(nodes.members["ann"].others) == ["bob"]
        await asyncio.sleep(3)
        assert list(nodes.members["ann"].others) == ["bob"] * lives
        assert nodes.ears["ann"].told.count("gone bob") == (not lives)

    play(monkeypatch, story)


def test_what_time_it_is_at_an_engine_that_is_far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(nodes: Nodes) -> None:
        nodes.server.ahead, nodes.server.latency = 100.0, 0.5
        await asyncio.sleep(3)
        assert nodes.members["ann"].at() == pytest.approx(nodes.server.now(), abs=0.01)

    play(monkeypatch, story)
