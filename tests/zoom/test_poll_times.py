"""When a report is worth another look."""

from __future__ import annotations

import pytest

from server.zoom.poll_times import MOST_LOOKS, SETTLES, next_look

ENDED = 1_700_000_000.0
HOUR = 3600.0


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (0.0, 0.5 * HOUR),
        (0.5 * HOUR, 6 * HOUR),
        (5 * HOUR, 6 * HOUR),
        (6 * HOUR, 24 * HOUR),
    ],
)
def test_looks_are_half_an_hour_six_hours_and_a_day_after_the_end(now: float, expected: float) -> None:
    assert next_look(ENDED, ENDED + now, 1) == ENDED + expected


def test_what_has_long_ended_is_looked_at_again_soon_and_then_less_and_less_often() -> None:
    now = ENDED + 1000 * HOUR
    pauses = [look - now for looks in range(1, MOST_LOOKS) if (look := next_look(ENDED, now, looks))]
    assert len(pauses) == MOST_LOOKS - 1
    assert pauses == sorted(set(pauses))
    assert pauses[0] > 0


def test_without_an_end_the_first_look_is_counted_from_now() -> None:
    assert next_look(None, ENDED, 1) == ENDED + SETTLES[0]


def test_an_end_that_is_yet_to_come_puts_nothing_off() -> None:
    assert next_look(ENDED + 100 * 365 * 24 * HOUR, ENDED, 1) == ENDED + SETTLES[0]


def test_nobody_looks_for_ever() -> None:
    assert next_look(ENDED, ENDED, MOST_LOOKS) is None
