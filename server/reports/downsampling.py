"""Reduces people over time to as many steps as a chart shows. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

MOST_STEPS = 500
"""Steps of people over time: more than a chart shows."""
_ROUNDS = 10
"""Each round brings `longest` closer to the length of a part; none goes beyond it."""


def thinned(steps: Sequence[tuple[float, int]], most: int = MOST_STEPS) -> Sequence[tuple[float, int]]:
    """At most `most` of the steps, which look the same: the highest and the last one of each short time."""
    if len(steps) <= most:
        return steps
    parts = (most - 1) // 2
    clock = _without_pauses(steps, parts)
    length = clock[-1] / parts
    kept = {0}
    begun, highest = 0, 0
    for index, (_, count) in enumerate(steps):
        part = min(parts - 1, int(clock[index] / length))
        if part != begun:
            kept |= {highest, index - 1}
            begun, highest = part, index
        elif count > steps[highest][1]:
            highest = index
    kept |= {highest, len(steps) - 1}
    return [steps[index] for index in sorted(kept)]


def _without_pauses(steps: Sequence[tuple[float, int]], parts: int) -> Sequence[float]:
    """The times of the steps on a clock that, while nobody is there, advances by at most one of `parts` equal parts.

    Otherwise the long pauses of a weekly meeting would leave few steps for its instances.
    """
    lengths = [(after - at, count) for (at, count), (after, _) in itertools.pairwise(steps)]
    busy = math.fsum(length for length, count in lengths if count)
    pauses = [length for length, count in lengths if not count]
    longest = (steps[-1][0] - steps[0][0]) / parts
    for _ in range(_ROUNDS):
        longest = (busy + math.fsum(min(pause, longest) for pause in pauses)) / parts
    return list(
        itertools.accumulate(
            (length if count else min(length, longest) for length, count in lengths), initial=0.0
        )
    )
