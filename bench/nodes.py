"""What it costs that several nodes share meetings: deliveries per second of their processor time, beside one process;
how long a message takes from one to another; what the engine keeps of a room.

One process and several nodes run at once, and take turns. The engine is on the generator's core, and counts for nobody.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from bench.clients import LoadError
from bench.figures import Figure, Verdict
from bench.load import Fleet
from bench.measure import GENERATOR_BOUND, WARM_UP, Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server, alone
from reconvene.load.cpu_usage import usage
from tests.databases.postgres import PostgresServer
from tests.engines.servers import EngineServer, redis_program

SHAPES = {(20, 50): (0.92, 0.75), (100, 5): (0.7, 0.65)}
"""For rooms of each size, the least of one process that a node makes of rooms that are wholly its own, and that two
nodes make together."""

ONE, OWN, TWO, FOUR = "one process", "at their owner", "over two nodes", "over 4 processes on all cores"
"""The last for the record: by the clock, and beside the generator."""

EDGES = 100
"""Rooms in which somebody at one edge speaks to somebody at another: one after the other."""
MEDIAN, MOST = 2.0, 10.0
"""Milliseconds from edge to edge, half of the times and 99 of 100 times."""
MEDIAN_NAME, MOST_NAME = "edge to edge, p50", "edge to edge, p99"

KEPT, MEMBERS, EVENTS = 160, 50, 1000
KEPT_NAME = f"a room of {MEMBERS} with {EVENTS:,} events, in the engine"

Parts = Mapping[str, str]
"""The settings that nodes share."""


@contextmanager
def shared() -> Iterator[tuple[Parts, Callable[[str], int]]]:
    """And how many bytes the engine keeps of a room."""

    @asynccontextmanager
    async def begun() -> AsyncIterator[tuple[EngineServer, str]]:
        async with EngineServer(redis_program()) as engine, PostgresServer() as postgres:
            yield engine, await postgres.make_database("nodes")

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        engine, store = runner.run(stack.enter_async_context(begun()))

        async def size_of(room: str) -> int:
            keys = await engine.do("KEYS", f"rc:{{{room}}}:*")
            return sum([await engine.do("MEMORY", "USAGE", key, "SAMPLES", 0) for key in keys])

        settings = {
            "RECONVENE_ENGINE": engine.url,
            "RECONVENE_STORE": store,
            "RECONVENE_SECRET": secrets.token_hex(32),
        }
        try:
            yield settings, lambda room: runner.run(size_of(room))
        finally:
            runner.run(stack.aclose())


def node(parts: Parts, processes: int = 1) -> Server:
    def environ(port: int, folder: Path) -> dict[str, str]:
        own = {"RECONVENE_PROCESSES": str(processes)}
        return {**RECONVENE.environ(port, folder), **parts, **own}

    return Server(replace(RECONVENE, name="node", environ=environ, everywhere=processes > 1))


def nodes(plan: Plan, say: Say) -> list[Figure]:
    figures = [figure for rooms, size in SHAPES for figure in _fan_out(rooms, size, plan, say)]
    return [*figures, *_edges(plan, say), _kept(say)]


def _name(rooms: int, size: int, how: str) -> str:
    return f"nodes, {rooms} x {size} {how}"


def _fan_out(rooms: int, size: int, plan: Plan, say: Say) -> list[Figure]:
    figures = [
        Figure(_name(rooms, size, how), "deliveries/s", shows_both=True) for how in (ONE, OWN, TWO, FOUR)
    ]
    say(f"nodes, {rooms} x {size}: one process, a node that has all sockets, two nodes, and four")

    def fill(_: Figure) -> None:
        with (
            shared() as (parts, _size_of),
            Server(RECONVENE) as one,
            node(parts) as own,
            node(parts) as other,
        ):
            _rounds(figures[:3], ([one], [own], [own, other]), rooms, size, plan, say)
        with shared() as (parts, _size_of), node(parts, 4) as four:
            _rounds(figures[3:], ([four],), rooms, size, plan, say)

    attempt(figures[0], fill, say)
    for figure in figures[1:]:
        figure.invalid = figures[0].invalid
    return figures


def _rounds(
    figures: Sequence[Figure], sides: Sequence[Sequence[Server]], rooms: int, size: int, plan: Plan, say: Say
) -> None:
    """All run with their clients joined; each round the load goes around them."""
    with ExitStack() as stack:
        fleets: list[Fleet] = []
        for number, servers in enumerate(sides):
            fleets.append(Fleet([server.port for server in servers], rooms, size, name=f"BENCH{number}"))
            stack.callback(fleets[-1].close)
            with blaming(servers[0]):
                fleets[-1].join()
                fleets[-1].fanout(WARM_UP)
                _tend(fleets)
        for number in range(plan.rounds):
            for figure, servers, fleet in zip(figures, sides, fleets, strict=True):
                _turn(figure, number, servers, fleet, plan, say)
                _tend(fleets)


def _tend(fleets: Sequence[Fleet]) -> None:
    for fleet in fleets:
        fleet.tend()


def _processes(server: Server) -> list[int]:
    """It, and those that it watches."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text(encoding="ascii")
    return [server.pid, *map(int, children.split())]


