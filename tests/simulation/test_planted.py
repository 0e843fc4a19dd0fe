"""The simulator finds bugs: each of these, planted into the real code, within few runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.plants import PLANTS
from tests.simulation.seeds import IN_TESTS, run_many, workers

RARE = {"outage-forgets": 32}
"""Those that take a while, and a seed that is known to find them: looked at first, and only in this does it matter."""


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with workers() as pool:
        yield pool


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found(pool: ProcessPoolExecutor, bug: str) -> None:
    first = RARE.get(bug, 1)
    parts = range(first, IN_TESTS + 1), range(1, first)
    chunks = itertools.chain.from_iterable(run_many(pool, seeds, plant=bug, size=5) for seeds in parts)
    found = next((outcome for chunk in chunks for outcome in chunk.failed), None)
    assert found is not None
    # A plant that no longer fits the code it is planted into shows nothing.
    assert not any("Traceback" in text for text in found.wrong)
    print(f"{bug}: with seed {found.seed}: {found.wrong[0]}")
