"""One run: a meeting, its people, the faults, and what was wrong in the end.

outcome = run(seed)
outcome.wrong    # what is wrong, in words; empty when all is well
outcome.log      # everything that happened, with times
"""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from dataclasses import dataclass
from typing import Any

from structlog.typing import EventDict

from tests.simulation import checks
from tests.simulation.clock import Stuck, VirtualLoop, a_world_of_its_own
from tests.simulation.cluster.world import ClusterWorld
from tests.simulation.figures import figures_of
from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    wrong: list[str]
    log: list[str]
    figures: Counter[str]

    def __str__(self) -> str:
        verdict = (
            f"WRONG with seed {self.seed}:" if self.wrong else f"Nothing is wrong with seed {self.seed}."
        )
        return "\n".join([f"seed {self.seed}", *self.log, verdict, *(f"  * {text}" for text in self.wrong)])


def run(seed: int, *, tell_all: bool = False, nodes: int = 1) -> Outcome:
    """`tell_all`: the server's own log lines too. `nodes`: how many servers there are at once."""
    loop = VirtualLoop()

    def hear(method: str, event: EventDict) -> None:
        world = said_to[0]
        text = " ".join(f"{key}={value}" for key, value in event.items() if key not in {"event", "exc_info"})
        world.say(f"    server: {event['event']} {text}")
        if method in {"error", "critical", "exception"} and not world.expects_error(event["event"]):
            error = traceback.format_exc() if event.get("exc_info") else ""
            if isinstance(info := event.get("exc_info"), BaseException):
                error = "".join(traceback.format_exception(info))
            world.complain(f"the server logged an {method}: {event['event']} {text} {error}")
        elif method == "warning" and not world.expects(event["event"]):
            world.complain(f"the server warned of nothing: {event['event']} {text}")

    said_to: list[World] = []
    level = logging.INFO if tell_all else logging.WARNING
    with a_world_of_its_own(loop, seed, hear, level=level):
        world = World(seed, loop) if nodes == 1 else ClusterWorld(seed, loop, nodes)
        said_to.append(world)
        loop.set_exception_handler(lambda _loop, context: _fell(world, context))
        with world.truth.told(loop.time), world.small_rings():
            try:
                loop.run_until_complete(world.run())
            except Stuck as stuck:
                world.complain(str(stuck))
        checks.check(world)
        figures = figures_of(world)
        world.bury()
    loop.close()
    return Outcome(seed, world.wrong, world.log, figures)


def _fell(world: World, context: dict[str, Any]) -> None:
    error = context.get("exception")
    text = "".join(traceback.format_exception(error)) if error else ""
    world.complain(f"unhandled: {context['message']} {text}")
