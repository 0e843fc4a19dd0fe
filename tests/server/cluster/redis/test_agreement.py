"""The scripts do what the engine in memory does, by which the small model goes: whatever is called, in any order."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from server.cluster.engine.engine import Engine
from server.cluster.engine.records import (
    Beaten,
    Commit,
    Committed,
    Entry,
    Head,
    Held,
    Ownership,
    RoomState,
    Taken,
)
from server.cluster.redis import keys
from server.cluster.redis.redis_engine import RedisEngine
from tests.engines.memory import MemoryEngine
from tests.engines.memory_server import MemoryServer
from tests.engines.servers import EngineServer, valkey_program
from tests.engines.space import Space

SEEDS = 25
CALLS = 80
NODES = ("n_1", "n_2", "n_3")
ROOMS = ("ONE", "TWO")
FIRST_TERM = 10**6


class Side:
    """One of the two engines. Terms are numbered in the order of their takes, since each goes by its own clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.incarnation = ""
        self.terms: list[int] = []

    def term(self, number: int) -> int:
        return self.terms[number] if number < len(self.terms) else FIRST_TERM + number

    def told(self, answer: Any) -> Any:
        """The answer, with the numbers of terms in place of them."""
        if isinstance(answer, Taken):
            previous = self._number(answer.previous_term)
            self.terms.append(answer.head.term)
            return replace(answer, previous_term=previous, head=self.told(answer.head))
        if isinstance(answer, Head | Held):
            return replace(answer, term=self._number(answer.term))
        if isinstance(answer, Beaten):
            return [(node.id, node.about) for node in sorted(answer.nodes, key=lambda node: node.id)]
        if isinstance(answer, RoomState):
            return replace(answer, entries=list(answer.entries))
        return (
            sorted(answer) if isinstance(answer, list) and answer and isinstance(answer[0], str) else answer
        )

    def _number(self, term: int) -> int:
        """A dropped room remembers the term behind its last."""
        if term in self.terms:
            return self.terms.index(term)
        return -1 - self.terms.index(term - 1) if term - 1 in self.terms else term


@pytest.fixture(scope="module")
async def valkey() -> AsyncIterator[EngineServer]:
    async with EngineServer(valkey_program()) as server:
        yield server


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_both_answer_the_same(seed: int, valkey: EngineServer) -> None:
    await valkey.do("FLUSHALL")
    memory = MemoryServer(Space(settling=0.0))
    sides = [Side(MemoryEngine(memory)), Side(RedisEngine(valkey.url, settling=0.0))]
    for side in sides:
        await side.engine.open()
        side.incarnation = await side.engine.connected()
        await side.engine.open_inbox("n_1")
    chance = random.Random(seed)  # noqa: S311 - nothing to guess here
    history: list[str] = []
    known: dict[str, tuple[int, int, int, str]] = {}
    for _ in range(CALLS):
        if chance.random() < 0.08:
            node = chance.choice(NODES)
            memory.space.nodes.pop(node, None)
            await valkey.do("DEL", keys.node(node))
            history.append(f"the lease of {node} is over")
            continue
        call = some_call(chance, known)
        answers = [side.told(await call.of(side)) for side in sides]
        history.append(f"{call} → {answers[0]}")
        assert answers[0] == answers[1], "\n".join(history)
        call.learn(answers[0], known, len(sides[0].terms) - 1)
    for room in ROOMS:
        ends = [side.told(await side.engine.load(room)) for side in sides]
        assert ends[0] == ends[1], "\n".join(history)
    await sides[1].engine.close()


class Call:
    """`own`: number of the term, revision, seq and epoch of the room, as the caller believes."""

    def __init__(self, name: str, room: str, node: str, own: tuple[int, int, int, str], some: int) -> None:
        self.name = name
        self.room = room
        self.node = node
        self.own = own
        self.some = some

    def __str__(self) -> str:
        return f"{self.name} {self.room} {self.node} {self.own} {self.some}"

    async def of(self, side: Side) -> Any:
        engine = side.engine
        term, revision, seq, epoch = self.own
        own = Ownership(self.room, self.node, side.term(term), epoch, revision)
        match self.name:
            case "take":
                return await engine.take(self.room, self.node)
            case "give":
                return await engine.give(own, "n_1", b"yours")
            case "drop":
                return await engine.drop(own)
            case "confirm":
                return await engine.confirm(own)
            case "establish":
                entries = [Entry(at, b"%d" % at, 0.25) for at in range(max(seq - self.some, 0) + 1, seq + 1)]
                state = RoomState(seq, entries, {"p_1": b"in"}, {"sitting": b"%d" % self.some})
                return await engine.establish(own, state)
            case "commit":
                entries = [
                    Entry(seq + at, b"%d" % self.some, 0.5, "p_1") for at in range(1, self.some % 3 + 1)
                ]
                members = {f"p_{self.some % 3}": None if self.some % 2 else b"%d" % self.some}
                fields = {"sitting": b"%d" % self.some} if self.some == 3 else {}
                gone = [seq, seq - 2] if self.some == 3 and seq > 2 else []
                cut = max(seq - 3, 0) if self.some == 4 else 0
                what = entries, members, fields, (), gone, cut
                return await engine.commit(
                    Commit(self.room, own.term, revision, seq, side.incarnation, *what)
                )
            case "beat":
                return await engine.beat(self.node, b"%d" % self.some, [self.room])
            case "head":
                return await engine.head(self.room)
            case "log":
                return await engine.log(self.room, self.some)
            case _:
                return await engine.rooms_of(self.node)

    def learn(self, answer: Any, known: dict[str, tuple[int, int, int, str]], newest: int) -> None:
        """So that most calls are those of a room's owner."""
        term, _, seq, epoch = self.own
        if isinstance(answer, Taken):
            head = answer.head
            known[self.room] = (newest, head.revision, head.seq, head.epoch or f"e{newest}")
        elif isinstance(answer, Committed) and self.name == "commit":
            known[self.room] = (term, answer.revision, seq + self.some % 3, epoch)


def some_call(chance: random.Random, known: dict[str, tuple[int, int, int, str]]) -> Call:
    names = [
        "take",
        "commit",
        "commit",
        "commit",
        "establish",
        "confirm",
        "give",
        "drop",
        "head",
        "log",
        "rooms",
    ]
    room = chance.choice(ROOMS)
    term, revision, seq, epoch = known.get(room, (0, 0, 0, "e"))
    if chance.random() < 0.2:
        term, revision, seq = (max(0, number - chance.randint(0, 2)) for number in (term, revision, seq))
    name = chance.choice([*names, *["beat"] * 4])
    return Call(name, room, chance.choice(NODES), (term, revision, seq, epoch), chance.randint(0, 5))
