"""One of three nodes is killed: how long it takes until all is as it was, for those whom it served and for the others.

The node is not started again. Whoever was cut off asks the next one, as behind a balancer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.crowd import Crowd, Return
from bench.figures import Figure, Verdict
from bench.measure import Plan, Say, attempt, blaming
from bench.nodes import node, shared
from bench.servers import RECONVENE, Server
from bench.storm import SIZE
from server.runtime import event_loop

NODES = 3

Where = Callable[[int, int], int]

SCENES: tuple[tuple[str, float, Where], ...] = (
    ("one of three nodes is killed", 9.0, lambda room, number: (room + number) % NODES),
    # The first who comes has the room at their node.
    ("the owner of all rooms is killed", 7.0, lambda room, number: number and 1 + number % (NODES - 1)),
)
"""Seconds until all is right, and at which node the members of each room are."""

LOST = "… lost, doubled, odd among nodes"


def node_storm(plan: Plan, say: Say) -> list[Figure]:
    return [figure for name, _, where in SCENES for figure in _scene(_name(plan, name), where, plan, say)]


def _name(plan: Plan, name: str) -> str:
    return f"{plan.storm_rooms} x {SIZE}, {name}"


def _scene(name: str, where: Where, plan: Plan, say: Say) -> list[Figure]:
    right, middle, wrong = Figure(name, "s"), Figure("… back, p50", "s"), Figure(LOST, "events")
    say(f"{name}, and not started again")

    def fill(_: Figure) -> None:
        for number in range(plan.storms):
            back = _round(where, plan)
            right.values[RECONVENE.name].append(back.right)
            middle.values[RECONVENE.name].append(back.quantile(0.5))
            wrong.values[RECONVENE.name].append(float(back.wrong.total()))
            odd = "".join(f"; {count} x {kind}" for kind, count in back.wrong.items())
            say(
                f"  round {number + 1} {len(back.resumed)} cut off, back p50 {back.quantile(0.5):.2f} p99 "
                f"{back.quantile(0.99):.2f} s, all right after {back.right:.2f} s{odd}"
            )
        # One is one too many, in whichever round.
        wrong.values[RECONVENE.name] = [sum(wrong.values[RECONVENE.name])]

    return [attempt(right, fill, say), middle, wrong]


def _round(where: Where, plan: Plan) -> Return:
    with ExitStack() as stack:
        parts, _size_of = stack.enter_context(shared())
        three = [stack.enter_context(server) for server in [node(parts) for _ in range(NODES)]]
        with blaming(three[1]):
            return event_loop.run(_storm(three, where, plan))


async def _storm(three: Sequence[Server], where: Where, plan: Plan) -> Return:
    crowd = Crowd([server.port for server in three], plan.storm_rooms, SIZE, where)
    try:
        await crowd.join()
        return await crowd.storm(three[0].kill, lambda: None)
    finally:
        await crowd.close()


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    found = []
    for name, most, _ in SCENES:
        for at, figure in enumerate(figures):
            if figure.name.endswith(name):
                found.append(Verdict(figure.name, most, figure.of(RECONVENE), "s", at_most=True))
                lost = next(each for each in figures[at:] if each.name == LOST)
                found.append(
                    Verdict(f"{name}: lost, doubled or odd", 0, lost.of(RECONVENE), "events", at_most=True)
                )
    return found
