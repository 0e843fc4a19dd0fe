"""The simulator finds bugs: each of these, planted into the real code, within few runs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.simulation.mutations import PLANTS
from tests.simulation.seeds import IN_TESTS, run_many, workers

RARE = {
    "ack-forgotten": 46,
    "asked-again-though-it-is-in": 61,
    "deadlines-by-the-wall-clock": 60,
    "giving-up-says-goodbye": 1060,
    "goodbye-overtakes-for-nothing": 456,
    "join-does-not-wait-for-changes": 441,
    "late-statuses-are-free": 241,
    "no-clamp-after-a-restart": 291,
    "outage-forgets": 760,
    "repeats-are-told-at-once": 181,
    "repeats-overtake": 101,
    "settings-lost-on-restore": 181,
    "signals-overtake-events": 91,
    "stale-joins-go-on": 171,
    "stale-pending-join": 341,
}
"""Those that are found once in many runs, and a seed before one that is known to find them, to begin with."""


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with workers() as pool:
        yield pool


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found(pool: ProcessPoolExecutor, bug: str) -> None:
    first = RARE.get(bug, 1)
    chunks = run_many(pool, range(first, first + IN_TESTS), plant=bug, size=5)
    found = next((outcome for chunk in chunks for outcome in chunk.failed), None)
    assert found is not None
    # A plant that no longer fits the code it is planted into shows nothing.
    assert not any("Traceback" in text for text in found.wrong)
    print(f"{bug}: with seed {found.seed}: {found.wrong[0]}")
