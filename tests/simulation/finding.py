"""Finds for each planted bug a seed that finds it, and notes it in `found_by`: the first one from 1 on, unless the one
that is noted still does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path

from tests.simulation import found_by
from tests.simulation.found_by import FOUND_BY
from tests.simulation.seeds import run_many, workers

MOST = 3000
"""Seeds that are tried for a bug."""


def find(bugs: Iterable[str]) -> Iterator[tuple[str, int | None]]:
    """Each bug with its seed; None: it is not found."""
    with workers() as pool:
        for bug in bugs:
            known = FOUND_BY.get(bug, 1)
            seed = _first(pool, bug, range(known, known + 1)) or _first(pool, bug, range(1, MOST + 1))
            yield bug, seed


def write(found: dict[str, int]) -> None:
    file = Path(found_by.__file__)
    head, _, _ = file.read_text().partition("FOUND_BY = {")
    lines = [f'    "{bug}": {seed},\n' for bug, seed in sorted(found.items())]
    file.write_text(f"{head}FOUND_BY = {{\n{''.join(lines)}}}\n")


def _first(pool: Executor, bug: str, seeds: range) -> int | None:
    for chunk in run_many(pool, seeds, plant=bug, size=5):
        if chunk.failed:
            return chunk.failed[0].seed
    return None