def _turn(figure: Figure, number: int, servers: Sequence[Server], fleet: Fleet, plan: Plan, say: Say) -> None:
    pids = [pid for server in servers for pid in _processes(server)]
    with blaming(servers[0]), alone((*pids, fleet.pid), plan.realtime):
        before, ours = [usage(pid) for pid in pids], usage(fleet.pid)
        run = fleet.fanout(plan.seconds)
        used = [usage(pid) - then for pid, then in zip(pids, before, strict=True)]
        spent = usage(fleet.pid) - ours
    ran, waited = sum(each.ran for each in used), max(each.waited for each in used)
    figure.values[RECONVENE.name].append(run.rate)
    figure.by_cpu[RECONVENE.name].append(run.deliveries / ran)
    # Several share a core, and wait for each other.
    figure.waited.append((spent.waited + (waited if len(pids) == 1 else 0.0)) / run.seconds)
    figure.outrun.append(spent.ran / run.seconds > GENERATOR_BOUND)
    rates = f"{run.rate:9,.0f}/s, {run.deliveries / ran:9,.0f} per CPU second"
    of_core = f"servers {ran / run.seconds:4.0%}, generator {spent.ran / run.seconds:4.0%} of a core"
    say(f"  round {number + 1} {figure.name:46} {rates}, {of_core}, held up {waited / run.seconds:.0%}")


def _edges(plan: Plan, say: Say) -> list[Figure]:
    """Somebody at a third node has come first, so that it owns the rooms."""
    median, most = Figure(MEDIAN_NAME, "ms"), Figure(MOST_NAME, "ms")
    say(
        "nodes, edge to edge: a status of somebody at one edge, until somebody at another and they themselves are told"
    )

    def fill(_: Figure) -> None:
        with ExitStack() as stack:
            parts, _size_of = stack.enter_context(shared())
            three = [stack.enter_context(server) for server in [node(parts) for _ in range(3)]]
            with blaming(three[0]):
                owners = Fleet(three[0].port, 1, 1, name="EDGES")
                stack.callback(owners.close)
                owners.join()
                fleet = Fleet([server.port for server in three[1:]], 1, 2, name="EDGES", roster=False)
                stack.callback(fleet.close)
                fleet.join()
                # Nobody waits until they know of each other.
                fleet.tend(1.0)
                fleet.fanout(WARM_UP)
                for number in range(plan.rounds):
                    run = fleet.fanout(plan.seconds)
                    owners.tend()
                    median.values[RECONVENE.name].append(run.median)
                    most.values[RECONVENE.name].append(run.most)
                    say(f"  round {number + 1} p50 {run.median:.2f} p99 {run.most:.2f} ms")

    attempt(median, fill, say)
    most.invalid = median.invalid
    return [median, most]


def _kept(say: Say) -> Figure:
    def fill(figure: Figure) -> None:
        with shared() as (parts, size_of), node(parts) as server, blaming(server):
            fleet = Fleet(server.port, 1, MEMBERS, name="KEPT")
            fleet.join()
            told = 0
            while told < EVENTS * MEMBERS:
                told += fleet.fanout(WARM_UP).deliveries
            kept = size_of("KEPT-0") / 1024
            fleet.close()
        if not kept:
            raise LoadError("the engine has nothing of the room")
        figure.values[RECONVENE.name].append(kept)
        say(f"  {kept:.0f} KB")

    say(KEPT_NAME)
    return attempt(Figure(KEPT_NAME, "KB"), fill, say)


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    by_name = {figure.name: figure for figure in figures}
    if KEPT_NAME not in by_name:
        return []
    found = []
    for (rooms, size), asked in SHAPES.items():
        one = _per_cpu(by_name[_name(rooms, size, ONE)])
        for how, least in zip((OWN, TWO), asked, strict=True):
            each = _per_cpu(by_name[_name(rooms, size, how)])
            share = each / one if each and one else None
            found.append(Verdict(f"{_name(rooms, size, how)} / one process, of CPU time", least, share, "x"))
    for name, bound, unit in ((MEDIAN_NAME, MEDIAN, "ms"), (MOST_NAME, MOST, "ms"), (KEPT_NAME, KEPT, "KB")):
        found.append(Verdict(name, bound, by_name[name].of(RECONVENE), unit, at_most=True))
    return found


def _per_cpu(figure: Figure) -> float | None:
    return figure.by(figure.by_cpu, RECONVENE)
