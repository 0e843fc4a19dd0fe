"""What tests cost the processors, which is what the whole suite has to be sparing of; time alone would say how busy the
machine was.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

CPU = "seconds of a processor"
"""The property of a test's last report."""
DEAR = 8.0
"""More seconds of a processor than most tests with browsers need, also on a busy machine."""
MOST_LISTED = 20

LEDGER = "LEDGER"
"""The setting that has what every test costs written down: the path of a file, one line a test."""

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def spent() -> float:
    """Seconds of a processor that this process and all it has started took until now; 0 where there is no /proc."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    times: dict[int, int] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            # What comes before the last parenthesis is a name, with anything in it.
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            # It has ended meanwhile.
            continue
        children[int(fields[1])].append(int(folder.name))
        # Its own, and that of those it has waited for (proc_pid_stat(5)).
        times[int(folder.name)] = sum(map(int, fields[11:15]))
    total, left = 0, [os.getpid()]
    while left:
        each = left.pop()
        left += children[each]
        total += times.get(each, 0)
    return total / TICKS


def summary(reports: Iterable[object]) -> list[str]:
    """Lines about those that cost much, the dearest first."""
    costs = [
        (float(str(value)), report.nodeid)
        for report in reports
        if isinstance(report, pytest.TestReport)
        for name, value in report.user_properties
        if name == CPU
    ]
    dear = sorted((each for each in costs if each[0] > DEAR), reverse=True)
    return [f"{cost:5.1f}  {test}" for cost, test in dear[:MOST_LISTED]]


def write_down(test: str, cost: float) -> None:
    """A line of the ledger: seconds of a processor, a tab, the test. Of each process of pytest all."""
    with Path(os.environ[LEDGER]).open("a") as ledger:
        ledger.write(f"{cost:.2f}\t{test}\n")
