"""People over time in few steps: as many as a chart shows. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

MOST_STEPS = 500
"""Of people over time: more than a chart shows."""
_ROUNDS = 10
"""Each comes closer to where a pause that is cut is as long as a part; none goes beyond it."""


def thinned(steps: Sequence[tuple[float, int]], most: int = MOST_STEPS) -> Sequence[tuple[float, int]]:
    """At most `most` of the steps, which look the same: of each short time the highest and the last one."""
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
    """The steps on a clock that goes on for at most one of so many equal parts while nobody is there.

    Between two instances of a weekly meeting there is so much time that few steps would be left of either.
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
