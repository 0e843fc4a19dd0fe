"""Many runs, on all cores; a failing one is told by its number.

    python -m tests.simulation 20000          seeds 1 to 20,000
    python -m tests.simulation --seed 1234    that one, as a story
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from tests.simulation.world import Outcome, run

CHUNK = 25


def run_many(seeds: range, *, plant: Callable[[], None] | None = None) -> Iterator[tuple[int, Counter[str], list[Outcome]]]:
    """For each chunk of seeds: how many, what happened how often, and the runs in which something was wrong."""
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    # Not forked: whoever runs the tests has threads and settings of its own.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for chunk, (figures, failed) in zip(chunks, pool.map(_run_chunk, chunks), strict=True):
            yield len(chunk), figures, failed


def _run_chunk(seeds: range) -> tuple[Counter[str], list[Outcome]]:
    figures: Counter[str] = Counter()
    failed = []
    for seed in seeds:
        outcome = run(seed)
        figures.update(outcome.figures)
        if outcome.wrong:
            failed.append(outcome)
    return figures, failed
