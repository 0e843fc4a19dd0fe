"""What is measured, and how: the servers take turns, so that whatever else the machine does hits them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from bench.clients import LoadError
from bench.figures import Figure, Verdict, ratio
from bench.load import Fleet, Run
from bench.native import NativeFleet
from bench.servers import (
    BEFORE,
    LIMIT,
    RECONVENE,
    RELAY,
    WEBSOCKETS,
    WEBSOCKETS_UVLOOP,
    Server,
    ServerError,
    Spec,
    alone,
)
from reconvene.load.cpu_usage import Usage, usage

SHAPES = ((20, 50), (100, 5), (1, 1000))
OF_LIMIT, OF_LIMIT_BY_FIVE = 0.8, 0.7
"""Of the limit in C. In rooms of five, what Python does once for a message (4.5 µs) is shared by five writes only."""
MOST_CLIENTS = max(rooms * size for rooms, size in SHAPES)
"""Of each server, while fan-out is measured."""
PAIRS = 250
ROOM = 50
IDLE_CLIENTS = 5000
WARM_UP = 0.3
GENERATOR_BOUND = 0.9
PYTHON, C = "Python", "C"
PATIENCE = 2
"""Times as many rounds as planned, while other processes disturb them."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much to measure: undisturbed ``rounds`` of ``seconds`` each, for every server and load."""

    rounds: int
    seconds: float
    joiners: int
    storms: int
    storm_rooms: int
    specs: Sequence[Spec]
    realtime: bool = False


FULL = Plan(5, 1.5, 2000, 3, 500, (RECONVENE, WEBSOCKETS, WEBSOCKETS_UVLOOP, RELAY))
QUICK = Plan(3, 0.5, 1000, 1, 100, (RECONVENE, WEBSOCKETS_UVLOOP, RELAY))


def attempt(figure: Figure, fill: Callable[[Figure], None], say: Say) -> Figure:
    """Fill a figure; a load that went wrong leaves it invalid, with the reason."""
    try:
        fill(figure)
    except (LoadError, ServerError, OSError) as error:
        figure.invalid = str(error) or repr(error)
        say(f"  INVALID: {figure.invalid}")
    return figure


AnyFleet = Fleet | NativeFleet


def fanout(plan: Plan, say: Say) -> list[Figure]:
    """By both generators: one is ours and costs a server little, the other is in C and no server's limit."""
    figures = []
    for rooms, size in SHAPES:
        for generator in (PYTHON, C):
            figure = Figure(f"fan-out {rooms} x {size}, {generator}", "deliveries/s", shows_both=True)
            say(f"{figure.name}: one flip of the microphone at a time in each room")
            fill = _turns(plan, [*plan.specs, LIMIT], _fleet(generator, rooms, size), _fan_out, say)
            figures.append(attempt(figure, fill, say))
    return figures


def _fleet(generator: str, rooms: int, size: int) -> Callable[[Server], AnyFleet]:
    if generator == C:
        return lambda server: NativeFleet(server.port, rooms, size)
    return lambda server: Fleet(server.port, rooms, size, roster=server.spec.roster)


def _fan_out(fleet: AnyFleet, seconds: float) -> Run:
    return fleet.fanout(seconds)


def signals(plan: Plan, say: Say) -> list[Figure]:
    figure = Figure(f"signal, {PAIRS} pairs", "signals/s")
    say(f"{figure.name}: an offer to and fro in each")
    specs = [spec for spec in plan.specs if spec is not RELAY]

    def pairs(server: Server) -> Fleet:
        return Fleet(server.port, PAIRS, 2)

    return [attempt(figure, _turns(plan, specs, pairs, Fleet.signals, say), say)]


F = TypeVar("F", Fleet, AnyFleet)


def _turns(
    plan: Plan,
    specs: Sequence[Spec],
    fleet_of: Callable[[Server], F],
    load: Callable[[F, float], Run],
    say: Say,
) -> Callable[[Figure], None]:
    """All servers run with their clients joined; each round the load goes around them."""

    def fill(figure: Figure) -> None:
        with ExitStack() as stack:
            running: list[tuple[Server, F]] = []
            for spec in specs:
                server = stack.enter_context(Server(spec))
                fleet = fleet_of(server)
                stack.callback(fleet.close)
                with blaming(server), alone((server.pid, fleet.pid), plan.realtime):
                    fleet.join()
                    load(fleet, WARM_UP)
                running.append((server, fleet))
                _tend(running)
            number = 0
            while figure.clean < plan.rounds and number < PATIENCE * plan.rounds:
                waited, outrun = 0.0, False
                # Another server goes first in each round: none always follows the same one.
                first = number % len(running)
                for server, fleet in running[first:] + running[:first]:
                    with blaming(server), alone((server.pid, fleet.pid), plan.realtime):
                        before = server.usage(), usage(fleet.pid)
                        run = load(fleet, plan.seconds)
                        used, spent = server.usage() - before[0], usage(fleet.pid) - before[1]
                    figure.values[server.spec.name].append(run.rate)
                    figure.by_cpu[server.spec.name].append(run.deliveries / used.ran)
                    outrun = outrun or spent.ran / run.seconds > GENERATOR_BOUND
                    waited = max(waited, (used.waited + spent.waited) / run.seconds)
                    say(_line(number, server, run, used, spent))
                    _tend(running)
                figure.waited.append(waited)
                figure.outrun.append(outrun)
                number += 1

    return fill


def _tend(running: Sequence[tuple[Server, F]]) -> None:
    for server, fleet in running:
        with blaming(server):
            fleet.tend()


