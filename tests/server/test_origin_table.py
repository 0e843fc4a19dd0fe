"""What a terminal shows of an import: how sure the numbers are, and why."""

from __future__ import annotations

from dataclasses import replace

from rich.text import Text

from server import origin_table
from server.terminal import Clock
from tests.server.test_report_imports import ATTENDANCE, INSTANCE, NOW, PEOPLE, RECORD, TOTALS, of


def test_the_number_of_people_has_a_range_when_some_are_put_together_by_a_guess() -> None:
    (sure,) = origin_table.foot(RECORD, TOTALS)
    assert sure.plain.startswith("2 people, 1 guest among them")
    (guess,) = origin_table.foot(RECORD, replace(TOTALS, guessed=4))
    assert guess.plain.startswith(
        "2 people (2 to 6: guests are followed into breakout rooms by name), 1 guest"
    )


def test_why_the_latest_reading_came_to_less_is_told_beside_what_is_shown() -> None:
    kept = of(replace(INSTANCE, reason="Zoom gave 1 of the 2 rows it has"))
    *_, said = origin_table.head(ATTENDANCE, kept, Clock(NOW, NOW, NOW))
    assert "complete; the latest reading: Zoom gave 1 of the 2 rows it has" in said.plain
    assert said.style == "yellow"


def test_who_was_followed_by_name_is_marked() -> None:
    assert ATTENDANCE.origin is not None
    _, cell = origin_table.who(ATTENDANCE.origin, "p_guest", Text("ann"), "none")
    assert str(cell).endswith(", in rooms by name")
    assert PEOPLE["p_guest"].guessed
