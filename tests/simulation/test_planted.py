"""The simulator finds bugs: each of these, planted into the real code, within few runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.found_by import FOUND_BY
from tests.simulation.mutations import PLANTS, planted
from tests.simulation.run import Outcome, run
from tests.simulation.seeds import IN_TESTS, run_many, workers


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found(bug: str) -> None:
    found = next(outcomes(bug, FOUND_BY.get(bug, 1)), None)
    assert found is not None
    # A plant that no longer fits the code it is planted into shows nothing.
    assert not any("Traceback" in text for text in found.wrong)
    print(f"{bug}: with seed {found.seed}: {found.wrong[0]}")


def outcomes(bug: str, first: int) -> Iterator[Outcome]:
    """Those in which something is wrong, of as many runs as the tests make."""
    with planted(bug):
        outcome = run(first)
    if outcome.wrong:
        yield outcome
    with workers() as pool:
        for chunk in run_many(pool, range(first + 1, first + IN_TESTS), plant=bug, size=5):
            yield from chunk.failed


def test_a_seed_is_known_for_planted_bugs_alone() -> None:
    assert set(FOUND_BY) <= set(PLANTS)
