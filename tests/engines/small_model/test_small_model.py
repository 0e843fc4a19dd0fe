"""Everything that can happen to two nodes and an engine, with few faults, and the bugs that this finds."""

from __future__ import annotations

import pytest

from tests.engines.small_model.plants import IN_THE_ENGINE, IN_THE_RULES, RollsBack
from tests.engines.small_model.rules import Rules
from tests.engines.small_model.search import after, search
from tests.engines.small_model.world import World

FOUND_WITH = {
    "term_not_compared": (1, 0, ("",)),
    "take_without_bury": (2, 1, ("lease", "empty")),
    "term_does_not_rise": (1, 1, ("",)),
    "term_without_clock": (1, 1, ("",)),
    "take_claims_completeness": (2, 1, ("loses 1", "loses 2", "lost")),
    "establish_over_a_higher_term": (2, 0, ("lease", "empty")),
    "confirm_though_behind": (2, 0, ("loses 1", "dies")),
    "give_keeps_the_term": (2, 1, ("buffer", "empty", "again")),
    "the_buried_beat": (2, 1, ("lease", "empty")),
    "AsksOnly": (1, 0, ("",)),
    "DecidesAnew": (1, 0, ("",)),
    "TellsWhatIsAnswered": (1, 0, ("",)),
    "KeepsWhatIsItsOwn": (1, 1, ("",)),
    "TakesWhileSettling": (1, 0, ("empty",)),
    "CommitsWhileSettling": (2, 0, ("lease", "loses 1")),
    "NeverDoubtsAGift": (2, 1, ("buffer", "empty")),
    "ConfirmsAfterItsLease": (3, 0, ("lease", "empty", "dies")),
    "GoesOnWithWhatIsIncomplete": (2, 0, ("loses 1", "dies")),
    "ForgetsWhatHappened": (3, 0, ("again", "dies")),
    "ForgetsThisEpoch": (2, 0, ("again", "dies")),
    "ShowsBeforeItCommits": (1, 0, ("",)),
}
"""Each plant with how many faults and gifts it takes, and how the names of those faults end ("": any)."""

BEGINNINGS = {
    "ConfirmsAfterItsLease": ("a0 takes", "a0 stands still for longer than its lease", "b0 takes"),
    "ForgetsWhatHappened": ("a0 takes", "a0 decides x", "a0's commit arrives", "the engine starts again"),
}
"""What happens first, where three faults are needed: it would take long to come upon it."""


@pytest.mark.parametrize("rules", [Rules, RollsBack])
@pytest.mark.parametrize(("faults", "gifts", "events"), [(0, 1, "xyz"), (1, 1, "xyz"), (2, 0, "x")])
def test_nothing_goes_wrong(faults: int, gifts: int, events: str, rules: type[Rules]) -> None:
    """`python -m tests.engines.small_model` tries more."""
    found = search(rules(), World(faults, gifts, events))
    assert not found.wrong, "\n".join((found.wrong, *found.story))
    assert found.worlds > 50


def test_all_plants_are_tried() -> None:
    assert FOUND_WITH.keys() == IN_THE_ENGINE.keys() | {rules.__name__ for rules in IN_THE_RULES}


@pytest.mark.parametrize("name", IN_THE_ENGINE)
def test_a_bug_of_the_engine_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults, gifts, kinds = FOUND_WITH[name]
    IN_THE_ENGINE[name](monkeypatch)
    assert search(Rules(), World(faults, gifts, "xz"), kinds).wrong


@pytest.mark.parametrize("rules", IN_THE_RULES)
def test_a_rule_that_is_not_kept_is_found(rules: type[Rules]) -> None:
    faults, gifts, kinds = FOUND_WITH[rules.__name__]
    first = after(rules(), World(faults, gifts, "xz"), *BEGINNINGS.get(rules.__name__, ()))
    assert search(rules(), first, kinds).wrong
