"""Several servers, an engine and a store, of which everything breaks."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.cluster.plants import PLANTS, planted
from tests.simulation.run import run
from tests.simulation.seeds import run_many, workers

pytestmark = pytest.mark.early

NODES = 3

IN_TESTS = {2: 200, 3: 200}
"""How many seeds the tests run, by the number of nodes; `python -m tests.simulation --nodes 3` runs more."""

MOST = 10
"""Seeds that are tried for a planted bug, from the one that found it: runs change with what is tested."""


@pytest.mark.timeout(900)
def test_whatever_broke_among_several_nodes_everyone_ends_in_the_same_right_state() -> None:
    figures: Counter[str] = Counter()
    with workers(2) as pool:
        for nodes, seeds in IN_TESTS.items():
            for chunk in run_many(pool, range(1, seeds + 1), nodes=nodes, size=10):
                figures += chunk.figures
                if chunk.failed:
                    pytest.fail(f"{chunk.failed[0]}\n(again: --nodes {nodes} --seed …)", pytrace=False)
    assert figures["runs"] == sum(IN_TESTS.values())
    must_happen = {"rooms taken over", "resume replayed", "resume snapshot", "departure lost", "closed 4101"}
    assert {name for name in must_happen if not figures[name]} == set()


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_among_several_nodes_is_found(bug: str) -> None:
    first = PLANTS[bug][1]
    with planted(bug):
        wrong = next(
            (o.wrong for seed in range(first, first + MOST) if (o := run(seed, nodes=NODES)).wrong), []
        )
    assert wrong
    # A plant that no longer fits the code it is planted into shows nothing.
    assert not any("Traceback" in text for text in wrong)


def test_the_same_seed_is_the_same_run() -> None:
    assert str(run(7, nodes=NODES, tell_all=True)) == str(run(7, nodes=NODES, tell_all=True))
