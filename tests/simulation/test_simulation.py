"""The real server, the real clients and a real SQLite store, in hundreds of meetings in which everything breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.run import run
from tests.simulation.seeds import IN_TESTS, run_many, workers

pytestmark = pytest.mark.early

ROOT = Path(__file__).parents[2]

MUST_HAPPEN = {
    "join joined",
    "join rejoined",
    "join duplicate",
    "join unavailable",
    "join meeting_ended",
    "resume replayed",
    "resume snapshot",
    "resume replaced",
    "departure left",
    "departure lost",
    "goodbyes",
    "logins",
    "newer tokens",
    "refused token_expired",
    "closed 4105",
    "clocks set",
    "revoked",
    "refused revoked",
    "closed 1000",
    "closed 1001",
    "closed 1006",
    "closed 4001",
    "closed 4003",
    "closed 4006",
    "closed 4101",
    "closed 4102",
    "closed 4002",
    "closed 4005",
    "join removed",
    "join meeting_locked",
    "departure removed",
    "waited",
    "rooms taken over",
    "again",
    "settings changed",
    "set_role forbidden",
    "host links used",
    *(
        f"{order} ack"
        for order in ("remove", "readmit", "allow", "set_role", "settings", "admit", "deny", "rename")
    ),
    *(f"{order} ack" for order in ("mute", "ask", "lower_hands")),
}


@pytest.mark.timeout(300)
def test_whatever_broke_everyone_ends_in_the_same_right_state() -> None:
    figures: Counter[str] = Counter()
    with workers() as pool:
        for chunk in run_many(pool, range(1, IN_TESTS + 1)):
            figures += chunk.figures
            if chunk.failed:
                pytest.fail(
                    f"{chunk.failed[0]}\n(again: make simulate SEED={chunk.failed[0].seed})", pytrace=False
                )
    assert figures["runs"] == IN_TESTS
    # What never happens proves nothing.
    assert {name for name in MUST_HAPPEN if figures[name] < IN_TESTS / 100} == set()
    assert figures["servers"] > 1.5 * IN_TESTS


def test_the_same_seed_is_the_same_run() -> None:
    """Byte for byte, in another process too, whose strings are hashed otherwise."""
    log = str(run(7, tell_all=True))
    assert log == str(run(7, tell_all=True))
    for hash_seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "7"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.stdout == log + "\n"
