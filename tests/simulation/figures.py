"""How much of what happened in a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.journal import Came

if TYPE_CHECKING:
    from tests.simulation.world import World


def figures_of(world: World) -> Counter[str]:
    """How much of what happened."""
    figures: Counter[str] = Counter(runs=1, servers=len(world.servers), pages=len(world.pages()))
    for server in world.servers:
        metrics = server.metrics
        named: dict[str, Mapping[Any, int]] = {
            "join": metrics.joins,
            "resume": metrics.resumes,
            "departure": metrics.departures,
            "closed": metrics.closed,
            "refused": metrics.refused,
        }
        for name, counter in named.items():
            figures.update({f"{name} {key}": count for key, count in counter.items()})
    figures["events"] = sum(len(events) for events in world.truth.epochs.values())
    figures["goodbyes"] = sum(len(page.goodbyes) for page in world.pages())
    figures["clocks set"] = int(world.clock_set)
    figures.update(world.application.figures())
    figures["revoked"] = int(world.admin.revoked is not None)
    figures["orders"] = len(world.moderators.orders)
    for order in world.moderators.orders:
        figures[f"{order.kind} {order.answer or 'unanswered'}"] += 1
        figures["again"] += order.again
    figures["host links used"] = world.store.journal.taken_over()
    for page in world.pages():
        figures[f"final {page.final}"] += 1
        figures["waited"] += int(page.position > 0)
    figures["put out"] = sum(isinstance(e, Came) and e.put_out for e in world.store.journal.entries)
    figures["refused for good"] = world.store.journal.refused
    figures["rooms taken over"] = world.rooms_taken_over()
    figures["meetings ended"] = int(world.has_ended)
    return figures
