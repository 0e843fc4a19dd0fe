"""Whoever lost the place has another, and others hear of it sooner or later than they do."""

from __future__ import annotations

import pytest

from tests.reconvene.load.test_expected_events import Script, of_number, person


def come_again(script: Script, seq: int, *, is_told_first: bool) -> None:
    """Ann's place was given up, and she has another, where the others hear of it before she does or after."""
    again = {"id": "bea", **of_number(script.ann.made)}
    if is_told_first:
        script.hear(seq, "participant_joined", again)
    script.people["bea"] = script.ann
    script.log.meet(seq, [again], script.people, "bea")
    script.ann.came_in(script.log)
    if not is_told_first:
        script.hear(seq, "participant_joined", again)


@pytest.mark.parametrize("is_told_first", [True, False])
def test_whoever_comes_again_as_somebody_else_is_known_by_what_they_do_next(is_told_first: bool) -> None:
    script = Script()
    script.make(21)
    come_again(script, 5, is_told_first=is_told_first)
    assert script.log.outstanding("bea", script.ann) == 0
    script.make(1)
    assert not script.told(6, 22, id="bea").repeated
    assert script.told(7, 22, id="bea").repeated


def test_who_left_is_heard_late_by_whoever_came_late() -> None:
    """The same person was told to have come again by then."""
    script = Script()
    script.make(3)
    script.log.meet(7, [person("ann", 3)], script.people, "ann")
    script.make(1)
    assert script.told(8, 4).made_at == 1003
    script.hear(6, "participant_left", {"id": "ann"})
    assert (script.outstanding, script.missing) == (0, 0)
    script.make(1)
    assert script.told(9, 5).made_at == 1004
