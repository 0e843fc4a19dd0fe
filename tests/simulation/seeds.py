"""Many runs, on all cores.

Chunks of seeds go to processes of their own; what comes back is the runs in which something was wrong.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.mutations import planted
from tests.simulation.run import Outcome, run

CHUNK = 25

IN_TESTS = 600
"""How many seeds the tests run, with and without a planted bug; `make simulate` runs more."""


class Chunk(NamedTuple):
    seeds: range
    figures: Counter[str]
    failed: list[Outcome]


def workers(count: int | None = None) -> ProcessPoolExecutor:
    """`count`: as many as there are cores, if not given."""
    # Not forked: whoever runs the tests has threads and settings of its own.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count or os.cpu_count(), mp_context=context, initializer=_collect_seldom)


def _collect_seldom() -> None:
    """What a run leaves is collected after each chunk: looking for it all the time costs a seventh."""
    gc.freeze()
    gc.disable()


def run_many(
    pool: Executor, seeds: range, *, plant: str | None = None, size: int = CHUNK, nodes: int = 1
) -> Iterator[Chunk]:
    """Chunk by chunk, in order, with the bug of that name planted. What has not begun when it stops is dropped."""
    chunks = [seeds[start : start + size] for start in range(0, len(seeds), size)]
    results = [pool.submit(_run_chunk, chunk, plant, nodes) for chunk in chunks]
    try:
        for result in results:
            yield result.result()
    finally:
        for result in results:
            result.cancel()


def _run_chunk(seeds: range, plant: str | None, nodes: int) -> Chunk:
    figures: Counter[str] = Counter()
    failed = []
    with planted(plant):
        for seed in seeds:
            outcome = run(seed, nodes=nodes)
            figures.update(outcome.figures)
            if outcome.wrong:
                failed.append(outcome)
    gc.collect()
    return Chunk(seeds, figures, failed)
