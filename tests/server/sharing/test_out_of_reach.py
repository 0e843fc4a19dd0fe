"""While a node does not reach the engine, nobody is away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from server.sharing.out_of_reach import OutOfReach


class Node:
    """Beats at 100 s for the last time before its engine goes."""

    def __init__(self) -> None:
        self.membership = SimpleNamespace(is_well=True, seen_at=100.0)
        self.excused: list[float] = []
        membership: Any = self.membership
        self.reach = OutOfReach(membership, lambda seconds, now: self.excused.append(seconds))

    def ticks(self, began: float, ended: float) -> list[bool]:
        """Each second."""
        return [self.reach.lasts(began + second) for second in range(round(ended - began) + 1)]


def test_an_outage_begins_with_the_last_beat_that_was_answered() -> None:
    """It takes a while until the next one has failed."""
    node = Node()
    assert not any(node.ticks(99.0, 103.0))
    node.membership.is_well = False
    assert all(node.ticks(104.0, 110.0))
    node.membership.is_well, node.membership.seen_at = True, 110.5
    assert not any(node.ticks(111.0, 112.0))
    assert node.excused == [11.0]


def test_what_the_timer_has_excused_is_not_excused_again() -> None:
    """The process was stopped before the outage was noticed, and once more in it."""
    node = Node()
    node.ticks(99.0, 101.0)
    node.ticks(106.0, 107.0)
    node.membership.is_well = False
    node.ticks(108.0, 110.0)
    node.ticks(115.0, 116.0)
    node.membership.is_well = True
    node.ticks(117.0, 117.0)
    assert node.excused == [6.0]
