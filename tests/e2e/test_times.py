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
  const { recordText } = await import("/static/js/meeting/own-record.js");
  const stay = (from, to) => ({ joined_at: `2026-03-${from}:00Z`, left_at: to && `2026-03-${to}:00Z` });
  const record = (...stays) => recordText(stays.map(([from, to]) => stay(from, to)));
  return {
    records: [
      record(),
      record(["02T09:00", "02T09:30"]),
      // What was before a pause of more than a quarter of an hour was another sitting.
      record(["01T09:00", "01T10:00"], ["02T09:00", "02T09:30"], ["02T09:45", "02T10:00"]),
      record(["02T22:30", "02T23:10"]),
      record(["02T09:00", "02T09:30"], ["02T09:40", null]),
    ],
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
        "records": [
            "",
            "The record has you from 2 Mar 2026, 10:00 to 10:30: 30 min.",
            "The record has 2 stays of yours from 2 Mar 2026, 10:00 to 11:00: 45 min in all.",
            "The record has you from 2 Mar 2026, 23:30 to 3 Mar 2026, 00:10: 40 min.",
            "",
        ],
        "durations": ["0 min", "under 1 min", "1 min", "42 min", "1 h 00 min", "1 h 05 min", "100 h 00 min"],
        "whole": [[100], ["10:00", "10:10", "10:20", "10:30", "10:40", "10:50", "11:00"]],
        "weekly": [[49, 49], ["2 Mar", "9 Mar"]],
        "night": [[100], ["22:00", "3 Mar", "02:00", "04:00"]],
        "begun": [[100], ["10:00"]],
    }