def _line(number: int, server: Server, run: Run, used: Usage, spent: Usage) -> str:
    cpu = f"server {used.ran / run.seconds:4.0%}, generator {spent.ran / run.seconds:4.0%} of a core"
    waited = f"held up {(used.waited + spent.waited) / run.seconds:.0%}"
    laps = f", lap p50 {run.median:.1f} p99 {run.most:.1f} ms" if run.median else ""
    return f"  round {number + 1} {server.spec.name:18} {run.rate:9,.0f}/s  {cpu}, {waited}{laps}"


def joins(plan: Plan, say: Say) -> list[Figure]:
    figure = Figure(f"joins, rooms of {ROOM}", "joins/s", shows_both=True)
    say(f"{figure.name}: {plan.joiners} clients connect, upgrade and join, each time on a fresh server")
    specs = [spec for spec in plan.specs if spec.roster]

    def fill(figure: Figure) -> None:
        for number in range(plan.rounds):
            first = number % len(specs)
            waited = 0.0
            for spec in specs[first:] + specs[:first]:
                with (
                    Server(spec) as server,
                    NativeFleet(server.port, 1, ROOM, name="WARM") as warm,
                    NativeFleet(server.port, plan.joiners // ROOM, ROOM) as fleet,
                    blaming(server),
                ):
                    # The first few pay for what a server loads and compiles once.
                    warm.join()
                    with alone((server.pid, fleet.pid), plan.realtime):
                        before = server.usage(), usage(fleet.pid)
                        seconds = fleet.join()
                        used, spent = server.usage() - before[0], usage(fleet.pid) - before[1]
                figure.values[spec.name].append(fleet.count / seconds)
                figure.by_cpu[spec.name].append(fleet.count / used.ran)
                # The server waits for a thread of its own, too, which is nobody's disturbance.
                waited = max(waited, spent.waited / seconds)
                say(_joined(number, spec, fleet.count, seconds, used, spent))
            figure.waited.append(waited)

    return [attempt(figure, fill, say)]


def _joined(number: int, spec: Spec, count: int, seconds: float, used: Usage, spent: Usage) -> str:
    return (
        f"  round {number + 1} {spec.name:18} {count / seconds:9,.0f}/s  server {used.ran / seconds:4.0%} of a core, "
        f"{used.ran / count * 1e6:.0f} us each, held up {spent.waited / seconds:.0%}"
    )


def memory(plan: Plan, say: Say) -> list[Figure]:
    figure = Figure(f"memory per client, {IDLE_CLIENTS} idle", "KB")
    say(f"{figure.name}: in rooms of {ROOM}")

    def fill(figure: Figure) -> None:
        for spec in plan.specs:
            with Server(spec) as server, ExitStack() as stack:
                time.sleep(1)
                before = server.resident()
                fleet = Fleet(server.port, IDLE_CLIENTS // ROOM, ROOM, roster=spec.roster)
                stack.callback(fleet.close)
                with blaming(server):
                    fleet.join()
                    after = _settled(server, fleet)
                kilobytes = (after - before) / IDLE_CLIENTS / 1024
                figure.values[spec.name].append(kilobytes)
                say(
                    f"  {spec.name:18} {before / 2**20:.1f} MB -> {after / 2**20:.1f} MB: {kilobytes:.1f} KB each"
                )

    return [attempt(figure, fill, say)]


def _settled(server: Server, fleet: Fleet) -> int:
    """Resident bytes once they have not moved for two seconds, or after ten."""
    seen = [server.resident()]
    for _ in range(10):
        fleet.tend(1.0)
        seen.append(server.resident())
        if len(seen) > 2 and max(seen[-3:]) - min(seen[-3:]) < 64 * 1024:
            break
    return seen[-1]


@contextmanager
def blaming(server: Server) -> Iterator[None]:
    """When the load fails, say which server it was and what it printed last."""
    try:
        yield
    except (LoadError, OSError) as error:
        raise LoadError(f"{server.spec.name}: {error}\n{server.log()}".rstrip()) from error


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    """Hold the figures against the targets."""
    found = []
    for figure in figures:
        kind = figure.name.partition(" ")[0].rstrip(",")
        if kind in ("fan-out", "signal"):
            found.append(Verdict(f"{figure.name} / websockets", 1.5, _to_websockets(figure), "x"))
        if kind == "fan-out":
            found.append(Verdict(f"{figure.name} / bare relay", 0.8, ratio(figure, RELAY), "x"))
        if LIMIT.name in figure.values:
            asked = OF_LIMIT_BY_FIVE if "x 5," in figure.name else OF_LIMIT
            found.append(Verdict(f"{figure.name} / limit in C", asked, ratio(figure, LIMIT), "x"))
        if kind == "joins":
            found.append(Verdict(f"durable {figure.name}", 2000, figure.of(RECONVENE), "/s"))
        if kind == "memory":
            found.append(Verdict(figure.name, 25, figure.of(RECONVENE), "KB", at_most=True))
        elif BEFORE in figure.values:
            found.append(Verdict(f"{figure.name} / before", 0.97, ratio(figure, BEFORE), "x"))
    return found


def _to_websockets(figure: Figure) -> float | None:
    """To the faster one, if there are both."""
    ratios = [ratio(figure, spec) for spec in (WEBSOCKETS, WEBSOCKETS_UVLOOP) if spec.name in figure.values]
    known = [each for each in ratios if each is not None]
    return min(known) if known else None
