"""The reconnect storm: how long the clients of a killed server take until all is as it was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from bench.crowd import Crowd
from bench.measure import Figure, Plan, Say, Verdict, attempt, blaming
from bench.servers import RECONVENE, Server, Usage

SIZE = 10
"""Clients in each room."""


def storm(plan: Plan, say: Say) -> list[Figure]:
    """Real clients join; the server is killed and started again at once; they back off and resume as in the field."""
    name = f"storm {plan.storm_rooms} x {SIZE}"
    say(f"{name}: the server is killed and started again at once, and everyone comes back")
    right = Figure(f"{name}, all right", "s")
    serving = Figure("… since served", "s")
    middle = Figure("… back, p50", "s")
    slowest = Figure("… back, p99", "s")
    wrong = Figure("… lost, doubled, odd", "events")
    cost = Figure("… CPU resume / join", "x")
    figures = [right, serving, middle, slowest, wrong, cost]

    def fill(_: Figure) -> None:
        for number in range(plan.storms):
            with Server(RECONVENE) as server, ExitStack() as stack:
                crowd = Crowd(server.port, plan.storm_rooms, SIZE)
                stack.callback(crowd.close)
                usages: list[Usage] = []

                def note(server: Server = server, usages: list[Usage] = usages) -> None:
                    usages.append(server.usage())

                with blaming(server):
                    fresh = server.usage()
                    crowd.join()
                    joining = server.usage() - fresh
                    back = crowd.storm(server.restart, note)
            resuming = usages[1] - usages[0]
            values = (
                back.right,
                back.right - back.served,
                back.quantile(0.5),
                back.quantile(0.99),
                float(back.wrong.total()),
                resuming.ran / joining.ran,
            )
            for figure, value in zip(figures, values, strict=True):
                figure.values[RECONVENE.name].append(value)
            clients = len(back.resumed)
            say(
                f"  round {number + 1} served after {back.served:.2f} s ({usages[0].ran:.2f} s of CPU), "
                f"p50 {values[2]:.2f} s, p99 {values[3]:.2f} s, all right after {back.right:.2f} s; "
                f"CPU {resuming.ran / clients * 1e6:.0f} us a resume, {joining.ran / clients * 1e6:.0f} us a join, "
                f"held up {resuming.waited / (back.right - back.served):.0%}"
                + "".join(f"; {count} x {kind}" for kind, count in back.wrong.items())
            )

    return [attempt(right, fill, say), *figures[1:]]


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    found = []
    for figure in figures:
        if figure.name.startswith("storm"):
            found.append(Verdict(figure.name, 5, figure.of(RECONVENE), "s", at_most=True))
        elif figure.unit == "events":
            found.append(
                Verdict("storm, lost, doubled or odd", 0, figure.of(RECONVENE), "events", at_most=True)
            )
    return found
