"""Which commands took effect is remembered exactly, in whatever order they came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling.rooms.command_ids import MAX_RANGES, CommandIds


@given(st.lists(st.integers(1, 40)), st.integers(1, 40))
def test_it_is_a_set(ids: list[int], probe: int) -> None:
    answered = CommandIds()
    for id_ in ids:
        answered.add(id_)
    assert (probe in answered) is (probe in set(ids))


def test_past_its_bound_the_lowest_are_taken_for_answered() -> None:
    answered = CommandIds()
    for id_ in range(10, 10 * (MAX_RANGES + 3), 10):
        answered.add(id_)
    assert 5 in answered
    assert 10 * (MAX_RANGES + 2) in answered
    assert 10 * (MAX_RANGES + 2) - 5 not in answered
