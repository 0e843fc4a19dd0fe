"""What a terminal shows of an import: how sure the numbers are, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.text import Text

from reconvene.cli import attendance_import
from reconvene.terminal import Clock
from storage.imports import PartState
from tests.server.reports.test_import_source import (
    APPROVED,
    ATTENDANCE,
    INSTANCE,
    NOW,
    PEOPLE,
    RECORD,
    TOTALS,
    in_state,
    of,
)


def test_the_number_of_people_has_a_range_when_some_are_put_together_by_a_guess() -> None:
    (sure,) = attendance_import.foot(RECORD, TOTALS)
    assert sure.plain.startswith("2 people, 1 guest among them")
    (guess,) = attendance_import.foot(RECORD, replace(TOTALS, guessed=4))
    assert guess.plain.startswith(
        "2 people (2 to 6: guests are followed into breakout rooms by name), 1 guest"
    )


def test_why_the_latest_reading_came_to_less_is_told_beside_what_is_shown() -> None:
    kept = of(replace(INSTANCE, reason="Zoom gave 1 of the 2 rows it has"))
    *_, said = attendance_import.head(ATTENDANCE, kept, Clock(NOW, NOW, NOW))
    assert "complete; the latest reading: Zoom gave 1 of the 2 rows it has" in said.plain
    assert said.style == "yellow"


def test_who_was_followed_by_name_is_marked() -> None:
    assert ATTENDANCE.import_source is not None
    _, cell = attendance_import.who(ATTENDANCE.import_source, "p_guest", Text("ann"), "none")
    assert str(cell).endswith(", in rooms by name")
    assert PEOPLE["p_guest"].guessed


@pytest.mark.parametrize(
    ("approved", "states", "said"),
    [
        ("complete", ("complete",), "2 registered and did not come"),
        ("complete", ("complete", "partial"), "2 or fewer registered and did not come"),
        ("complete", ("complete", "too_old"), "2 or fewer registered and did not come"),
        ("partial", ("complete",), "2 or more registered and did not come"),
        ("partial", ("complete", "unknown"), "2 so far as is known registered and did not come"),
    ],
)
def test_who_did_not_come_is_doubted_where_anything_was_not_read(
    approved: PartState, states: tuple[PartState, ...], said: str
) -> None:
    lists = [in_state(APPROVED, approved), *(in_state(INSTANCE, state) for state in states)]
    (told,) = attendance_import.foot(replace(RECORD, parts=lists), TOTALS)
    assert told.plain.endswith(f"; {said}.")
