"""The reconnect storm: how long the clients of a killed server take until all is as it was."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from bench.crowd import Crowd, Return
from bench.figures import DISTURBED, Figure, Verdict
from bench.measure import PATIENCE, Plan, Say, attempt, blaming
from bench.servers import RECONVENE, Server
from reconvene.load.cpu_usage import Usage, usage
from server.runtime import event_loop

SIZE = 10
"""Clients in each room."""

LOST = "… lost, doubled, odd"


@dataclass(frozen=True)
class Round:
    """One storm. `joining` and `resuming` are the server's; `starting` until it served the first."""

    back: Return
    joining: Usage
    starting: Usage
    resuming: Usage
    waited: float
    """The share of the time since the first was served in which other processes held the generator up. It speaks for
    the server too, which also waits for a thread of its own: the one that writes down who is back."""

    @property
    def since_served(self) -> float:
        return self.back.right - self.back.served

    def __str__(self) -> str:
        back, share = self.back, 1e6 / len(self.back.resumed)
        return (
            f"served after {back.served:.2f} s ({self.starting.ran:.2f} s of CPU), back p50 {back.quantile(0.5):.2f} "
            f"p99 {back.quantile(0.99):.2f} last {back.resumed[-1]:.2f} s, all right after {back.right:.2f} s; "
            f"CPU {self.resuming.ran * share:.0f} us a resume, {self.joining.ran * share:.0f} us a join; "
            f"held up {self.waited:.0%}"
            + "".join(f"; {count} x {kind}" for kind, count in back.wrong.items())
        )


def storm(plan: Plan, say: Say) -> list[Figure]:
    """Real clients join; the server is killed and started again at once; they back off and resume as in the field."""
    name = f"storm {plan.storm_rooms} x {SIZE}"
    say(f"{name}: the server is killed and started again at once, and everyone comes back")
    right = Figure(f"{name}, all right", "s")
    serving = Figure("… since served", "s")
    middle = Figure("… back, p50", "s")
    slowest = Figure("… back, p99", "s")
    wrong = Figure(LOST, "events")
    cost = Figure("… CPU resume / join", "x")

    def fill(_: Figure) -> None:
        rounds: list[Round] = []
        while _clean(rounds) < plan.storms and len(rounds) < PATIENCE * plan.storms:
            rounds.append(event_loop.run(_round(plan)))
            say(f"  round {len(rounds)} {rounds[-1]}")
        best = sorted(rounds, key=lambda each: each.waited)[: plan.storms]
        right.values[RECONVENE.name] = [each.back.right for each in best]
        serving.values[RECONVENE.name] = [each.since_served for each in best]
        middle.values[RECONVENE.name] = [each.back.quantile(0.5) for each in best]
        slowest.values[RECONVENE.name] = [each.back.quantile(0.99) for each in best]
        cost.values[RECONVENE.name] = [each.resuming.ran / each.joining.ran for each in best]
        # No median here: one is one too many, in whichever round.
        wrong.values[RECONVENE.name] = [float(sum(each.back.wrong.total() for each in rounds))]

    return [attempt(right, fill, say), serving, middle, slowest, wrong, cost]


def _clean(rounds: Sequence[Round]) -> int:
    return sum(each.waited <= DISTURBED for each in rounds)


async def _round(plan: Plan) -> Round:
    with Server(RECONVENE) as server:
        crowd = Crowd([server.port], plan.storm_rooms, SIZE)
        notes: list[tuple[Usage, Usage]] = []
        with blaming(server):
            fresh = server.usage()
            try:
                await crowd.join()
                joining = server.usage() - fresh
                back = await crowd.storm(
                    server.restart, lambda: notes.append((server.usage(), usage(os.getpid())))
                )
            finally:
                await crowd.close()
    (starting, before), (ended, after) = notes
    waited = (after - before).waited / (back.right - back.served)
    return Round(back, joining, starting, ended - starting, waited)


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    found = []
    for figure in figures:
        if figure.name.startswith("storm"):
            found.append(Verdict(figure.name, 5, figure.of(RECONVENE), "s", at_most=True))
        elif figure.name == LOST:
            lost = figure.of(RECONVENE)
            found.append(Verdict("storm, lost, doubled or odd", 0, lost, "events", at_most=True))
    return found
