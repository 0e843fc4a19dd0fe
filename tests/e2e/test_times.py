"""Times, durations and axes as the attendance page writes them."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Newcomer
from tests.e2e.person import BERLIN

TOLD = """async () => {
  const { duration } = await import("/static/js/ui/times.js");
  const { Axis } = await import("/static/js/attendance/axis.js");
  const at = (text) => Date.parse(`${text}:00Z`);
  const told = (busy, most) => {
    const axis = new Axis(busy.map((stretch) => stretch.map(at)));
    const times = axis.stretches.map(({ from, x, width }) => axis.at(axis.x(from)) === from && Math.round(width));
    return [times, axis.ticks(most).map(({ label }) => label)];
  };
  return {
    durations: [0, 20, 89.9, 2520, 3599, 3900, 360_000].map(duration),
    whole: told([["2026-03-02T09:00", "2026-03-02T09:20"], ["2026-03-02T09:45", "2026-03-02T10:00"]], 6),
    weekly: told([["2026-03-02T09:00", "2026-03-02T10:00"], ["2026-03-09T09:00", "2026-03-09T10:00"]], 6),
    night: told([["2026-03-02T20:00", "2026-03-03T03:00"]], 4),
    begun: told([["2026-03-02T09:00", "2026-03-02T09:00"]], 4),
  };
}"""


@pytest.mark.one_browser
async def test_times_are_told_as_people_tell_them(newcomer: Newcomer) -> None:
    """A pause between two meetings takes little room on the axis; one within a meeting its own."""
    reader = await newcomer("Ada", **BERLIN)
    await reader.page.goto(reader.url)
    assert await reader.page.evaluate(TOLD) == {
        "durations": ["0 min", "under 1 min", "1 min", "42 min", "1 h 00 min", "1 h 05 min", "100 h 00 min"],
        "whole": [[100], ["10:00", "10:10", "10:20", "10:30", "10:40", "10:50", "11:00"]],
        "weekly": [[49, 49], ["2 Mar", "9 Mar"]],
        "night": [[100], ["22:00", "3 Mar", "02:00", "04:00"]],
        "begun": [[100], ["10:00"]],
    }
