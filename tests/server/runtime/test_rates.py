"""So many at once, and then as fast as they come back."""

from __future__ import annotations

import pytest

from server.runtime.rates import MOST_KEYS, Rate


def test_so_many_may_be_had_at_once_and_come_back_evenly() -> None:
    rate = Rate(10, 60)
    for _ in range(10):
        assert rate.wait("a", 1000.0) == 0
        rate.take("a", 1000.0)
    assert rate.wait("a", 1000.0) == pytest.approx(6)
    assert rate.wait("b", 1000.0) == 0, "each key has its own"
    assert rate.wait("a", 1006.0) == 0
    rate.take("a", 1006.0)
    assert rate.wait("a", 1006.0) == pytest.approx(6)
    assert rate.wait("a", 1066.0) == 0


def test_what_was_taken_past_the_limit_is_waited_for() -> None:
    rate = Rate(10, 60)
    for _ in range(30):
        rate.take("a", 1000.0)
    assert rate.wait("a", 1000.0) == pytest.approx(6 + 120)


def test_what_is_given_back_was_never_taken() -> None:
    rate = Rate(1, 60)
    rate.take("a", 1000.0)
    assert rate.wait("a", 1000.0) > 0
    rate.give_back("a")
    assert rate.wait("a", 1000.0) == 0
    rate.give_back("nobody")
    assert rate.wait("nobody", 1000.0) == 0


def test_a_wide_key_may_more() -> None:
    rate = Rate(2, 60)
    for _ in range(100):
        assert rate.wait("a", 1000.0, width=50) == 0
        rate.take("a", 1000.0, width=50)
    assert rate.wait("a", 1000.0, width=50) == pytest.approx(0.6)


def test_however_many_come_few_are_remembered() -> None:
    rate = Rate(10, 60)
    for number in range(MOST_KEYS + 500):
        rate.take(str(number), 1000.0)
    assert len(rate) == MOST_KEYS
    rate.take("later", 2000.0)
    rate.take("later", 2000.0)
    for number in range(MOST_KEYS):
        rate.take(f"later {number % 3}", 2000.0)
    assert len(rate) == 4, "what is full again is forgotten"
