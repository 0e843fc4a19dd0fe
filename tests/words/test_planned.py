"""What the page says of a meeting's planned times, and when: by node."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.process import ROOT

PLANNED = ROOT / "static" / "js" / "meeting" / "planned.js"
MINUTE = 60_000


def node(expression: str) -> Any:
    script = f"""
      import {{ plannedText, endText, quietFor }} from "{PLANNED.as_uri()}";
      const end = Date.parse("2026-11-30T11:00:00Z");
      console.log(JSON.stringify({expression}));
    """
    ran = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "en_GB.UTF-8", "LANG": "en_GB.UTF-8"},
    )
    return json.loads(ran.stdout)


def test_what_is_planned_is_said_before_the_meeting() -> None:
    nothing, opens, ends, day, days = node(
        """[[null, undefined], ["2026-11-30T10:00:00Z"], [null, "2026-11-30T11:00:00Z"],
            ["2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z"], ["2026-11-30T10:00:00Z", "2026-12-01T11:00:00Z"]]
           .map((times) => plannedText(...times))"""
    )
    assert nothing == ""
    assert (opens.startswith("Planned for "), "10:00" in opens) == (True, True)
    assert (ends.startswith("Planned until "), "11:00" in ends) == (True, True)
    assert day.startswith("Planned from ")
    assert (day.count("2026"), days.count("2026")) == (1, 2)


def test_the_end_is_spoken_of_some_minutes_before_and_then_no_more() -> None:
    """Whenever one comes, and however late the timers are."""
    for begins in (10.2 * MINUTE, 47 * MINUTE + 13, 3.2 * MINUTE, 40 * 24 * 60 * MINUTE):
        said = node(
            f"""(() => {{
              const said = [];
              for (let left = {begins}, quiet; (quiet = quietFor(left)) !== null;) {{
                left -= quiet + 400;
                if (left < 11 * {MINUTE}) said.push(endText(end, left));
              }}
              return said;
            }})()"""
        )
        planned = "The meeting is planned to end in"
        whole = [
            f"{planned} 10 minutes",
            f"{planned} 5 minutes",
            f"{planned} a minute",
            "The meeting was planned to end at",
        ]
        assert len(said) == (2 if begins < 5 * MINUTE else 3 if begins < 10.25 * MINUTE else 4)
        for text, begun in zip(said, whole[-len(said) :], strict=True):
            assert text.startswith(begun)
            assert "11:00" in text
